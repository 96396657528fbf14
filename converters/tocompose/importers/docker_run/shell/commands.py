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
CARRIED_VERBS = frozenset({"run", "create", "build", "exec", "cp", "connect", "start"})
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")


class CommandField(NamedTuple):
    """One field of a command and the word it came from."""

    value: Value
    cursor: Cursor


class DockerCall(NamedTuple):
    """A docker call among the pieces of a command: where the tool stands, where the words behind the verb start."""

    tool: str
    verb: tuple[str, ...]
    first_argument: int
    remote: CommandField | None


def behind_prefixes(fields: list[CommandField]) -> tuple[int, list[CommandField]]:
    """Where the command proper starts, and the `X=1` pieces that `env` or `sudo` are given."""
    index, settings = 0, []
    while (
        index < len(fields)
        and (takes := _prefix_options(fields[index].value.text)) is not None
    ):
        name = program_name(fields[index].value.text)
        index += 1
        while index < len(fields):
            text = fields[index].value.text
            if _ASSIGNMENT.match(text) and name in ("env", "sudo"):
                settings.append(fields[index])
            elif text.startswith("-") and text != "--":
                index += text in takes
            elif text != "--" and not (
                name == "timeout" and re.fullmatch(r"[\d.]+[smhd]?", text)
            ):
                break
            index += 1
    return index, settings


def _prefix_options(text: str) -> list[str] | None:
    """The options with a value of a command that starts another; None for any other command."""
    if docker_tool(text):
        return None
    options: list[str] | None = load("shell")["prefixes"].get(program_name(text))
    return options


def program_name(text: str) -> str:
    return text.rpartition("/")[2]


def docker_tool(text: str) -> str:
    """`docker` or `podman` where the word starts one of them, else empty."""
    if tool := _TOOLS.get(program_name(text)):
        return tool
    match = _OPEN_TOOL.fullmatch(text)
    if match is None:
        return ""
    default = _TOOLS.get(program_name((match["default"] or "").rpartition(" ")[2]), "")
    return default or ("docker" if _TOOL_NAME.search(match["name"]) else "")


def find_call(fields: list[CommandField], start: int) -> DockerCall | None:
    """The docker call that starts at a piece; None for another command or a docker without a verb."""
    if start >= len(fields) or not (tool := docker_tool(fields[start].value.text)):
        return None
    if fields[start].value.text.startswith("${") and not _is_verb(fields, start + 1):
        return None
    index, remote = start + 1, None
    while index < len(fields) and (text := fields[index].value.text).startswith("-"):
        flag = text.partition("=")[0]
        if flag in _REMOTE or (
            text.startswith("-H") and len(text) > 2 and tool == "docker"
        ):
            remote = fields[index]
        index += 1 + (text in load("shell")["globals"][tool])
    if index >= len(fields):
        return None
    return _call_with_verb(fields, tool, index, remote)


def find_wrapped_call(
    shell: Shell, fields: list[CommandField], start: int
) -> DockerCall | None:
    """The docker call that another command is given to start: `xargs docker run`, `ssh host docker run`."""
    name = program_name(fields[start].value.text)
    if name in shell.functions or (name in load("shell")["harmless"] and name != "xargs"):
        return None
    index = next(
        (n for n in range(start + 1, len(fields)) if docker_tool(fields[n].value.text)), 0
    )
    call = find_call(fields, index) if index else None
    if call is None or call.verb[-1] not in CARRIED_VERBS | {"rm", "stop", "kill"}:
        return None
    cursor = fields[start].cursor
    if name == "ssh":
        return call._replace(remote=fields[start])
    if call.verb[-1] in CARRIED_VERBS and name == "xargs":
        cursor.note("TC155", written="what xargs adds")
    elif call.verb[-1] in CARRIED_VERBS and not _SUDO.search(name):
        cursor.note("TC167", command=shown(cursor.peek() or ""))
    return call


def _is_verb(fields: list[CommandField], index: int) -> bool:
    return index < len(fields) and (
        fields[index].value.text
        in CARRIED_VERBS | {"container", "rm", "stop", "pull", *load("shell")["groups"]}
    )


def _call_with_verb(
    fields: list[CommandField], tool: str, index: int, remote: CommandField | None
) -> DockerCall:
    verb = fields[index].value.text
    index += 1
    if (
        verb in ("container", *load("shell")["groups"])
        and index < len(fields)
        and not fields[index].value.text.startswith("-")
    ):
        subverb = fields[index].value.text
        index += 1
        names = (
            (subverb,)
            if verb == "container"
            else _SAME.get((verb, subverb), (verb, subverb))
        )
        return DockerCall(tool, names, index, remote)
    return DockerCall(tool, (verb,), index, remote)
