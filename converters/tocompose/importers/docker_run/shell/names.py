"""Names of containers, networks and volumes: keys of a compose file, in which Compose puts no variables."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tocompose.importers.docker_run.shell.commands import Piece
from tocompose.values import split

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
_MAKING = (("run",), ("create",), ("build",))


def stated(text: str) -> str:
    """The text with the default of each `${NAME:-default}` in its place; other variables stay."""
    found = text
    while (changed := _DEFAULT.sub(lambda match: match["value"], found)) != found:
        found = changed
    return found


def with_names(pieces: list[Piece], verb: tuple[str, ...]) -> list[Piece]:
    """The words behind a verb, those that name something without a variable where the source says a default."""
    return list(_named(pieces, verb))


def _named(pieces: list[Piece], verb: tuple[str, ...]) -> Iterator[Piece]:
    before = ""
    for piece in pieces:
        text = piece.field.text
        if "${" not in text:
            yield piece
        elif verb in _MAKING:
            yield _with_text(piece, _stated(text, before), said=True)
        else:
            yield _with_text(piece, stated(text), said=verb[-1] in ("create", "connect"))
        before = text


def _with_text(piece: Piece, text: str, *, said: bool) -> Piece:
    if text == piece.field.text:
        return piece
    if said:
        piece.cursor.remark("TC171", written=piece.field.text, name=text)
    left = tuple(item for item in piece.field.opens if f"${{{item.name}" in text)
    return piece._replace(field=piece.field._replace(text=text, opens=left))


def _stated(text: str, before: str) -> str:
    flag, equals, value = text.partition("=")
    if before in _FLAGS:
        return stated(text)
    if before in _VOLUMES:
        return _volume(text)
    if before == "--mount":
        return _mount(text)
    if equals and flag in _FLAGS:
        return f"{flag}={stated(value)}"
    if equals and flag in _VOLUMES:
        return f"{flag}={_volume(value)}"
    return f"{flag}={_mount(value)}" if equals and flag == "--mount" else text


def _volume(text: str) -> str:
    """A volume with its name stated; a path may stay a variable."""
    source, *rest = split(text, ":", 1)
    known = stated(source)
    return (
        text
        if "/" in known or known.startswith((".", "~", "$"))
        else ":".join((known, *rest))
    )


def _mount(text: str) -> str:
    def source(match: re.Match[str]) -> str:
        known = stated(match[2])
        return (
            match[0]
            if "/" in known or known.startswith((".", "~", "$"))
            else f"{match[1]}={known}"
        )

    return _SOURCE.sub(source, text)
