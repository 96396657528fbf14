"""Commands that notes and reports print can be pasted, whatever the names in them are."""

from __future__ import annotations

import re
import shlex
import subprocess
from typing import Any

import pytest

from tocompose.exporters.bundle import Layout
from tocompose.knowledge.old_containers import copy_command, volume_copy_command
from tocompose.model import Volume
from tocompose.notes import families, note, registry
from tocompose.pipeline import Options, convert
from tocompose.project import Memory
from tocompose.reports import with_reports

HOSTILE = ("a b", "$HOME", "it's", 'say "x"', "a;reboot", "`id`", "a{b}c", "a&b")
_SPAN = re.compile(r"`([^`]*)`")
_PROGRAM = re.compile(r"(?:docker|podman|chmod|tocompose|kubectl|systemctl) ")
_FACT = re.compile(r"(?<!\{)\{(\w+)(!q)?\}(?!\})")
# Flags, subcommands, a line of a crontab and names of services, which are words of their own.
_WORDS = {
    "command",
    "option",
    "flag",
    "schedule",
    "arguments",
    "options",
    "helper",
    "joined",
}
ROWS = {code: row for family in families() for code, row in registry(family).items()}


def texts(row: dict[str, Any]) -> list[str]:
    return [str(row["message"]), str(row.get("advice", ""))]


def command_spans(row: dict[str, Any]) -> list[str]:
    spans = [span for text in texts(row) for span in _SPAN.findall(text)]
    return [span for span in spans if _PROGRAM.match(span)]


def test_facts_in_commands_are_words_of_a_shell() -> None:
    bare = {
        code: found
        for code, row in ROWS.items()
        for span in command_spans(row)
        for found in [{name for name, quoted in _FACT.findall(span) if not quoted} - _WORDS]
        if found
    }
    assert bare == {}


def test_commands_name_the_service_that_the_note_is_about() -> None:
    named = re.compile(r"\b(?:SERVICE|CONTAINER|STACK)\b")
    open_codes = {
        code
        for code, row in ROWS.items()
        if any(named.search(span) for span in command_spans({**row, "message": ""}))
    }
    assert open_codes == set()


QUOTED = {code: row for code, row in ROWS.items() if "!q}" in "".join(texts(row))}


def parses(line: str) -> bool:
    return subprocess.run(["bash", "-n", "-c", line], check=False).returncode == 0


@pytest.mark.parametrize("code", QUOTED)
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_comes_back_from_the_shell(code: str, name: str) -> None:
    row = QUOTED[code]
    facts = {fact: name for text in texts(row) for fact, _ in _FACT.findall(text)}
    made = note(code, **facts)
    expected = row["message"] + row.get("advice", "")
    written = made.message + made.advice
    assert expected.count("!q}") == written.count(shlex.quote(name))


@pytest.mark.parametrize("name", HOSTILE)
def test_copies_are_lines_of_a_shell(name: str) -> None:
    volume = Volume(name="kept", engine_name=name, filled_from=name, filled_in=name)
    copied = copy_command("web", f"/{name}", name)
    for line in (copied, volume_copy_command(volume, "shop")):
        assert parses(line)
        assert any(
            word.endswith(f"{name}/.") or word.startswith(name)
            for word in shlex.split(line)
        )


@pytest.mark.parametrize("name", ["a b", "a;b", "it's", "a$HOME"])
def test_networks_of_any_name_are_made_again(name: str) -> None:
    quoted = shlex.quote(name)
    script = f"docker network create {quoted}\ndocker run -d --name web --network {quoted} nginx:1.27\n"
    project = Memory({"run.sh": script.encode()})
    result = convert(project, Options(source="docker_run", layout=Layout(split=True)))
    report = {file.path: file for file in with_reports(result, project)[0]}["MIGRATION.md"]
    lines = [
        span
        for span in _SPAN.findall(report.content.decode())
        if "docker network rm" in span or "docker network create" in span
    ]
    assert lines and all(map(parses, lines))
    assert all(name in shlex.split(line) for line in lines)
