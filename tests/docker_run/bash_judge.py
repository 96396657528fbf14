"""What the real bash asks of docker, beside what tocompose reads from the same script."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tocompose.importers.docker_run.invocation import Invocation, Script
from tocompose.importers.docker_run.shell.script import read_script
from tocompose.ledger import Ledger
from tocompose.project import Memory
from tocompose.readers.text import Text
from tocompose.syntax.interpolation import Variable, parse, substitute

RECORDER = os.environ.get("TOCOMPOSE_RECORDER", "")
# What changes containers; the rest only looks, or clears away.
_CHANGING = frozenset({"run", "create", "update", "rename", "connect", "disconnect"})
_FILE_LINE = re.compile(r"^#= (\S+) ?(.*)$", re.MULTILINE)
_TITLE = re.compile(r"^### (?P<title>.*?)(?: \[(?P<arguments>[^\]]*)\])?$")


def _why_not() -> str:
    """Why scripts cannot be recorded here; empty where they can."""
    if not RECORDER:
        return "needs the recorder of scripts (TOCOMPOSE_RECORDER)"
    if os.geteuid() != 0:
        return "the recorder of scripts needs root"
    tools = ("busybox", "unshare", "bash")
    missing = [tool for tool in tools if shutil.which(tool) is None]
    return f"the recorder of scripts needs {missing[0]}" if missing else ""


needs_recorder = [
    pytest.mark.oracle,
    pytest.mark.skipif(bool(_why_not()), reason=_why_not() or "it can be recorded"),
]


class Sample(NamedTuple):
    """A script, and the arguments it is started with."""

    title: str
    arguments: tuple[str, ...]
    code: str

    @property
    def files(self) -> dict[str, bytes]:
        """The files beside the script: the lines of each stand in comments, `#= NAME LINE`."""
        texts: dict[str, str] = {}
        for name, line in _FILE_LINE.findall(self.code):
            texts[name] = texts.get(name, "") + line + "\n"
        return {name: text.encode() for name, text in texts.items()}


def samples() -> Iterator[Sample]:
    """The scripts of `bash_scripts.txt`."""
    text = (Path(__file__).parent / "bash_scripts.txt").read_text(encoding="utf-8")
    title, arguments, lines = "", "", list[str]()
    for line in [*text.splitlines(keepends=True), "### end"]:
        if match := _TITLE.match(line.rstrip("\n")):
            if title:
                yield Sample(title, tuple(arguments.split()), "".join(lines))
            title, arguments, lines = match["title"], match["arguments"] or "", []
        else:
            lines.append(line)


Words = tuple[str, ...]


def recorded(sample: Sample, folder: Path) -> list[Words]:
    """The calls of docker that change something, as the real bash makes them."""
    script = folder / "sample.sh"
    script.write_text(sample.code, encoding="utf-8")
    for name, content in sample.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    if "<(" in sample.code:
        return _recorded_with_descriptors(script, sample.arguments)
    finished = subprocess.run(
        [sys.executable, RECORDER, str(script), *sample.arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    calls = [tuple(json.loads(line)) for line in finished.stdout.splitlines()]
    return [call for call in calls if _CHANGING & set(call[1:3])]


# Writes its words down, each call on a line of JSON.
_STUB = """#!/bin/bash
out='['
for word in "${0##*/}" "$@"; do word=${word//\\\\/\\\\\\\\}; out+="\\"${word//\\"/\\\\\\"}\\","; done
echo "${out%,}]" >> "$CALLS"
"""
_PROGRAMS = ("cat", "cut", "grep", "head", "printf", "sed", "sort", "tr")


def _recorded_with_descriptors(script: Path, arguments: Iterable[str]) -> list[Words]:
    """As `recorded`, of a sample of our own that needs `/dev/fd`, which the recorder's jail lacks.

    Bash finds nothing but these programs, in a network of its own.
    """
    programs, calls = script.parent / "bin", script.parent / "calls"
    programs.mkdir()
    busybox = shutil.which("busybox") or ""
    for name in _PROGRAMS:
        (programs / name).symlink_to(busybox)
    (programs / "docker").write_text(_STUB, encoding="utf-8")
    (programs / "docker").chmod(0o755)
    calls.touch()
    subprocess.run(
        [shutil.which("unshare") or "", "-n", "/bin/bash", script.name, *arguments],
        cwd=script.parent,
        env={"PATH": str(programs), "CALLS": str(calls)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    return [tuple(json.loads(line)) for line in calls.read_text().splitlines()]


class Reading(NamedTuple):
    """What tocompose reads: each call with its lines, and the lines at which it says a note."""

    calls: list[tuple[Words, range]]
    noted: frozenset[int]


def read(sample: Sample) -> Reading:
    """What tocompose reads from the script when it is started with the same arguments."""
    ledger = Ledger()
    text = Text("sample.sh", sample.code)
    script = read_script(
        text, Memory(sample.files), ledger, arguments=sample.arguments or None
    )
    calls = [
        (_resolved(script, step), range(step.span.line, step.span.end_line + 1))
        for step in script.steps
        if isinstance(step, Invocation)
        and _CHANGING & set(step.verb)
        and not _asks_in_vain(script, step)
    ]
    noted = {note.span.line for note in ledger.notes if note.span is not None}
    return Reading(calls, frozenset(noted))


def _asks_in_vain(script: Script, step: Invocation) -> bool:
    """Whether docker compose stops at the call as bash does: for want of a value that it asks for (`${X:?…}`)."""
    return any(
        isinstance(part, Variable)
        and part.operator in (":?", "?")
        and script.variables.get(part.name) is None
        for argument in step.arguments
        for part in parse(argument.text)
    )


def _resolved(script: Script, step: Invocation) -> Words:
    """The words of a call with what the script says of its variables; the rest is empty, as in a bare environment."""
    values = {name: value or "" for name, value in script.variables.items()}
    values |= {"HOME": "/home/user", "USER": "user", "PWD": "/w"}
    words = [substitute(argument.text, values) for argument in step.arguments]
    return (step.tool, *step.verb, *words)


def differences(bash_calls: list[Words], reading: Reading) -> tuple[list[Words], list[int]]:
    """The calls of bash that tocompose does not read, and the first lines of those that bash does not make."""
    missing = list(map(_comparable, bash_calls))
    extra: list[int] = []
    for call, lines in reading.calls:
        if _comparable(call) in missing:
            missing.remove(_comparable(call))
        else:
            extra.append(lines.start)
    return missing, extra


def _comparable(call: Words) -> Words:
    """The words of a call with the script's folder as tocompose names it."""
    words = [word.replace("/w/", "./") for word in call if word != "container"]
    return tuple(words)


def verdict(bash_calls: list[Words], reading: Reading) -> str:
    """`equal`, `noted` where each difference has a note at its line, else `wrong`."""
    missing, extra = differences(bash_calls, reading)
    if not missing and not extra:
        in_order = [_comparable(call) for call, _ in reading.calls]
        return "equal" if in_order == list(map(_comparable, bash_calls)) else "wrong"
    lines = {line: lines for call, lines in reading.calls for line in lines}
    is_said = all(reading.noted & set(lines[line]) for line in extra)
    return "noted" if is_said and (extra or reading.noted) else "wrong"
