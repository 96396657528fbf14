"""Host paths in words: `${PWD}`, the folder the script is started in, is `.` where Compose reads a path."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tocompose.importers.docker_run.invocation import Argument

# Flags whose value is, or starts with, a path on the host.
_FLAGS = (
    "--volume",
    "--mount",
    "--env-file",
    "--file",
    "--label-file",
    "--cidfile",
    "--build-context",
    "--secret",
)
_SHORT = ("-v", "-f")
_START = re.compile(r"^(\$\{\w+:?-)?\$\{PWD\}(?=[/:,}]|$)")
_INSIDE = re.compile(r"(?<=[=,])\$\{PWD\}(?=[/:,]|$)")


def _dot(match: re.Match[str]) -> str:
    return f"{match[1] or ''}."


def relative_host_paths(
    words: tuple[Argument, ...], verb: tuple[str, ...]
) -> tuple[Argument, ...]:
    """The words with `${PWD}` at the start of a host path written as `.`; elsewhere it stays, for it is absolute."""
    return tuple(_relative_arguments(words, verb))


def _relative_arguments(
    words: tuple[Argument, ...], verb: tuple[str, ...]
) -> Iterator[Argument]:
    before = ""
    for word in words:
        text = word.text
        if "${PWD}" in text:
            word = word.with_text(_relative_text(text, before, verb))
        yield word
        before = text


def _relative_text(text: str, before: str, verb: tuple[str, ...]) -> str:
    flag, equals, value = text.partition("=")
    if before in ("--mount", "--secret", "--security-opt"):
        return _INSIDE.sub(".", text) if before != "--mount" else _relative_sources(text)
    if before in _FLAGS or before in _SHORT:
        return _START.sub(_dot, text, count=1)
    if equals and flag in _FLAGS:
        return f"{flag}={_relative_sources(value) if flag == '--mount' else _START.sub(_dot, value, count=1)}"
    if text[:2] in _SHORT and _START.match(text[2:]):
        return text[:2] + _START.sub(_dot, text[2:], count=1)
    if verb in (("build",), ("cp",)) and not before.startswith("-"):
        return _START.sub(_dot, text, count=1) if _START.match(text) else text
    return text


def _relative_sources(mount: str) -> str:
    return re.sub(r"((?:^|,)(?:source|src)=)\$\{PWD\}(?=[/,]|$)", r"\1.", mount)
