"""What editors, shells and disks of Windows and macOS do differently, with stand-ins for them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import filelock
import pytest

import tree
from tocompose import Memory, Options, convert, write
from tocompose.cli import sources
from tocompose.model import File
from tocompose.writing import WriteError, names

SOURCES = {
    "k8s.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n"
    "spec: {containers: [{name: a, image: 'nginx:1', env: [{name: É, value: é}]}]}\n",
    "Procfile": "web: node é.js\n",
    "app.container": "[Container]\nImage=nginx:1\n",
    "my-app.xml": '<Container version="2"><Name>é</Name><Repository>nginx:1</Repository></Container>',
    "task.json": '{"family": "a", "containerDefinitions": [{"name": "a", "image": "nginx:1"}]}',
    "run.sh": "docker run --name a -e GREETING=é nginx:1\n",
    "up.ps1": "docker run --name a nginx:1\n",
    "render.yaml": "services: [{type: web, name: a, runtime: image, image: {url: 'nginx:1'}}]\n",
    "fig.yml": "web:\n  image: nginx:1\n",
    "compose.yaml": "services:\n  web:\n    image: nginx:1 # é\n",
    "inspect.json": '[{"Id": "%s", "Name": "/a", "Config": {"Image": "nginx:1"}, '
    '"HostConfig": {}, "NetworkSettings": {}}]' % ("a" * 64),
    "README.md": "# é\n\n```\ndocker run --name a nginx:1\n```\n",
}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("name", SOURCES)
def test_marks_of_the_byte_order_change_nothing(name: str, encoding: str) -> None:
    """PowerShell's `kubectl get -o yaml > k8s.yaml` writes UTF-16, Notepad a mark before UTF-8."""
    text = SOURCES[name]
    plain = convert(Memory({name: text.encode()}, "shop"))
    marked = convert(Memory({name: text.encode(encoding)}, "shop"))
    assert plain.stack.services and marked.importer == plain.importer
    assert marked.files == plain.files
    # Of a mark in a Procfile, which foreman stumbles over, a note tells.
    codes = [note.code for note in marked.notes if note.code != "TC300"]
    assert codes == [note.code for note in plain.notes]


def _run(folder: Path, *arguments: str, encoding: str = "utf-8") -> tuple[int, str]:
    ran = subprocess.run(
        [sys.executable, "-m", "tocompose", *arguments],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": str(tree.PACKAGE.parent),
            "PYTHONIOENCODING": encoding,
            "PYTHONUTF8": "0",
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=120,
    )
    return ran.returncode, (ran.stdout + ran.stderr).decode(encoding)


def test_files_for_tocompose_may_have_a_mark(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "run.sh").write_text("docker run -d --name web redis:7\n")
    for encoding in ("utf-8-sig", "utf-16"):
        answers = '[practice]\r\nLOG = "no"\r\n'.encode(encoding)
        (tmp_path / "answers.toml").write_bytes(answers)
        code, said = _run(tmp_path, "convert", "shop", "--answers", "answers.toml")
        assert code == 0 and "max-size" not in said, said
    (tmp_path / "tocompose.toml").write_bytes('practices = "none"\r\n'.encode("utf-8-sig"))
    code, said = _run(tmp_path, "convert", "shop")
    assert code == 0 and "unless-stopped" not in said, said
    (tmp_path / "repos.txt").write_bytes("shop\r\n".encode("utf-8-sig"))
    code, said = _run(tmp_path, "batch", "--repos", "repos.txt", "--dry-run")
    assert code == 0 and "1 repository: 1 converted" in said, said


@pytest.mark.parametrize("encoding", ["cp1252", "cp437"])
def test_an_output_of_few_signs_ends_no_command(encoding: str, tmp_path: Path) -> None:
    """A pipe of Windows has an encoding of 256 signs, and the arrows of our own texts are not among them."""
    script = "docker run -d --name web -e GREETING=日本→ --frob nginx:1.27\n"
    (tmp_path / "run.sh").write_text(script, encoding="utf-8")
    for arguments, expected in (
        (("formats",), 0),
        (("explain", "--all"), 0),
        (("convert", "run.sh", "--diff"), 1),
        (("plan", "run.sh"), 0),
        (("convert", "run.sh", "-o", "out"), 0),
        (("check", "out"), 0),
        (("batch", ".", "-o", "many"), 0),
        (("convert", "→.sh"), 2),
    ):
        code, said = _run(tmp_path, *arguments, encoding=encoding)
        assert code == expected, said
        assert "fault of tocompose" not in said and "Traceback" not in said, said


def _bundle(*paths: str) -> tuple[File, ...]:
    return tuple(File(path=path, content=path.encode()) for path in paths)


def test_names_that_differ_in_case_are_not_merged_unseen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = _bundle("config/Web.env", "config/web.env")
    write(files, tmp_path / "here")
    assert (tmp_path / "here/config/Web.env").read_text() == "config/Web.env"
    monkeypatch.setattr(names, "ignores_case", lambda folder: True)
    with pytest.raises(
        WriteError, match=r"config/Web\.env and config/web\.env would be one"
    ):
        write(files, tmp_path / "mac")
    assert not (tmp_path / "mac").exists()
    write(_bundle("config/web.env", "config/db.env"), tmp_path / "mac")


def test_whether_a_disk_tells_letters_apart_is_looked_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "Shop").mkdir()
    assert not names.ignores_case(tmp_path / "Shop" / "new")
    (tmp_path / "sHOP").symlink_to(tmp_path / "Shop")
    assert names.ignores_case(tmp_path / "Shop" / "new")


@pytest.mark.parametrize(
    "path",
    [
        "config/aux.conf",
        "NUL",
        "config/com1",
        "a./b",
        "config/x.",
        "a b /c",
        "secrets/a:b",
        "a|b",
    ],
)
def test_what_windows_cannot_hold_is_said(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(_bundle(path), tmp_path / "here")
    monkeypatch.setattr("tocompose.writing.names.sys.platform", "win32")
    problem = names.name_problem(tmp_path, [path])
    assert (
        problem == f"Windows has no file {path}: rename it in the source, or convert in WSL"
    )
    allowed = [
        "config/auxiliary.conf",
        ".env",
        "config/nulls",
        "com10",
        "docker-compose.yml",
    ]
    assert names.name_problem(tmp_path, allowed) is None


def test_sources_on_two_drives_are_refused_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(paths: object) -> str:
        raise ValueError("Paths don't have the same drive")

    monkeypatch.setattr("tocompose.cli.sources.os.path.commonpath", refuse)
    for name in ("a.sh", "b.sh"):
        (tmp_path / name).write_text("docker run nginx\n")
    with pytest.raises(SystemExit):
        sources.open_sources((str(tmp_path / "a.sh"), str(tmp_path / "b.sh")))
    assert "have no folder in common: convert each by itself" in capsys.readouterr().err


def test_modes_say_nothing_of_a_folder_on_windows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There every folder has the mode 0777, and chmod does not change it."""
    script = b"docker run -d --name db -e POSTGRES_PASSWORD=hunter2-Kq9 postgres:16\n"
    files = convert(Memory({"run.sh": script}), Options()).files
    files = (*files, File(path="secrets/token", content=b"x", secret=True))
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets").chmod(0o777)
    assert "TC766" in [note.code for note in write(files, tmp_path).notes]
    filelock.FileLock("unused")
    monkeypatch.setattr("sys.platform", "win32")
    assert "TC766" not in [note.code for note in write(files, tmp_path).notes]
