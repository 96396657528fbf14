"""Every flag of docker run: in the table, read, accounted for, and equal at the engine."""

from __future__ import annotations

import re
import shlex
import subprocess

import pytest

from docker_run.cases import FILES, commands, converted, text
from oracles import oracles, unless_oracles
from tocompose.importers import SourceError
from tocompose.importers.docker_run.options import flag_rows
from tocompose.ledger import Fate
from tocompose.pipeline import Options, convert
from tocompose.project import Memory
from tocompose.prove import Command, prove_commands
from tocompose.prove.table import as_text
from tocompose.tables import load

COMMANDS = tuple(commands())
# What no Compose file makes docker compose send: the field that differs, and the note that says so.
INEXPRESSIBLE = {
    "docker run --cpuset-mems 0 alpine:3.20": {"HostConfig.CpusetMems": "TC112"},
    # Compose takes 0 for unset.
    "docker run --memory-swappiness 0 alpine:3.20": {
        "HostConfig.MemorySwappiness": "TC123"
    },
    # No limit, as without the key; below `deploy`, where limits stand, Compose takes -1 for unset.
    "docker run --pids-limit -1 alpine:3.20": {"HostConfig.PidsLimit": "TC144"},
    "docker run -P alpine:3.20": {"HostConfig.PublishAllPorts": "TC114"},
    "docker run --volumes-from other:ro alpine:3.20": {"HostConfig.VolumesFrom": "TC138"},
    # Compose has its own key for it, and mounts the socket with a folder of its own.
    "docker run --use-api-socket alpine:3.20": {
        "Env.DOCKER_CONFIG": "TC145",
        "Mounts./var/run/docker.sock": "TC145",
    },
    # Compose drops the label where a propagation is given.
    "docker run -v /srv/z:/z:Z,rshared alpine:3.20": {"Mounts./z": "TC148"},
}
HELP_LINE = re.compile(
    r"^ {2}(?:-(\w), | {4})(--[a-z0-9-]+)(?: ([a-z0-9-]+))? {2,}", re.MULTILINE
)


def test_each_flag_of_the_table_has_a_command() -> None:
    known = flag_rows("run")
    used = {
        name for argv in COMMANDS for word in argv for name in _names(word) if name in known
    }
    covered = {known[name]["name"] for name in used}
    # --help ends the command and the Windows flags are refused by the CLI on Linux.
    without = {
        "--help",
        "--cpu-count",
        "--cpu-percent",
        "--io-maxbandwidth",
        "--io-maxiops",
    }
    assert set(load("docker/run")) - covered - without == set()


def _names(word: str) -> set[str]:
    if word.startswith("--"):
        return {word.partition("=")[0]}
    return {f"-{letter}" for letter in word[1:4]} if word.startswith("-") else set()


def test_each_row_has_one_outcome() -> None:
    for name in (
        "run",
        "podman",
        "build",
        "network_create",
        "network_connect",
        "volume_create",
        "pod_create",
    ):
        for flag, row in load(f"docker/{name}").items():
            assert len({"target", "note", "ignore"} & set(row)) == 1, f"{name} {flag}"
            assert ("shape" in row) == ("target" in row), f"{name} {flag}"


@unless_oracles
@pytest.mark.oracle
@pytest.mark.parametrize(
    ("command", "name"),
    [
        (("run",), "run"),
        (("network", "create"), "network_create"),
        (("network", "connect"), "network_connect"),
        (("volume", "create"), "volume_create"),
        (("build",), "build"),
    ],
)
def test_the_table_knows_each_flag_that_the_cli_lists(
    command: tuple[str, ...], name: str
) -> None:
    docker, _ = oracles()
    listed = subprocess.run(
        [docker, *command, "--help"], capture_output=True, text=True, check=True
    ).stdout
    found = HELP_LINE.findall(listed)
    assert len(found) > 4
    known = flag_rows(name)
    for short, flag, kind in found:
        row = known.get(flag)
        assert row is not None, flag
        assert bool(row.get("flag")) == (not kind), flag
        assert not short or known[f"-{short}"]["name"] == row["name"], flag


@pytest.mark.parametrize("argv", COMMANDS, ids=shlex.join)
def test_every_word_is_accounted_for(argv: tuple[str, ...]) -> None:
    result = converted(argv)
    assert result.counts[Fate.UNREAD] == 0
    assert [note for note in result.notes if note.code in ("TC001", "TC901")] == []


@unless_oracles
@pytest.mark.oracle
@pytest.mark.parametrize("argv", COMMANDS, ids=shlex.join)
def test_compose_sends_what_docker_sends(argv: tuple[str, ...]) -> None:
    result = converted(argv)
    docker, compose = oracles()
    proof = prove_commands(
        [Command(argv)], text(result), result.notes, docker, compose, FILES
    )
    assert proof.holds, as_text(proof) + text(result)
    differing = {
        one.field: one.declared_by for one in proof.differences if not one.is_inherent
    }
    assert differing == INEXPRESSIBLE.get(shlex.join(argv), {}), as_text(proof) + text(
        result
    )


@pytest.mark.parametrize("argv", COMMANDS, ids=shlex.join)
def test_canary_a_changed_word_changes_the_outcome(argv: tuple[str, ...]) -> None:
    """A value that is taken and then dropped would pass the ledger; it does not pass this."""
    before = _outcome(argv)
    ledger = converted(argv).ledger
    mapped = [ledger.fate(leaf).fate is Fate.MAPPED for leaf in ledger.leaves()]
    for index in [
        index
        for index, is_mapped in enumerate(mapped)
        if is_mapped and not _is_replaced(argv, index)
    ]:
        changed = (*argv[:index], _altered(argv[index]), *argv[index + 1 :])
        assert _outcome(changed) != before, argv[index]


def _altered(word: str) -> str:
    return (
        word[:-1] + ("8" if word[-1:] == "7" else "7")
        if word[-1:].isdigit()
        else f"{word}7"
    )


def _is_replaced(argv: tuple[str, ...], index: int) -> bool:
    """A variable that a later flag sets again is read and has no effect, as in docker."""
    return argv[index] == "A=1" and "A=2" in argv


def _outcome(argv: tuple[str, ...]) -> tuple[object, ...]:
    try:
        result = converted(argv)
    except SourceError as problem:
        return (str(problem),)
    return (text(result), tuple((note.code, note.message) for note in result.notes))


def test_a_flag_that_docker_does_not_have_is_reported_with_its_position() -> None:
    result = converted(("docker", "run", "--made-up", "-p", "80:80", "nginx:1.27"))
    [found] = [note for note in result.notes if note.code == "TC101"]
    assert str(found.span) == "<command>:1:12"
    assert "--made-up" in found.message
    assert "80:80" in text(result)


def test_a_flag_that_docker_does_not_have_is_reported_with_its_file() -> None:
    script = b"#!/bin/sh\ndocker run -d \\\n  --name web --made-up=5 nginx:1.27\n"
    result = convert(Memory({"up.sh": script}, "app"), Options(source="docker_run"))
    [found] = [note for note in result.notes if note.code == "TC101"]
    assert str(found.span) == "up.sh:3:14" and "--made-up" in found.message


@pytest.mark.parametrize(
    "argv",
    [
        ("docker", "run", "--made-up=5", "nginx:1.27"),
        ("docker", "run", "--made-up", "5", "-p", "80:80", "nginx:1.27"),
        ("docker", "run", "--made-up", "-p", "80:80", "nginx:1.27"),
        ("docker", "run", "--made-up", "nginx:1.27", "serve"),
    ],
)
def test_an_unknown_flag_does_not_take_the_image(argv: tuple[str, ...]) -> None:
    assert 'image: "nginx:1.27"' in text(converted(argv)) or "image: nginx:1.27" in text(
        converted(argv)
    )


@unless_oracles
@pytest.mark.oracle
@pytest.mark.parametrize("argv", COMMANDS, ids=shlex.join)
def test_practices_make_no_difference_that_no_note_tells(argv: tuple[str, ...]) -> None:
    result = converted(argv, "all")
    docker, compose = oracles()
    proof = prove_commands(
        [Command(argv)], text(result), result.notes, docker, compose, FILES
    )
    assert not proof.undeclared, as_text(proof) + text(result)
