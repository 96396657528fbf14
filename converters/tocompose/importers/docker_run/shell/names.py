"""Names of containers, networks and volumes: keys of a compose file, in which Compose puts no variables."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tocompose.importers.docker_run.shell.commands import CommandField
from tocompose.syntax.interpolation import split

_FLAGS = frozenset(
    {
        "--name",
        "--network",
        "--net",
        "--network-alias",
        "--net-alias",
        "--link",
        "--volumes-from",
        "--pod",
    }
)
_VOLUMES = frozenset({"-v", "--volume"})
_SOURCE = re.compile(r"(?<![^,=])(source|src)=([^,]*)")
_DEFAULT = re.compile(
    r"\$\{[A-Za-z_][A-Za-z0-9_]*:?-(?P<value>(?:[^{}$]|\$\$|\$\{[^{}]*\})*)\}"
)
_NAMING_VERBS = (("run",), ("create",), ("build",))


def with_defaults(text: str) -> str:
    """The text with the default of each `${NAME:-default}` in its place; other variables stay."""
    found = text
    while (changed := _DEFAULT.sub(lambda match: match["value"], found)) != found:
        found = changed
    return found


def state_names(pieces: list[CommandField], verb: tuple[str, ...]) -> list[CommandField]:
    """The words behind a verb, those that name something without a variable where the source says a default."""
    return list(_state_names(pieces, verb))


def _state_names(
    pieces: list[CommandField], verb: tuple[str, ...]
) -> Iterator[CommandField]:
    before = ""
    for piece in pieces:
        text = piece.value.text
        if "${" not in text:
            yield piece
        elif verb in _NAMING_VERBS:
            yield _with_text(piece, _state_argument(text, before), said=True)
        else:
            yield _with_text(
                piece, with_defaults(text), said=verb[-1] in ("create", "connect")
            )
        before = text


def _with_text(piece: CommandField, text: str, *, said: bool) -> CommandField:
    if text == piece.value.text:
        return piece
    if said:
        piece.cursor.remark("TC171", written=piece.value.text, name=text)
    left = tuple(item for item in piece.value.opens if f"${{{item.name}" in text)
    return piece._replace(value=piece.value._replace(text=text, opens=left))


def _state_argument(text: str, before: str) -> str:
    flag, equals, value = text.partition("=")
    if before in _FLAGS:
        return with_defaults(text)
    if before in _VOLUMES:
        return _state_volume(text)
    if before == "--mount":
        return _state_mount(text)
    if equals and flag in _FLAGS:
        return f"{flag}={with_defaults(value)}"
    if equals and flag in _VOLUMES:
        return f"{flag}={_state_volume(value)}"
    return f"{flag}={_state_mount(value)}" if equals and flag == "--mount" else text


def _state_volume(text: str) -> str:
    """A volume with its name stated; a path may stay a variable."""
    source, *rest = split(text, ":", 1)
    known = with_defaults(source)
    return (
        text
        if "/" in known or known.startswith((".", "~", "$"))
        else ":".join((known, *rest))
    )


def _state_mount(text: str) -> str:
    def source(match: re.Match[str]) -> str:
        known = with_defaults(match[2])
        return (
            match[0]
            if "/" in known or known.startswith((".", "~", "$"))
            else f"{match[1]}={known}"
        )

    return _SOURCE.sub(source, text)
