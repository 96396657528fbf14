"""Commands that real images document: each one the same at the engine, read from a file or pasted."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from docker_run.cases import FIXTURES, converted, text
from oracles import NO_CORPUS, corpus, oracles, unless_oracles
from parity import argv
from tocompose.ledger import Fate
from tocompose.pipeline import Options, convert
from tocompose.project import Folder, Memory
from tocompose.prove import Command, prove_commands
from tocompose.prove.conversion import prove_conversion
from tocompose.prove.table import as_text

FOLDER = corpus("docker-run/docs-pairs")
COMMANDS = sorted(FOLDER.glob("*.command.txt")) if FOLDER else []
needs_corpus = pytest.mark.skipif(not os.environ.get("TOCOMPOSE_CORPUS"), reason=NO_CORPUS)


@needs_corpus
@unless_oracles
@pytest.mark.oracle
@pytest.mark.parametrize("file", COMMANDS, ids=lambda path: path.name)
def test_compose_sends_what_the_documented_command_sends(file: Path) -> None:
    words = argv(file.read_text(encoding="utf-8"))
    result = converted(words)
    docker, compose = oracles()
    # A mount at `<path` is one that every engine refuses; a note says that it was left out.
    refusals = [note for note in result.notes if note.code in ("TC102", "TC771")]
    proof = prove_commands([Command(words)], text(result), refusals, docker, compose)
    assert proof.holds, as_text(proof)
    assert proof.verdict != "declared" or refusals


@needs_corpus
@unless_oracles
@pytest.mark.oracle
@pytest.mark.parametrize("file", COMMANDS, ids=lambda path: path.name)
def test_practices_make_no_difference_that_no_note_tells(file: Path) -> None:
    docker, compose = oracles()
    project = Memory({"run.sh": file.read_bytes()}, "app")
    proof = prove_conversion(project, Options(source="docker_run"), docker, compose)
    assert proof.holds, as_text(proof)


@needs_corpus
@pytest.mark.parametrize("file", COMMANDS, ids=lambda path: path.name)
def test_a_file_gives_what_the_pasted_command_gives(file: Path) -> None:
    content = file.read_text(encoding="utf-8")
    read = convert(
        Memory({"run.sh": content.encode()}), Options(source="docker_run", practices="none")
    )
    assert read.counts[Fate.UNREAD] == 0
    if not re.search(r"<[^>]+>", content):
        assert _plain(text(read)) == _plain(text(converted(argv(content))))


def _plain(compose: str) -> str:
    return "\n".join(
        line for line in compose.splitlines() if not line.strip().startswith("#")
    )


# Every case but `pod`, whose podman commands docker refuses, and `every-note`, which is made of mistakes.
@unless_oracles
@pytest.mark.oracle
@pytest.mark.parametrize("practices", ["none", "all"])
@pytest.mark.parametrize("case", ["shop", "units", "makefile", "unit-restart", "readme"])
def test_a_script_starts_the_same_containers(case: str, practices: str) -> None:
    docker, compose = oracles()
    proof = prove_conversion(
        Folder(FIXTURES / case),
        Options(source="docker_run", practices=practices),
        docker,
        compose,
    )
    assert proof.holds, as_text(proof)
    assert not proof.refusals
