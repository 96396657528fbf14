"""Relative paths of a command that runs below the script's own folder (`cd app && docker run -v ./data:/data …`)."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from tocompose.importers.docker_run.facts import FlagFact
from tocompose.model import EnvFile, Mount
from tocompose.record import replace


def facts_below(facts: Iterable[FlagFact], directory: str) -> tuple[FlagFact, ...]:
    """The facts with their relative host paths seen from the script's folder."""
    return (
        tuple(facts)
        if directory in ("", ".")
        else tuple(_fact_below(fact, directory) for fact in facts)
    )


def _fact_below(fact: FlagFact, directory: str) -> FlagFact:
    # `$PWD` and `$(pwd)` were replaced by the folder itself when the script was read.
    if any("pwd" in (source.peek() or "").lower() for source in fact.argument.sources):
        return fact
    value = fact.fact.value
    if isinstance(value, Mount) and value.kind == "bind" and value.source:
        return fact._replace(
            fact=fact.fact._replace(
                value=replace(value, source=path_below(value.source, directory))
            )
        )
    if isinstance(value, EnvFile):
        return fact._replace(
            fact=fact.fact._replace(
                value=replace(value, path=path_below(value.path, directory))
            )
        )
    return fact


def path_below(path: str, directory: str) -> str:
    """A path of `directory` as the script's folder sees it; absolute paths, URLs and variables stay."""
    if directory in ("", ".") or path.startswith(("/", "~", "$")) or "://" in path:
        return path
    moved = posixpath.normpath(posixpath.join(directory, path))
    return moved if moved.startswith(("/", "..", "$")) else f"./{moved}"
