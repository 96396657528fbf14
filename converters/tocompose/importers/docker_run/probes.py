"""Loops that wait for a container: what they ask, as a health command where it can be one."""

from __future__ import annotations

from typing import NamedTuple

from tocompose.importers.docker_run.invocation import Word
from tocompose.patterns import regex

_URL = regex(r"[a-z]+://([A-Za-z0-9_.-]+)(?::([0-9]+))?")
_HOST_OPTION = regex(r"(?:-h|--host=?)$")
_TOOLS = frozenset(
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


class Probe(NamedTuple):
    """What a wait loop asks: the container it names, and the command to run inside it (empty when it runs outside)."""

    target: str
    command: tuple[str, ...] = ()


def probe(words: tuple[Word, ...]) -> Probe | None:
    """The container that a waiting command talks to; None when it cannot be told."""
    texts = [word.text for word in words]
    if not texts or texts[0].rpartition("/")[2] not in _TOOLS:
        return None
    for index, text in enumerate(texts[1:], 1):
        if match := _URL.match(text):
            return Probe(match[1])
        if _HOST_OPTION.match(text) and index + 1 < len(texts):
            return Probe(texts[index + 1])
        host, colon, port = text.partition(":")
        if not text.startswith("-") and (port.isdigit() if colon else not text.isdigit()):
            return Probe(host)
    return None
