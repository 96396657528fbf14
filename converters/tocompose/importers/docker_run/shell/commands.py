"""Finds the docker call in a command: behind `sudo`, `env`, `time`, global options, and with its verb made uniform."""

from __future__ import annotations

import re
from typing import NamedTuple

from tocompose.importers.docker_run.shell.state import Shell, shown
from tocompose.importers.docker_run.shell.variables import Value
from tocompose.ledger import Cursor
from tocompose.tables import load

_TOOLS = {
    "docker": "docker",
    "docker.exe": "docker",
    "podman": "podman",
    "podman-remote": "podman",
    "nerdctl": "docker",
}
_REMOTE = frozenset({"-H", "--host", "-c", "--context", "--connection", "--url"})
_SAME = {
    ("image", "build"): ("build",),
    ("buildx", "build"): ("build",),
    ("builder", "build"): ("build",),
    ("image", "pull"): ("pull",),
    ("image", "rm"): ("rmi",),
}
_OPEN_TOOL = re.compile(r"\$\{(?P<name>\w+)(?::?-(?P<default>[^}]*))?\}")
_SUDO = re.compile(r"\$\{\w*SUDO", re.IGNORECASE)
_TOOL_NAME = re.compile(r"DOCKER|PODMAN|CONTAINER|ENGINE|RUNTIME", re.IGNORECASE)
# Verbs whose words end up in the compose file, so that their open variables matter.
CARRIED = frozenset({"run", "create", "build", "exec", "cp", "connect", "start"})
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")


class Piece(NamedTuple):
    """One field of a command and the word it came from."""

    field: Value
    cursor: Cursor


class Call(NamedTuple):
    """A docker call among the pieces of a command: where the tool stands, where the words behind the verb start."""

    tool: str
    verb: tuple[str, ...]
    words: int
    remote: Piece | None


def behind_prefixes(pieces: list[Piece]) -> tuple[int, list[Piece]]:
    """Where the command proper starts, and the `X=1` pieces that `env` or `sudo` are given."""
    index, settings = 0, []
    while index < len(pieces) and (takes := _prefix(pieces[index].field.text)) is not None:
        name = _base(pieces[index].field.text)
        index += 1
        while index < len(pieces):
            text = pieces[index].field.text
            if _ASSIGNMENT.match(text) and name in ("env", "sudo"):
                settings.append(pieces[index])
            elif text.startswith("-") and text != "--":
                index += text in takes
            elif text != "--" and not (
                name == "timeout" and re.fullmatch(r"[\d.]+[smhd]?", text)
            ):
                break
            index += 1
    return index, settings


def _prefix(text: str) -> list[str] | None:
    """The options with a value of a command that starts another; None for any other command."""
    if tool_of(text):
        return None
    found: list[str] | None = load("shell")["prefixes"].get(_base(text))
    return found


def _base(text: str) -> str:
    return text.rpartition("/")[2]


def tool_of(text: str) -> str:
    """`docker` or `podman` where the word starts one of them, else empty."""
    if found := _TOOLS.get(_base(text)):
        return found
    match = _OPEN_TOOL.fullmatch(text)
    if match is None:
        return ""
    default = _TOOLS.get(_base((match["default"] or "").rpartition(" ")[2]), "")
    return default or ("docker" if _TOOL_NAME.search(match["name"]) else "")


def call_of(pieces: list[Piece], start: int) -> Call | None:
    """The docker call that starts at a piece; None for another command or a docker without a verb."""
    if start >= len(pieces) or not (tool := tool_of(pieces[start].field.text)):
        return None
    if pieces[start].field.text.startswith("${") and not _is_verb(pieces, start + 1):
        return None
    index, remote = start + 1, None
    while index < len(pieces) and (text := pieces[index].field.text).startswith("-"):
        flag = text.partition("=")[0]
        if flag in _REMOTE or (
            text.startswith("-H") and len(text) > 2 and tool == "docker"
        ):
            remote = pieces[index]
        index += 1 + (text in load("shell")["globals"][tool])
    if index >= len(pieces):
        return None
    return _with_verb(pieces, tool, index, remote)


def wrapped_call(shell: Shell, pieces: list[Piece], start: int) -> Call | None:
    """The docker call that another command is given to start: `xargs docker run`, `ssh host docker run`."""
    name = _base(pieces[start].field.text)
    if name in shell.functions or (name in load("shell")["harmless"] and name != "xargs"):
        return None
    index = next(
        (n for n in range(start + 1, len(pieces)) if tool_of(pieces[n].field.text)), 0
    )
    call = call_of(pieces, index) if index else None
    if call is None or call.verb[-1] not in CARRIED | {"rm", "stop", "kill"}:
        return None
    cursor = pieces[start].cursor
    if name == "ssh":
        return call._replace(remote=pieces[start])
    if call.verb[-1] in CARRIED and name == "xargs":
        cursor.note("TC155", written="what xargs adds")
    elif call.verb[-1] in CARRIED and not _SUDO.search(name):
        cursor.note("TC167", command=shown(cursor.peek() or ""))
    return call


def _is_verb(pieces: list[Piece], index: int) -> bool:
    return index < len(pieces) and (
        pieces[index].field.text
        in CARRIED | {"container", "rm", "stop", "pull", *load("shell")["groups"]}
    )


def _with_verb(pieces: list[Piece], tool: str, index: int, remote: Piece | None) -> Call:
    verb = pieces[index].field.text
    index += 1
    if (
        verb in ("container", *load("shell")["groups"])
        and index < len(pieces)
        and not pieces[index].field.text.startswith("-")
    ):
        inner = pieces[index].field.text
        index += 1
        names = (inner,) if verb == "container" else _SAME.get((verb, inner), (verb, inner))
        return Call(tool, names, index, remote)
    return Call(tool, (verb,), index, remote)
