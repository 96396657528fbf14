"""A second conversion over the first one's files reads the source alone, and changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tocompose.exporters.bundle import Layout
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Folder, Memory, source_alone
from tocompose.reports import with_reports
from tocompose.writing import WriteError, plan, write

SOURCES = {
    "a command with a password": {
        "Procfile": "web: npm start\nworker: PGPASSWORD=hunter22x psql -h db -c 'select 1'\n",
        "package.json": '{"scripts": {"start": "node a"}}',
    },
    "an own .env": {
        "Procfile": "web: npm start\n",
        "package.json": '{"scripts": {"start": "node a"}}',
        ".env": '# mine\nFOO=bar\nAPI_KEY="s3cretvalue9"\n',
        ".env.example": "FOO=\nOTHER=1\n",
    },
    "a script that reads .env": {
        "run.sh": '. ./.env\ndocker run -d --name web -e A="$A" -e API_TOKEN=abc9876x nginx:1.27\n',
        ".env": "A=1\n",
    },
    "a manifest in a ConfigMap": {
        "a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n"
        "data:\n  pod.yaml: |\n    apiVersion: v1\n    kind: Pod\n    metadata: {name: other}\n"
        "    spec: {containers: [{name: a, image: redis}]}\n"
        "---\napiVersion: v1\nkind: Pod\nmetadata: {name: web}\n"
        "spec:\n  containers: [{name: a, image: nginx, volumeMounts: [{name: c, mountPath: /c}]}]\n"
        "  volumes: [{name: c, configMap: {name: c}}]\n",
    },
}


def converted(folder: Path) -> tuple[Result, Folder]:
    project = Folder(folder, name="app")
    return convert(project, Options(layout=Layout(split=True))), project


def put(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")


@pytest.mark.parametrize("files", SOURCES.values(), ids=SOURCES)
def test_a_second_conversion_changes_nothing(files: dict[str, str], tmp_path: Path) -> None:
    put(tmp_path, files)
    write(with_reports(*converted(tmp_path))[0], tmp_path, lasting=False)
    changes, _ = plan(with_reports(*converted(tmp_path))[0], tmp_path, force=True)
    assert [change.path for change in changes if change.is_needed] == []


def test_what_the_user_adds_afterwards_is_read(tmp_path: Path) -> None:
    put(tmp_path, SOURCES["an own .env"])
    write(with_reports(*converted(tmp_path))[0], tmp_path, lasting=False)
    with (tmp_path / ".env").open("a", encoding="utf-8") as stream:
        stream.write("ADDED=by hand\n")
    (tmp_path / "Dockerfile").write_text("FROM node:22\nEXPOSE 4000\nCMD node a\n")
    result, _ = converted(tmp_path)
    web = next(service for service in result.stack.services if service.name == "web")
    assert "ADDED" in {variable.name for variable in web.environment}
    assert {port.target for port in web.ports} == {"4000"}


@pytest.mark.parametrize(
    "report",
    [
        b"{",
        b"[]",
        b'{"schema": 3}',
        b'{"schema": "urn:tocompose:migration:1", "files": 3, "variables_added": []}',
        b'{"schema": "urn:tocompose:migration:1", "files": [3, {}], "variables_added": {".env": 7}}',
        b"[" * 100_000,
    ],
)
def test_a_report_that_is_none_hides_nothing(report: bytes) -> None:
    files = {"run.sh": b"docker run nginx\n", "migration.json": report, ".env": b"A=1\n"}
    alone = source_alone(Memory(files))
    assert alone.read("run.sh") == files["run.sh"]
    assert alone.read(".env") == files[".env"]


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ('A=1\nAPI_TOKEN="s3cretvalue9\nB=2\n', "2:11"),
        ("export A='x\n", "1:10"),
        ('A="x\nB="y"\n', "1:3"),
    ],
)
def test_an_open_quote_in_an_env_file_is_told_and_nothing_is_added(
    text: str, position: str, tmp_path: Path
) -> None:
    source = {"Procfile": "web: npm start\n", "package.json": "{}", ".env": text}
    put(tmp_path, source)
    with pytest.raises(WriteError, match=rf"\.env:{position}: .* Nothing was changed"):
        write(with_reports(*converted(tmp_path))[0], tmp_path, lasting=False)
    assert (tmp_path / ".env").read_text(encoding="utf-8") == text


@pytest.mark.parametrize("value", ['"x" # c', "'x\ny'", '"a\\"b"', "it's", '""'])
def test_a_quote_that_closes_is_none(value: str, tmp_path: Path) -> None:
    source = {"Procfile": "web: npm start\n", "package.json": "{}", ".env": f"A={value}\n"}
    put(tmp_path, source)
    write(with_reports(*converted(tmp_path))[0], tmp_path, lasting=False)
    assert (tmp_path / ".env").read_text(encoding="utf-8").count("A=") == 1
