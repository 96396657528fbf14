"""What a compose file, a command or a unit names and that is no file is never opened, and is told of once."""

from __future__ import annotations

import json
import os
import socket
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from fuzz.running import limited
from tocompose.check import audit
from tocompose.exporters.bundle import Layout
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Folder

SPECIAL = ("pipe", "sock", "folder")
ABSENT = ("outside", "device", "gone")
SOURCES = {
    "compose": ("docker-compose.yml", "TC609"),
    "docker_run": ("run.sh", "TC142"),
    "quadlet": ("web.container", "TC142"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    before = Path.cwd()
    os.chdir(tmp_path)  # the address of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind("sock")
            os.mkfifo("pipe")
            Path("folder").mkdir()
            Path("outside").symlink_to("/etc/hostname")
            Path("device").symlink_to("/dev/zero")
            Path("loop").symlink_to("loop")
            Path("closed").touch(mode=0)
            with Path("huge").open("wb") as huge_file:
                huge_file.truncate(3 << 30)
            yield tmp_path
    finally:
        os.chdir(before)


def text_of(source: str, names: tuple[str, ...]) -> str:
    if source == "compose":
        files = "".join(f"      - ./{name}\n" for name in names)
        mounts = "".join(f"      - ./{name}:/mnt/{name}\n" for name in names)
        return f"services:\n  web:\n    image: shop/web:1\n    env_file:\n{files}    volumes:\n{mounts}"
    if source == "docker_run":
        flags = "".join(f"--env-file ./{name} -v ./{name}:/mnt/{name} " for name in names)
        return f"docker run -d --name web {flags}shop/web:1\n"
    lines = (f"EnvironmentFile=./{name}\nVolume=./{name}:/mnt/{name}\n" for name in names)
    return "[Container]\nImage=docker.io/shop/web:1\n" + "".join(lines)


def converted(folder: Path, source: str) -> Result:
    path, _ = SOURCES[source]
    (folder / path).write_text(text_of(source, (*SPECIAL, *ABSENT)), encoding="utf-8")
    options = Options(source=source, layout=Layout(split=True))
    with limited(20):
        return convert(Folder(folder, (path,)), options)


@pytest.mark.parametrize("source", SOURCES)
def test_files_of_variables_that_are_none_are_told_of_once(
    source: str, folder: Path
) -> None:
    result = converted(folder, source)
    absent_code = SOURCES[source][1]
    told = Counter(
        (note.code, name)
        for note in result.notes
        for name in (*SPECIAL, *ABSENT)
        if note.code in ("TC771", absent_code) and name in note.message
    )
    assert told == {
        **{("TC771", name): 1 for name in SPECIAL},
        **{(absent_code, name): 1 for name in ABSENT},
    }
    (service,) = result.stack.services
    paths = [env_file.path.removeprefix("./") for env_file in service.env_files]
    assert paths == list(ABSENT)


@pytest.mark.parametrize("source", SOURCES)
def test_mounts_of_them_stay(source: str, folder: Path) -> None:
    (service,) = converted(folder, source).stack.services
    targets = {mount.target for mount in service.mounts}
    assert {f"/mnt/{name}" for name in (*SPECIAL, *ABSENT)} <= targets


NEEDED = """\
services:
  web:
    image: shop/web:1
    configs: [there, folder, pipe, sock, gone, variable, host, dollar]
    secrets: [gone]
    volumes:
MOUNTS
configs:
  there: {file: ./docker-compose.yml}
  folder: {file: ./folder}
  pipe: {file: ./pipe}
  sock: {file: ./sock}
  gone: {file: ./gone.conf}
  variable: {file: "./${NAME}.conf"}
  host: {file: /etc/hostname}
  dollar: {file: "./$$1.conf"}
secrets:
  gone: {file: ../gone.txt}
  unused: {file: ./unused.txt}
"""


def test_configs_secrets_and_mounts_are_told_of_where_nothing_stands(folder: Path) -> None:
    mounts = "\n".join(
        f"      - {{type: bind, source: ./{name}, target: /m/{name}, bind: {{create_host_path: false}}}}"
        for name in ("folder", "pipe", "sock", "gone")
    )
    (folder / "docker-compose.yml").write_text(NEEDED.replace("MOUNTS", mounts))
    options = Options(source="compose", layout=Layout(split=True))
    with limited(20):
        result = convert(Folder(folder, ("docker-compose.yml",)), options)
    told = {
        (note.code, str(note.subject), note.message.split(",")[0].split()[-1])
        for note in result.notes
        if note.code in ("TC681", "TC774")
    }
    assert told == {
        ("TC681", "services.web.volumes", "gone"),
        ("TC774", "configs.gone", "gone.conf"),
        ("TC774", "configs.dollar", "$1.conf"),
        ("TC774", "secrets.gone", "../gone.txt"),
    }


def test_a_config_of_a_swarm_is_told_of_once(folder: Path) -> None:
    text = """\
version: "3.7"
services: {web: {image: shop/web:1, configs: [site]}}
configs: {site: {external: true}}
"""
    (folder / "docker-compose.yml").write_text(text)
    result = convert(Folder(folder, ("docker-compose.yml",)), Options(source="compose"))
    assert [note.code for note in result.notes if note.code in ("TC488", "TC774")] == [
        "TC488"
    ]


# What stands there is mounted by docker compose whatever it is, and what is not there is told of.
STANDING = (*SPECIAL, "closed", "huge")
MISSING = (*ABSENT, "loop", "folder/gone")


@pytest.mark.parametrize("practices", ["none", "all"])
@pytest.mark.parametrize("section", ["configs", "secrets"])
def test_configs_and_secrets_of_any_kind_of_file_are_never_opened(
    section: str, practices: str, folder: Path
) -> None:
    paths = {path.replace("/", "-"): f"./{path}" for path in (*STANDING, *MISSING)}
    declared = {name: {"file": path} for name, path in paths.items()}
    web = {"image": "shop/web:1", section: list(paths)}
    document = {"services": {"web": web}, section: declared}
    (folder / "docker-compose.yml").write_text(json.dumps(document))
    project = Folder(folder, ("docker-compose.yml",))
    options = Options(source="compose", practices=practices, layout=Layout(split=True))
    with limited(20):
        result = convert(project, options)
        assert audit(project, ("docker-compose.yml",)) is not None
    told = sorted(str(note.subject) for note in result.notes if note.code == "TC774")
    assert told == sorted(f"{section}.{path.replace('/', '-')}" for path in MISSING)
    written = yaml.safe_load(result.files[0].content)
    assert written[section] == declared
    grants = written["services"]["web"][section]
    assert [grant if isinstance(grant, str) else grant["source"] for grant in grants] == (
        list(paths)
    )


def test_a_path_of_variables_whose_values_are_known_is_looked_at(folder: Path) -> None:
    names = ("./${KNOWN}.env", "./${OPEN:-none}.env", "./${UNKNOWN}.env", "./${THERE}")
    text = text_of("compose", ()).replace("    volumes:\n", "")
    text += "".join(f"      - {name}\n" for name in names)
    (folder / "docker-compose.yml").write_text(text)
    (folder / ".env").write_text("KNOWN=gone\nTHERE=stands.env\n")
    (folder / "stands.env").touch()
    options = Options(source="compose", layout=Layout(split=True))
    result = convert(Folder(folder, ("docker-compose.yml",)), options)
    told = [note.message.split()[2] for note in result.notes if note.code == "TC609"]
    assert told == ["gone.env,", "none.env,"]
