"""Finds the docker call in a command: behind `sudo`, `env`, `time`, global options, and with its verb made uniform."""

from __future__ import annotations

import re

from tocompose.importers.docker_run.options import (
    flags_with_value,
    program_name,
    read_verb,
)
from tocompose.importers.docker_run.shell.state import Shell, shown
from tocompose.importers.docker_run.shell.variables import Value
from tocompose.ledger import Cursor
from tocompose.patterns import regex
from tocompose.record import NamedTuple
from tocompose.syntax.interpolation import Variable, parse, variable_names
from tocompose.tables import load

_TOOLS = {
    "docker": "docker",
    "docker.exe": "docker",
    "podman": "podman",
    "podman-remote": "podman",
    "nerdctl": "docker",
}
_COMPOSE_TOOLS = frozenset({"docker-compose", "podman-compose", "docker-compose.exe"})
_REMOTE_FLAGS = frozenset({"-H", "--host", "-c", "--context", "--connection", "--url"})
_TOOL_NAME = regex(r"DOCKER|PODMAN|CONTAINER|ENGINE|RUNTIME", re.IGNORECASE)
# Verbs whose words end up in the compose file, so that their open variables matter.
CARRIED_VERBS = frozenset({"run", "create", "build", "exec", "cp", "connect", "start"})
_ASSIGNMENT = regex(r"[A-Za-z_]\w*=")


class CommandField(NamedTuple):
    """One field of a command and the word it came from."""

    value: Value
    cursor: Cursor


class DockerCall(NamedTuple):
    """A docker call among the fields of a command: the tool, the verb, where the arguments behind it start."""

    tool: str
    verb: tuple[str, ...]
    first_argument: int
    remote: CommandField | None


def behind_prefixes(
    fields: list[CommandField],
) -> tuple[int, list[CommandField]]:
    """Where the command proper starts, and the `X=1` fields that `env` or `sudo` are given."""
    index, settings = 0, list[CommandField]()
    while index < len(fields):
        name = program_name(fields[index].value.text)
        options = load("shell")["prefixes"].get(name)
        if options is None or docker_tool(fields[index].value.text):
            break
        index = _behind_prefix(fields, index + 1, name, options, settings)
    return index, settings


def _behind_prefix(
    fields: list[CommandField],
    index: int,
    name: str,
    options: list[str],
    settings: list[CommandField],
) -> int:
    """Where the command starts that another one starts; its settings are added to `settings`."""
    while index < len(fields):
        text = fields[index].value.text
        if _ASSIGNMENT.match(text) and name in load("shell")["assigning"]:
            settings.append(fields[index])
        elif text.startswith("-"):
            index += text in options
        elif name not in load("shell")["timed"] or not re.fullmatch(r"[\d.]+[smhd]?", text):
            break
        index += 1
    return index


def docker_tool(text: str) -> str:
    """`docker` or `podman` where the word starts one of them, else empty."""
    if tool := _TOOLS.get(program_name(text)):
        return tool
    match parse(text):
        case (Variable(name=name, default=default),):
            tool = _TOOLS.get(program_name((default or "").rpartition(" ")[2]))
            return tool or ("docker" if _TOOL_NAME.search(name) else "")
    return ""


def find_call(fields: list[CommandField], start: int) -> DockerCall | None:
    """The docker call that starts at a field; None for another command or a docker without a verb."""
    texts = [field.value.text for field in fields]
    tool = docker_tool(texts[start]) if start < len(texts) else ""
    if start < len(texts) and program_name(texts[start]) in _COMPOSE_TOOLS:
        return DockerCall("docker", ("compose",), start + 1, None)
    if not tool:
        return None
    if texts[start].startswith("$") and not _is_verb(texts, start + 1):
        return None
    index, remote = start + 1, None
    while index < len(texts) and texts[index].startswith("-"):
        if _chooses_host(texts[index], tool):
            remote = fields[index]
        index += 1 + (texts[index] in flags_with_value(program_name(texts[start])))
    verb, index = read_verb(texts, index)
    return DockerCall(tool, verb, index, remote) if verb else None


def _chooses_host(flag: str, tool: str) -> bool:
    if tool == "docker" and re.match(r"-H.", flag):
        return True
    return flag.partition("=")[0] in _REMOTE_FLAGS


def find_wrapped_call(
    shell: Shell, fields: list[CommandField], start: int
) -> DockerCall | None:
    """The docker call that another command is given to start: `xargs docker run`, `ssh host docker run`."""
    name = program_name(fields[start].value.text)
    is_harmless = name in load("shell")["harmless"] and name != "xargs"
    if is_harmless or name in shell.functions:
        return None
    calls = (
        find_call(fields, index)
        for index in range(start + 1, len(fields))
        if docker_tool(fields[index].value.text)
    )
    call = next(calls, None)
    if call is None or call.verb[-1] not in CARRIED_VERBS | {"rm", "stop", "kill"}:
        return None
    if name == "ssh":
        return call._replace(remote=fields[start])
    if call.verb[-1] in CARRIED_VERBS:
        _note_wrapper(name, fields[start].cursor)
    return call


def _note_wrapper(name: str, cursor: Cursor) -> None:
    if name == "xargs":
        cursor.note("TC155", written="what xargs adds")
    elif not any("SUDO" in variable.upper() for variable in variable_names(name)):
        cursor.note("TC167", command=shown(cursor.peek() or ""))


def _is_verb(texts: list[str], index: int) -> bool:
    verbs = CARRIED_VERBS | {"container", "rm", "stop", "pull", *load("shell")["groups"]}
    return index < len(texts) and texts[index] in verbs


def source_text(cursor: Cursor) -> str:
    """The words of a statement, as the source writes them."""
    return " ".join(leaf_texts(cursor))


def leaf_texts(cursor: Cursor) -> list[str]:
    """The words of a statement; of an assignment its name only, nothing of what it reads or writes."""
    if cursor.kind == "leaf":
        is_document = cursor.style.startswith(("heredoc", "delimiter"))
        return [] if is_document else [cursor.peek() or ""]
    if cursor.kind == "redirect":
        return []
    if cursor.kind in ("assignment", "append"):
        return [f"{child.key}=…" for child in cursor.children]
    return [text for child in cursor for text in leaf_texts(child)]
