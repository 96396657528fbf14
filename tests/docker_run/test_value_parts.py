"""Every part of every flag's value: equal at the engine, or named in a note; and none that can change unseen."""

from __future__ import annotations

import shlex

import pytest

from docker_run.value_parts import (
    CREATED,
    FLAGS,
    NETWORKS,
    SWITCH_FLAGS,
    TOKEN,
    Flag,
    create_commands,
    create_words,
    flag_words,
    run_commands,
)
from oracles import oracles, unless_oracles
from tocompose.importers import SourceError
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory
from tocompose.prove import Command, Proof, prove_commands
from tocompose.prove.table import as_text

Words = tuple[str, ...]
BATCH = 40
START: tuple[Words, ...] = (
    ("docker", "network", "create", "--subnet=10.1.0.0/16", "lan"),
    ("docker", "run", "-d", "--name=other", "acme/o:1"),
    ("docker", "run", "-d", "--name=member", "--network=lan", "acme/o:1"),
)
CREATING = tuple(create_commands())
RUNNING = tuple(run_commands())
BATCHES = [
    CREATING,
    *(RUNNING[start : start + BATCH] for start in range(0, len(RUNNING), BATCH)),
]


def converted_script(commands: tuple[Words, ...]) -> Result:
    script = "\n".join(map(shlex.join, commands)).encode()
    options = Options(source="docker_run", practices="none")
    return convert(Memory({"run.sh": script}, "parts"), options)


def proved(commands: tuple[Words, ...]) -> Proof:
    result = converted_script(commands)
    docker, compose = oracles()
    return prove_commands(
        [Command(words) for words in commands],
        result.files[0].content.decode(),
        result.notes,
        docker,
        compose,
        {file.path: file.content for file in result.files[1:]},
    )


@pytest.mark.oracle
@unless_oracles
@pytest.mark.parametrize("commands", BATCHES, ids=range(len(BATCHES)))
def test_every_part_reaches_the_engine_or_is_noted(commands: tuple[Words, ...]) -> None:
    proof = proved((*START, *commands))
    assert proof.holds, as_text(proof)


def test_there_are_values_enough() -> None:
    flags = (*FLAGS, *SWITCH_FLAGS, *NETWORKS, *CREATED)
    assert sum(1 for flag in flags for _ in flag.values()) >= 2000


def test_labels_that_look_like_extensions_are_listed() -> None:
    """docker compose takes `x-…` in a map for an extension, and drops it."""
    words = ("docker", "run", "--label=x-a=1", "--label=b=2", "acme/a:1")
    text = converted_script((words,)).files[0].content.decode()
    assert "- x-a=1" in text and "- b=2" in text


def test_an_anonymous_volume_that_may_only_be_read_is_no_path_of_the_host() -> None:
    words = ("docker", "run", "--mount=type=volume,target=/d,readonly", "acme/a:1")
    text = converted_script((words,)).files[0].content.decode()
    assert "/d:ro" not in text and "read_only: true" in text


def test_an_anonymous_volume_loses_its_driver_with_a_note() -> None:
    words = ("docker", "run", "--mount=target=/d,volume-opt=type=nfs", "acme/a:1")
    assert [note.code for note in converted_script((words,)).notes] == ["TC129"]


def _another(sign: str) -> str:
    if sign.isdigit():
        return "8" if sign == "7" else "7"
    return "x" if sign == "q" else "q"


def changed(value: str) -> list[str]:
    """The value with one of its parts changed, once for each part."""
    return [
        value[: part.end() - 1] + _another(part[0][-1]) + value[part.end() :]
        for part in TOKEN.finditer(value)
    ]


def outcome(flag: Flag, value: str) -> object:
    words = ("docker", "run", *flag_words(flag, value), "acme/a:1")
    if flag in CREATED:
        words = ("docker", *create_words(flag, value), "res")
    try:
        result = converted_script((words, *USES))
    except SourceError as problem:
        return str(problem)
    return result.files[0].content, [note.message for note in result.notes]


USES = (("docker", "run", "--network=res", "--volume=res:/res", "acme/b:1"),)
VALUES = [
    (flag, value) for flag in (*FLAGS, *NETWORKS, *CREATED) for value in flag.values()
]


def is_named_only(value: str) -> bool:
    """Whether the part is an option of a driver, which the note names without its value: it may hold a password."""
    return "volume-opt" in value and "source" not in value and "src" not in value


@pytest.mark.slow
@pytest.mark.parametrize("remainder", range(8))
def test_canary_no_part_can_change_unseen(remainder: int) -> None:
    """Each fourth value, one part after the other: the file or the notes say something else."""
    unseen = []
    for flag, value in VALUES[remainder * 4 :: 32]:
        before = outcome(flag, value)
        for variant in changed(value):
            if not is_named_only(variant) and outcome(flag, variant) == before:
                unseen.append((flag.name, value, variant))
    assert unseen == []
