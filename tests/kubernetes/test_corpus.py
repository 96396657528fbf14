"""Every stack of the corpus converts, to files that docker compose accepts, without a secret in them."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from judges import COMPOSE, schema_errors, write
from oracles import NO_COMPOSE, NO_CORPUS, corpus
from tocompose.exporters.bundle import Layout
from tocompose.notes import Kind
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Folder, Memory

ROOT = corpus("k8s")
pytestmark = pytest.mark.skipif(ROOT is None, reason=NO_CORPUS)


def stacks() -> list[Path]:
    """The folders and files that are one stack each."""
    if ROOT is None:
        return []
    folders = [
        path for part in ("apps", "roundtrip") for path in sorted((ROOT / part).iterdir())
    ]
    return [
        *folders,
        *sorted((ROOT / "dekube").iterdir()),
        *(path / "k8s" for path in sorted((ROOT / "pairs").iterdir())),
    ]


STACKS = stacks()
IDS = ["/".join(path.parts[-2:]) for path in STACKS]


def result(stack: Path, practices: str = "all") -> Result:
    """The conversion of a stack into the files of a folder."""
    project = Folder(stack) if stack.is_dir() else Memory({stack.name: stack.read_bytes()})
    return convert(
        project,
        Options(source="kubernetes", practices=practices, layout=Layout(split=True)),
    )


@pytest.mark.parametrize("stack", STACKS, ids=IDS)
def test_the_stack_is_accounted_for(stack: Path) -> None:
    outcome = result(stack, "none")
    assert [
        str(note.span) for note in outcome.notes if note.code in ("TC001", "TC901")
    ] == []
    assert [item.content for item in outcome.files] == [
        item.content for item in result(stack, "none").files
    ]


@pytest.mark.oracle
@pytest.mark.skipif(not COMPOSE, reason=NO_COMPOSE)
@pytest.mark.parametrize("practices", ["none", "all"])
@pytest.mark.parametrize("stack", STACKS, ids=IDS)
def test_docker_compose_accepts_the_files(
    stack: Path, practices: str, tmp_path: Path
) -> None:
    outcome = result(stack, practices)
    if not outcome.stack.services:
        # Nothing in it runs: there is no file to accept, and a note says so.
        assert [item for item in outcome.notes if item.kind == Kind.LOST] != []
        return
    write(tmp_path, outcome.files)
    open_settings = {
        item.name: "x" for item in outcome.stack.settings if item.value is None
    }
    names = [
        name
        for name in ("docker-compose.yml", "docker-compose.prod.yml")
        if (tmp_path / name).exists()
    ]
    for count in range(1, len(names) + 1):
        chosen = [part for name in names[:count] for part in ("-f", name)]
        done = subprocess.run(
            [COMPOSE, *chosen, "config", "-q"],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), **open_settings},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
    assert (
        schema_errors((tmp_path / "docker-compose.yml").read_text(encoding="utf-8")) == []
    )


def secrets(stack: Path) -> Iterator[str]:
    """The values of the Secrets of a stack that are long enough to be told from other words."""
    files = (
        sorted(
            path for path in stack.rglob("*") if path.suffix in (".yaml", ".yml", ".json")
        )
        if stack.is_dir()
        else [stack]
    )
    for path in files:
        for document in _documents(path):
            for item in (
                document.get("items", [document]) if isinstance(document, dict) else ()
            ):
                if isinstance(item, dict) and item.get("kind") == "Secret":
                    yield from _values(item)


def _documents(path: Path) -> list[Any]:
    try:
        text = path.read_text(encoding="utf-8")
        return (
            [json.loads(text)] if path.suffix == ".json" else list(yaml.safe_load_all(text))
        )
    except (yaml.YAMLError, ValueError):
        return []


def _values(secret: dict[str, Any]) -> Iterator[str]:
    for value in (secret.get("stringData") or {}).values():
        yield str(value).strip()
    for value in (secret.get("data") or {}).values():
        try:
            yield base64.b64decode(str(value), validate=True).decode().strip()
        except ValueError:
            continue


@pytest.mark.parametrize("stack", STACKS, ids=IDS)
def test_no_secret_stands_where_it_may_be_read(stack: Path) -> None:
    outcome = result(stack)
    values = {
        value
        for value in secrets(stack)
        if len(value) >= 8 and not re.fullmatch(r"[a-z]+", value)
    }
    public = [item for item in outcome.files if item.path != ".env" and not item.secret]
    texts = [item.content.decode(errors="replace") for item in public] + [
        note.message for note in outcome.notes
    ]
    plain = stack.read_text(encoding="utf-8") if stack.is_file() else ""
    for value in values:
        assert not any(value in text for text in texts) or plain.count(value) > 1, stack


def test_the_corpus_holds_secrets_at_all() -> None:
    assert sum(1 for stack in STACKS for _ in secrets(stack)) > 10
