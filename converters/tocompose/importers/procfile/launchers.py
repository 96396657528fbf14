"""Settings files of process managers: `.foreman` (YAML), `.overmind.env`; they say how many run, and from which port.

The platforms do not read them, so what app.json or DOKKU_SCALE says about the same process type goes before.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tocompose.importers.procfile.formation import pairs
from tocompose.importers.procfile.processes import Process
from tocompose.importers.procfile.repository import Repository
from tocompose.ledger import Cursor
from tocompose.readers.dotenv import read_dotenv

_FORMATION = ("formation", "concurrency", "OVERMIND_FORMATION")
_PORT = ("port", "OVERMIND_PORT")


class Launcher(NamedTuple):
    """What the files say: quantities by process type, with the cursor that each stands at."""

    quantities: dict[str, tuple[int, Cursor]]


def read(repository: Repository) -> Launcher:
    """The settings files of the repository."""
    quantities: dict[str, tuple[int, Cursor]] = {}
    for entry in _entries(repository):
        if entry.key in _FORMATION and entry.kind == "leaf":
            found = pairs(entry.peek() or "")
            if not found:
                entry.note("TC315", what=entry.key, wanted="name=number,…")
            elif not set(found) - set(quantities):
                entry.skip("another settings file names these numbers")
            quantities = {
                **{name: (number, entry) for name, number in found.items()},
                **quantities,
            }
        elif entry.key in _PORT:
            entry.skip(
                "it is the first port on the developer's own machine; WEB_PORT chooses that here"
            )
        else:
            entry.note("TC370", what=f"{entry.span.file}: {entry.key}")
    return Launcher(quantities)


def _entries(repository: Repository) -> Iterator[Cursor]:
    content = repository.project.read(".foreman")
    if content is not None:
        from tocompose.readers.yaml import cursors

        for document in cursors(content, ".foreman", repository.ledger):
            if document.kind == "map":
                yield from document
            else:
                document.note("TC315", what=".foreman", wanted="a map")
    for line in repository.open(".overmind.env", read_dotenv, "lines"):
        if line.key.startswith("OVERMIND_"):
            yield line
        else:
            line.note("TC370", what=f".overmind.env: {line.key}")


def scaled(
    launcher: Launcher, processes: tuple[Process, ...], said: frozenset[str]
) -> tuple[Process, ...]:
    """The processes with the quantities of the files, save for types of which another source says how many run."""
    result = []
    for item in processes:
        number, entry = (
            launcher.quantities.get(item.type)
            or launcher.quantities.get("all")
            or (None, None)
        )
        if (
            number is None
            or entry is None
            or item.type in said
            or item.kind in ("release", "postdeploy")
        ):
            result.append(item)
            continue
        path = f"services.{item.service}"
        if number != 1:
            entry.take(to=f"{path}.profiles" if number == 0 else f"{path}.deploy.replicas")
        result.append(item._replace(quantity=None if number == 1 else number))
    for _, entry in launcher.quantities.values():
        entry.skip(
            "it changes no number: one is what Compose runs, or app.json goes before"
        )
    return tuple(result)
