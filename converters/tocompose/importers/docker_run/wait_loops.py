"""Loops that wait for a container: what they ask, as a health command where it can be one."""

from __future__ import annotations

from typing import NamedTuple

from tocompose.importers.docker_run.invocation import Argument
from tocompose.patterns import regex

_URL = regex(r"[a-z]+://([A-Za-z0-9_.-]+)(?::([0-9]+))?")
_HOST_OPTION = regex(r"(?:-h|--host=?)$")
_WAITING_TOOLS = frozenset(
    {
        "nc",
        "ncat",
        "curl",
        "wget",
        "pg_isready",
        "mysqladmin",
        "redis-cli",
        "wait-for-it.sh",
        "wait-for",
        "dockerize",
    }
)


class WaitTarget(NamedTuple):
    """What a wait loop asks: the container it names, and the command to run inside it (empty when it runs outside)."""

    target: str
    command: tuple[str, ...] = ()


def find_wait_target(arguments: tuple[Argument, ...]) -> WaitTarget | None:
    """The container that a waiting command talks to; None when it cannot be told."""
    texts = [argument.text for argument in arguments]
    if not texts or texts[0].rpartition("/")[2] not in _WAITING_TOOLS:
        return None
    for index, text in enumerate(texts[1:], 1):
        if match := _URL.match(text):
            return WaitTarget(match[1])
        if _HOST_OPTION.match(text) and index + 1 < len(texts):
            return WaitTarget(texts[index + 1])
        host, colon, port = text.partition(":")
        if not text.startswith("-") and (port.isdigit() if colon else not text.isdigit()):
            return WaitTarget(host)
    return None
