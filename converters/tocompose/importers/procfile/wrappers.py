"""Programs of a buildpack in front of a command (`bin/start-nginx puma`), which no image has."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tocompose.importers.procfile.processes import Found
from tocompose.importers.procfile.repository import Repository
from tocompose.tables import load

_WRAPPED = re.compile(r"(?:exec\s+)?((?:\S*/)?([\w.-]+))\s+(?:--\s+)?(\S.*)", re.DOTALL)


def without_wrappers(repository: Repository, found: Iterable[Found]) -> tuple[Found, ...]:
    """The processes, each running the command behind the buildpack's program, where the repository has none such."""
    if repository.project.read("Dockerfile") is not None:
        return tuple(found)
    return tuple(_without(repository, item) for item in found)


def _without(repository: Repository, item: Found) -> Found:
    match = _WRAPPED.fullmatch(item.text.strip())
    row = load("wrappers").get(match[2]) if match else None
    if (
        match is None
        or row is None
        or repository.project.read(match[1].removeprefix("./")) is not None
    ):
        return item
    facts = {"name": item.type, "wrapper": match[2], "what": row["what"]}
    repository.say(
        "TC384",
        item.cursor.span if item.cursor else None,
        subject=f"services.{item.type}.command",
        **facts,
    )
    return _without(repository, item._replace(text=match[3]))
