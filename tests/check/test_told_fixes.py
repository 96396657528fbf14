"""What `--fix` tells: exactly the changes of its difference, and the exit code that `check` has afterwards."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

import tree
from findings import FINDINGS
from tocompose.check import RuleSelection, repair
from tocompose.cli import run
from tocompose.project import Memory

MIXED = """\
version: "3.8"
services:
  web:
    image: nginx:1.27
    depends_on: [api, db]
  api:
    image: acme/api:1
    healthcheck: {test: [CMD, ./ok], interval: 10s}
    restart: "no"
  db:
    image: postgres:16
    logging: {driver: local}
  cache: {image: "redis:7"}
"""
SELECTIONS = (
    RuleSelection(),
    RuleSelection(select=("TC707", "TC720")),
    RuleSelection(ignore=("TC706", "TC701")),
)


def _folders() -> Iterator[dict[str, str]]:
    yield {"docker-compose.yml": MIXED}
    yield from (one.wrong for one in FINDINGS)
    for path in sorted(tree.ROOT.glob("fixtures/*/*/expected/docker-compose.yml")):
        yield {"docker-compose.yml": _bare(path.read_text(encoding="utf-8"))}


def _bare(text: str) -> str:
    """A compose file without what can be added, as people write it by hand."""
    document = yaml.safe_load(text)
    for body in document.get("services", {}).values():
        for key in ("restart", "healthcheck", "logging"):
            body.pop(key, None)
        if "depends_on" in body:
            body["depends_on"] = [*body["depends_on"]]
    return str(yaml.safe_dump({"version": "3", **document}, sort_keys=False))


FOLDERS = tuple(_folders())


def _services(files: Mapping[str, str]) -> dict[tuple[str, str], dict[str, Any]]:
    """The body of each service of each file that is YAML."""
    bodies: dict[tuple[str, str], dict[str, Any]] = {}
    for path, text in files.items():
        document = yaml.safe_load(text) if path.endswith((".yml", ".yaml")) else None
        for name, body in (document or {}).get("services", {}).items():
            bodies[path, name] = body or {}
    return bodies


def _changed_keys(
    before: Mapping[str, str], after: Mapping[str, str]
) -> set[tuple[str, str]]:
    """The keys of services with another value, each with its service."""
    old, new = _services({path: before[path] for path in after}), _services(after)
    return {
        (name, key)
        for (path, name), body in new.items()
        for key, value in body.items()
        if old[path, name].get(key) != value
    }


@pytest.mark.parametrize("selection", SELECTIONS)
def test_every_change_is_told_and_nothing_else(selection: RuleSelection) -> None:
    compared = 0
    for folder in FOLDERS:
        project = Memory({path: text.encode() for path, text in folder.items()})
        repaired = repair(project, (), "", selection)
        if repaired is None:
            continue
        files = {
            file.path: file.content.decode()
            for file in repaired.files
            if file.path in folder
        }
        compose_files = {path: text for path, text in files.items() if ".y" in path}
        told = {told.subject[1:3] for told in repaired.fixes if told.subject.service_name}
        assert told == _changed_keys(folder, compose_files), folder
        versions = [told.span for told in repaired.fixes if told.code == "TC544"]
        dropped = [
            path
            for path in compose_files
            if "version" in yaml.safe_load(folder[path])
            and "version" not in yaml.safe_load(compose_files[path])
        ]
        assert [span.file for span in versions if span] == dropped
        compared += bool(told)
    assert compared > 20


def test_a_check_that_is_added_is_told_of_once_with_its_timings() -> None:
    repaired = repair(Memory({"docker-compose.yml": MIXED.encode()}))
    assert repaired is not None
    services = yaml.safe_load(repaired.files[0].content)["services"]
    for name in ("web", "db"):
        told = [
            fix.code for fix in repaired.fixes if fix.subject[1:3] == (name, "healthcheck")
        ]
        assert told == ["TC610"]
        assert {"interval", "timeout", "retries"} < services[name]["healthcheck"].keys()


def _ended(*words: str) -> int:
    with pytest.raises(SystemExit) as ended:
        run(["check", *words])
    return ended.value.code if isinstance(ended.value.code, int) else 0


@pytest.mark.parametrize("level", ["error", "info", "never"])
def test_it_ends_as_the_check_afterwards_does(
    level: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes: set[int] = set()
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    for number, folder in enumerate(FOLDERS[::8]):
        root = tmp_path / str(number)
        for path, text in folder.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, encoding="utf-8")
        fixed = _ended("--fix", "--fail-on", level, str(root))
        assert fixed == _ended("--fail-on", level, str(root)), folder
        codes.add(fixed)
        shutil.rmtree(root)
    assert codes == ({0} if level == "never" else {0, 1} if level == "error" else {1})
