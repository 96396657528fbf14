"""Loops that wait for a container: what they ask, as a health command where it can be one."""

from __future__ import annotations

from itertools import pairwise

from tocompose.importers.docker_run.invocation import Argument
from tocompose.importers.docker_run.options import program_name
from tocompose.patterns import regex
from tocompose.record import NamedTuple
from tocompose.source import Span
from tocompose.tables import load

_URL = regex(r"[a-z]+://([A-Za-z0-9_.-]+)(?::([0-9]+))?")
_HOST_OPTION = regex(r"(?:-h|--host=?)$")


class WaitTarget(NamedTuple):
    """The container that a wait loop asks, the command that it runs in there (empty if outside); where."""

    target: str
    command: tuple[str, ...] = ()
    span: Span | None = None


def find_wait_target(arguments: tuple[Argument, ...]) -> WaitTarget | None:
    """The container that a waiting command talks to; None when it cannot be told."""
    program, *texts = [argument.text for argument in arguments] or [""]
    if program_name(program) not in load("shell")["waiting"]:
        return None
    for text, following in pairwise([*texts, ""]):
        host = following if _HOST_OPTION.match(text) else _named_host(text)
        if host:
            return WaitTarget(host, span=arguments[0].span)
    return None


def _named_host(text: str) -> str:
    """The host of a URL or of `host:port`; empty for an option or a number."""
    if match := _URL.match(text):
        return match[1]
    host, colon, port = text.partition(":")
    is_address = port.isdigit() if colon else not text.isdigit()
    return host if is_address and not text.startswith("-") else ""
