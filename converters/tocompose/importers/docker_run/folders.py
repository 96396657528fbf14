"""Relative paths of a command that runs below the script's own folder (`cd app && docker run -v ./data:/data …`)."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from tocompose.importers.docker_run.facts import Said
from tocompose.model import EnvFile, Mount
from tocompose.record import replace


def below(said: Iterable[Said], directory: str) -> tuple[Said, ...]:
    """The facts with their relative host paths seen from the script's folder."""
    return (
        tuple(said)
        if directory in ("", ".")
        else tuple(_below(one, directory) for one in said)
    )


def _below(one: Said, directory: str) -> Said:
    # `$PWD` and `$(pwd)` were replaced by the folder itself when the script was read.
    if any("pwd" in (source.peek() or "").lower() for source in one.word.sources):
        return one
    value = one.fact.value
    if isinstance(value, Mount) and value.kind == "bind" and value.source:
        return one._replace(
            fact=one.fact._replace(
                value=replace(value, source=place(value.source, directory))
            )
        )
    if isinstance(value, EnvFile):
        return one._replace(
            fact=one.fact._replace(value=replace(value, path=place(value.path, directory)))
        )
    return one


def place(path: str, directory: str) -> str:
    """A path of `directory` as the script's folder sees it; absolute paths, URLs and variables stay."""
    if directory in ("", ".") or path.startswith(("/", "~", "$")) or "://" in path:
        return path
    found = posixpath.normpath(posixpath.join(directory, path))
    return found if found.startswith(("/", "..", "$")) else f"./{found}"
