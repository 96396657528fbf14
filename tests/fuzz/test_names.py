"""Names of a source never lead out of the output folder, clash there, or read files outside of the source."""

from __future__ import annotations

import json
import os
from pathlib import Path
from unicodedata import normalize

import pytest
import yaml
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tocompose.cli.group import main
from tocompose.exporters.bundle import Layout
from tocompose.importers import SourceError
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Folder, Memory
from tocompose.rendering.kustomize import NotLocal, find_groups
from tocompose.writing import write

HOSTILE = (
    *(
        "..",
        "../x",
        "a/../../x",
        "/etc/passwd",
        "//x",
        "C:\\x",
        "C:x",
        "\\\\host\\x",
        "~",
        "~root/x",
        ".",
        "",
        " ",
        "-rf",
    ),
    *(
        "CON",
        "con.txt",
        "NUL",
        "aux",
        "COM1",
        "LPT9.ini",
        "x.",
        "x ",
        " x",
        "a:b",
        "a*b",
        "a?b",
        "a<b",
        'a"b',
        "a|b",
    ),
    *(
        "x" * 255,
        "x" * 300,
        "é" * 128,
        "漢" * 100,
        "\x00",
        "a\x00b",
        "a\nb",
        "a\rb",
        "\x1b[31m",
        "\x7f",
        "\u202etxt.exe",
    ),
    *(
        "\u2066a",
        "\u200b",
        "\ufeffa",
        "e\u0301",
        "é",
        ".env",
        ".git/config",
        ".gitignore",
        "docker-compose.yml",
        "secrets",
    ),
    *(
        "compose.yaml",
        "A",
        "a",
        "${X}",
        "$X",
        "$(x)",
        "`x`",
        "{{x}}",
        "%2e%2e",
        "..\\..\\x",
        "MIGRATION.md",
        ".tocompose-1",
    ),
)
RESERVED = {
    "con",
    "prn",
    "aux",
    "nul",
    *(f"{name}{digit}" for name in ("com", "lpt") for digit in range(1, 10)),
}
names = st.sampled_from(HOSTILE) | st.text(min_size=1, max_size=40)


def manifests(
    config: str, key: str, secret: str, volume: str, path: str
) -> dict[str, bytes]:
    """A pod whose every name is hostile."""
    pod = {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": config},
        "spec": {
            "containers": [{"name": volume, "image": "a:1", "volumeMounts": [
                {"name": "c", "mountPath": "/c"}, {"name": "s", "mountPath": "/s"}, {"name": volume, "mountPath": "/v"},
                {"name": "c", "mountPath": "/one", "subPath": path}]}],
            "volumes": [
                {"name": "c", "configMap": {"name": config, "items": [{"key": key, "path": path}]}},
                {"name": "s", "secret": {"secretName": secret}},
                {"name": volume, "persistentVolumeClaim": {"claimName": volume}}]}}  # fmt: skip
    documents = (
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": config},
            "data": {key: "x", key.upper(): "y"},
        },
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": secret},
            "stringData": {key: "x", secret: "y"},
        },
        pod,
    )
    return {
        "app.yaml": "\n---\n".join(json.dumps(item) for item in documents).encode(
            "utf-8", "surrogatepass"
        )
    }


def commands(*given: str) -> dict[str, bytes]:
    from shlex import quote

    a, b, c, d, e = (quote(name.replace("\x00", "")) for name in given)
    text = (
        f"docker volume create {a}\ndocker network create {b}\ncat > {c} <<'EOF'\nx\nEOF\n"
        f"docker run -d --name {d} -v {a}:/a -v {c}:/c --network {b} --env-file {e} --hostname {d} a:1\n"
    )
    return {"run.sh": text.encode("utf-8", "surrogatepass")}


def process_types(*given: str) -> dict[str, bytes]:
    a, b, c, d, e = given
    body = {
        "name": a,
        "env": {b: "x"},
        "addons": [c],
        "buildpacks": [{"url": d}],
        "scripts": {e: "x"},
    }
    heroku = {"build": {"docker": {a: b}}, "run": {c: d}}
    return {
        "Procfile": f"{a}: x\nweb: y\n{b}: z\n".encode("utf-8", "surrogatepass"),
        "app.json": json.dumps(body).encode(),
        "heroku.yml": json.dumps(heroku).encode(),
        ".env": f"{c}={d}\n".encode("utf-8", "surrogatepass"),
    }


SOURCES = {"kubernetes": manifests, "docker_run": commands, "procfile": process_types}


def converted(form: str, given: tuple[str, ...]) -> Result | None:
    try:
        return convert(
            Memory(SOURCES[form](*given)), Options(source=form, layout=Layout(split=True))
        )
    except SourceError:
        return None


def sound(path: str) -> bool:
    """Whether a relative path is one that every system can hold, inside the folder."""
    parts = path.split("/")
    return bool(
        path
        and all(
            part and part not in (".", "..") and len(part.encode()) <= 255 for part in parts
        )
        and all(char.isprintable() and char not in '\\:*?"<>|' for char in path)
        and not any(
            part.partition(".")[0].strip().lower() in RESERVED or part.endswith((" ", "."))
            for part in parts
        )
    )


@pytest.mark.parametrize("form", sorted(SOURCES))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(given=st.tuples(names, names, names, names, names))
def test_every_file_stays_in_the_folder(form: str, given: tuple[str, ...]) -> None:
    _judge(form, given)


@pytest.mark.parametrize("form", sorted(SOURCES))
@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_each_hostile_name(form: str, name: str, tmp_path: Path) -> None:
    found = _judge(form, (name,) * 5)
    if found is not None:
        folder = tmp_path / "out"
        write(found.files, folder)
        assert {path.name for path in tmp_path.iterdir()} == {"out"}
        written = {
            path.relative_to(folder).as_posix()
            for path in folder.rglob("*")
            if path.is_file()
        }
        assert written == {item.path for item in found.files}


def _judge(form: str, given: tuple[str, ...]) -> Result | None:
    found = converted(form, given)
    if found is not None:
        paths = [item.path for item in found.files]
        assert [path for path in paths if not sound(path)] == []
        assert len({normalize("NFC", path.casefold()) for path in paths}) == len(paths)
    return found


OUTSIDE = (
    "/outside.env",
    "../outside.env",
    "link.env",
    "sub/../../outside.env",
    "@../outside.env",
    "folder/outside.env",
)


@pytest.mark.parametrize("path", OUTSIDE)
def test_nothing_outside_of_the_source_is_read(path: str, tmp_path: Path) -> None:
    (tmp_path / "outside.env").write_text("LEAKED_TOKEN=canary-9f8e7d\nA=canary-9f8e7d\n")
    root = tmp_path / "source"
    root.mkdir()
    (root / "link.env").symlink_to(tmp_path / "outside.env")
    (root / "folder").symlink_to(tmp_path)
    (root / ".env").symlink_to(tmp_path / "outside.env")
    wanted = (
        path.replace("/outside.env", f"{tmp_path}/outside.env")
        if path.startswith("/")
        else path
    )
    (root / "run.sh").write_text(
        f"source {wanted}\n. {wanted}\ndocker run -d --name w --env-file {wanted} -e B=$A -e C=$(cat {wanted}) a:1\n"
        f"docker run -d --name x --label-file {wanted} -v {wanted}:/x b:1\n"
    )
    (root / "Procfile").write_text(
        f"web: env $(cat {wanted}) foreman start -e {wanted} -f {wanted}\n"
    )
    (root / "app.yaml").write_text(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: 'a:1'}]}\n"
    )
    (root / "kustomization.yaml").write_text(
        f"resources: [app.yaml, '{wanted}']\n"
        f"configMapGenerator: [{{name: c, envs: ['{wanted}'], files: ['{wanted}']}}]\n"
    )
    for form in sorted(SOURCES):
        for split in (True, False):
            try:
                found = convert(
                    Folder(root), Options(source=form, layout=Layout(split=split))
                )
            except SourceError as problem:
                assert "canary" not in str(problem)
            else:
                assert b"canary" not in b"".join(item.content for item in found.files)


MAP = """apiVersion: v1
kind: ConfigMap
metadata: {name: conf}
data: {%s}
---
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers: [{name: web, image: 'a:1', volumeMounts: [{name: v, mountPath: /etc/c}]}]
  volumes: [{name: v, configMap: {name: %s}}]
"""


def _placed(
    data: str, name: str = "conf"
) -> tuple[dict[str, bytes], dict[str, str], list[str]]:
    text = (MAP % (data, name)).replace("{name: conf}", f"{{name: {name}}}")
    found = convert(
        Memory({"app.yaml": text.encode()}),
        Options(source="kubernetes", layout=Layout(split=True)),
    )
    compose = yaml.safe_load(found.files[0].content)
    mounts = compose["services"]["web"]["volumes"]
    pairs = [
        item.split(":")[:2] if isinstance(item, str) else [item["source"], item["target"]]
        for item in mounts
    ]
    files = {
        item.path: item.content for item in found.files if item.path.startswith("config/")
    }
    said = [item.message for item in found.notes if item.code == "TC779"]
    return files, {target: source for source, target in pairs}, said


def test_files_of_a_folder_that_differ_in_case_are_mounted_under_their_own_names() -> None:
    files, mounts, said = _placed("App.ini: one, app.ini: two, x: three")
    assert files == {
        "config/conf/App.ini": b"one",
        "config/conf/app-2.ini": b"two",
        "config/conf/x": b"three",
    }
    assert mounts == {f"/etc/c/{new}": f"./config/conf/{old}" for new, old in
                      (("App.ini", "App.ini"), ("app.ini", "app-2.ini"), ("x", "x"))}  # fmt: skip
    assert said == ["config/conf/app.ini is written as config/conf/app-2.ini"]


def test_a_folder_of_a_reserved_name_is_mounted_as_a_whole() -> None:
    files, mounts, said = _placed("a: one, b: two", "con")
    assert files == {"config/con_/a": b"one", "config/con_/b": b"two"}
    assert mounts == {"/etc/c": "./config/con_"}
    assert said == ["config/con is written as config/con_"]


def test_sound_names_stay_as_they_are() -> None:
    files, mounts, said = _placed("nginx.conf: one, .hidden: two")
    assert set(files) == {"config/conf/nginx.conf", "config/conf/.hidden"}
    assert mounts == {"/etc/c": "./config/conf"} and said == []


def _shop(tmp_path: Path) -> tuple[Path, Path]:
    """A source that names files of a folder beside it, and that folder."""
    beside, root = tmp_path / "shared", tmp_path / "source"
    beside.mkdir()
    root.mkdir()
    (beside / "vars.sh").write_text("IMAGE_TAG=7\n")
    (beside / "app.env").write_text("A=1\n")
    (root / "link.sh").symlink_to(beside / "vars.sh")
    return beside, root


@pytest.mark.parametrize(
    "named",
    ["{beside}/vars.sh", "../shared/vars.sh", "./link.sh", "x/../../shared/vars.sh"],
)
@pytest.mark.parametrize("allowed", ["", "folder", "file"])
def test_a_path_that_is_allowed_is_read(named: str, allowed: str, tmp_path: Path) -> None:
    beside, root = _shop(tmp_path)
    (root / "run.sh").write_text(
        f". {named.format(beside=beside)}\ndocker run -d --name w --env-file ../shared/app.env acme/web:$IMAGE_TAG\n"
    )
    place = {"folder": beside, "file": beside / "vars.sh"}.get(allowed)
    allow = ("--allow-path", str(place)) if place else ()
    done = CliRunner().invoke(
        main, ["convert", "-v", *allow, "--practices", "none", str(root)]
    )
    assert done.exit_code == 0, done.stderr
    assert ("acme/web:7" in done.stdout) is bool(allowed)
    said = [
        line for line in done.stderr.splitlines() if "lies outside of the source" in line
    ]
    assert any("app.env" in line for line in said) is (allowed != "folder")
    assert any(".sh" in line for line in said) is (not allowed)


def test_a_path_to_allow_must_be_there(tmp_path: Path) -> None:
    done = CliRunner().invoke(
        main, ["convert", "--allow-path", str(tmp_path / "none"), str(tmp_path)]
    )
    assert done.exit_code == 2 and "no such file or folder" in done.stderr


@pytest.mark.parametrize("allowed", [False, True])
def test_what_a_compose_file_includes_from_elsewhere(allowed: bool, tmp_path: Path) -> None:
    beside, root = _shop(tmp_path)
    (beside / "db.yml").write_text("services: {db: {image: 'postgres:16'}}\n")
    (root / "docker-compose.yml").write_text(
        "include: [../shared/db.yml]\nservices: {web: {image: 'a:1'}}\n"
    )
    allow = ("--allow-path", str(beside)) if allowed else ()
    done = CliRunner().invoke(main, ["check", *allow, "--format", "json", str(root)])
    assert ("services.db" in done.stdout) is allowed


@pytest.mark.parametrize(
    ("git", "allowed", "reads"),
    [(False, False, False), (True, False, True), (False, True, True)],
)
def test_a_kustomization_reaches_no_further_than_its_repository(
    git: bool, allowed: bool, reads: bool, tmp_path: Path
) -> None:
    base, root = tmp_path / "base", tmp_path / "prod"
    base.mkdir()
    root.mkdir()
    if git:
        (tmp_path / ".git").mkdir()
    (base / "kustomization.yaml").write_text("resources: []\n")
    (root / "kustomization.yaml").write_text("resources: [../base]\n")
    project = Folder(root, allowed=(base,) if allowed else ())
    (group,) = find_groups(project)
    if reads:
        checked = group.check_local(project)
        assert [folder.path for folder in checked] == [root, base]
    else:
        with pytest.raises(NotLocal, match="--allow-path"):
            group.check_local(project)


def test_a_pipe_and_links_in_a_circle_are_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "a.yaml").symlink_to(tmp_path / "b.yaml")
    (tmp_path / "b.yaml").symlink_to(tmp_path / "a.yaml")
    (tmp_path / "null.yaml").symlink_to("/dev/zero")
    (tmp_path / "Procfile").write_text("web: x\n")
    project = Folder(tmp_path)
    for path in (
        "pipe.yaml",
        "a.yaml",
        "null.yaml",
        "x" * 5000,
        "/dev/zero",
        "/dev/stdin",
        "\x00",
    ):
        assert project.read(path) is None and (
            path == "pipe.yaml" or not project.exists(path)
        )
    assert convert(project).importer == "procfile"


def test_what_was_not_read_is_told_with_the_way_to_allow_it(tmp_path: Path) -> None:
    beside, root = _shop(tmp_path)
    (root / "run.sh").write_text(
        "docker run -d --name w --env-file ../shared/app.env a:1\n"
    )
    (root / "link.sh").unlink()
    (said,) = [item for item in convert(Folder(root)).notes if item.code == "TC023"]
    assert said.message == "../shared/app.env was not read: it lies outside of the source"
    assert said.advice == f"To allow it, use `--allow-path {beside}`."
