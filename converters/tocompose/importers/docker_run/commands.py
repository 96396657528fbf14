"""Finds the docker call in a command: behind `sudo`, `env`, `time`, global options, and with its verb made uniform."""

from __future__ import annotations

import re
from typing import NamedTuple

from tocompose.importers.docker_run.invocation import Invocation, Word
from tocompose.importers.docker_run.paths import relative
from tocompose.importers.docker_run.state import Shell, shown
from tocompose.importers.docker_run.variables import Value
from tocompose.ledger import Cursor

# Words that start the command behind them, with their options that take a value.
PREFIXES = {
    "sudo": frozenset({"-u", "-g", "-p", "-h", "-C", "-r", "-t", "-U", "-D", "-R", "-T", "--user", "--group", "--prompt"}
                      | {"--host", "--chdir", "--role", "--type"}),
    "doas": frozenset({"-u", "-C"}),
    "time": frozenset({"-f", "-o"}),
    "exec": frozenset({"-a"}),
    "nohup": frozenset[str](),
    "command": frozenset[str](),
    "builtin": frozenset[str](),
    "nice": frozenset({"-n"}),
    "ionice": frozenset({"-c", "-n"}),
    "env": frozenset({"-u", "-C", "-S", "--unset", "--chdir"}),
    "setsid": frozenset[str](),
    "stdbuf": frozenset({"-i", "-o", "-e"}),
    "winpty": frozenset[str](),
    "unbuffer": frozenset[str](),
    "timeout": frozenset({"-s", "-k", "--signal", "--kill-after"}),
    "flatpak-spawn": frozenset[str](),
    "systemd-cat": frozenset({"-t", "-p"}),
    "chronic": frozenset[str](),
    "retry": frozenset({"-d", "-t", "-m", "-n"}),
}  # fmt: skip
_TOOLS = {"docker": "docker", "docker.exe": "docker", "podman": "podman", "podman-remote": "podman", "nerdctl": "docker"}
_GLOBAL_VALUES = {
    "docker": frozenset({"-H", "--host", "-c", "--context", "--config", "-l", "--log-level", "--tlscacert", "--tlscert"} | {"--tlskey"}),
    "podman": frozenset(
        {"-c", "--connection", "--url", "--identity", "--log-level", "--root", "--runroot", "--storage-driver", "--tmpdir"}
        | {"--storage-opt", "--cgroup-manager", "--events-backend", "--module", "--network-cmd-path", "--runtime"}
        | {"--runtime-flag", "--conmon", "--hooks-dir", "--volumepath", "--network-config-dir", "--out", "--ssh"}
    ),
}  # fmt: skip
_REMOTE = frozenset({"-H", "--host", "-c", "--context", "--connection", "--url"})
_GROUPS = frozenset(
    {"network", "volume", "image", "system", "pod", "buildx", "compose", "secret", "config", "service", "stack", "swarm"}
    | {"node", "builder", "manifest", "context", "plugin", "trust", "generate", "play", "kube", "machine", "checkpoint"}
)
_SAME = {
    ("image", "build"): ("build",),
    ("buildx", "build"): ("build",),
    ("builder", "build"): ("build",),
    ("image", "pull"): ("pull",),
    ("image", "rm"): ("rmi",),
}
_OPEN_TOOL = re.compile(r"\$\{\w*(?:DOCKER|PODMAN|CONTAINER|ENGINE|RUNTIME)\w*(?::?-(?P<default>[^}]*))?\}", re.IGNORECASE)
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
    while index < len(pieces) and (takes := PREFIXES.get(_base(pieces[index].field.text))) is not None:
        name = _base(pieces[index].field.text)
        index += 1
        while index < len(pieces):
            text = pieces[index].field.text
            if _ASSIGNMENT.match(text) and name in ("env", "sudo"):
                settings.append(pieces[index])
            elif text.startswith("-") and text != "--":
                index += text in takes
            elif text != "--" and not (name == "timeout" and re.fullmatch(r"[\d.]+[smhd]?", text)):
                break
            index += 1
    return index, settings


def _base(text: str) -> str:
    return text.rpartition("/")[2]


def tool_of(text: str) -> str:
    """`docker` or `podman` where the word starts one of them, else empty."""
    if found := _TOOLS.get(_base(text)):
        return found
    if match := _OPEN_TOOL.fullmatch(text):
        default = _base((match["default"] or "docker").split(" ")[-1])
        return _TOOLS.get(default, "docker")
    return ""


def call_of(pieces: list[Piece], start: int) -> Call | None:
    """The docker call that starts at a piece; None for another command or a docker without a verb."""
    if start >= len(pieces) or not (tool := tool_of(pieces[start].field.text)):
        return None
    if pieces[start].field.text.startswith("${") and not _is_verb(pieces, start + 1):
        return None
    index, remote = start + 1, None
    while index < len(pieces) and (text := pieces[index].field.text).startswith("-"):
        flag = text.partition("=")[0]
        if flag in _REMOTE or (text.startswith("-H") and len(text) > 2 and tool == "docker"):
            remote = pieces[index]
        index += 1 + (text in _GLOBAL_VALUES[tool])
    if index >= len(pieces):
        return None
    return _with_verb(pieces, tool, index, remote)


def _is_verb(pieces: list[Piece], index: int) -> bool:
    return index < len(pieces) and (pieces[index].field.text in CARRIED | _GROUPS | {"container", "rm", "stop", "pull"})


def _with_verb(pieces: list[Piece], tool: str, index: int, remote: Piece | None) -> Call:
    verb = pieces[index].field.text
    index += 1
    if verb in ("container", *_GROUPS) and index < len(pieces) and not pieces[index].field.text.startswith("-"):
        inner = pieces[index].field.text
        index += 1
        names = (inner,) if verb == "container" else _SAME.get((verb, inner), (verb, inner))
        return Call(tool, names, index, remote)
    return Call(tool, (verb,), index, remote)


def invocation(
    shell: Shell, cursor: Cursor, pieces: list[Piece], call: Call, given: dict[str, Value], stdin: Value | None
) -> Invocation:
    """The call as an invocation, its head settled and its open variables recorded."""
    head = tuple(shell.word(piece.field, piece.cursor) for piece in pieces[: call.words])
    _settle_head(call, head)
    rest = pieces[call.words :]
    words = tuple(shell.word(piece.field, piece.cursor) for piece in rest)
    environment = _environment(shell, words, given)
    if call.verb[-1] in CARRIED:
        for piece in rest:
            shell.keep_open(piece.field.opens)
        for _, value in environment:
            shell.keep_open(value.opens)
    held = shell.word(stdin, stdin.sources[0]) if stdin is not None else None
    settings = shell.settings
    return Invocation(
        call.tool, call.verb, relative(words, call.verb), cursor.span, head, shell.condition,
        polled=shell.polled,
        directory=shell.directory,
        environment=tuple((name, shell.word(value, value.sources[0])) for name, value in environment if value.sources),
        stdin=held,
        target=shell.calling[-1] if shell.calling else str(settings.get("target", "")),
        restart=str(settings.get("restart", "")),
        unit=str(settings.get("unit", "")),
        after=_names(settings.get("after")),
    )  # fmt: skip


def _names(value: object) -> tuple[str, ...]:
    return tuple(str(name) for name in value) if isinstance(value, tuple) else ()


def _settle_head(call: Call, head: tuple[Word, ...]) -> None:
    if call.remote is not None:
        cursor = call.remote.cursor
        cursor.note("TC163", option=shown(call.remote.field.text.partition("=")[0]))
    for word in head:
        word.skip("how docker is called")


def _environment(shell: Shell, words: tuple[Word, ...], given: dict[str, Value]) -> list[tuple[str, Value]]:
    """The variables that the words pass on by name, with what they hold."""
    held = {name: value for name in shell.scope.exports if (value := shell.scope.get(name)) is not None} | given
    named = {word.text.removeprefix("--env=").removeprefix("-e") for word in words}
    return [(name, held[name]) for name in sorted(held) if name in named]
