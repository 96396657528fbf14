"""Process types: what each is called, what it runs, and what its name says about how it runs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from tocompose.importers.procfile.repository import Repository
from tocompose.ledger import Cursor
from tocompose.source import Span
from tocompose.syntax.names import identifier, unique
from tocompose.tables import Row, table


class Process(NamedTuple):
    """One process type; `cursor` is where its command stands (falsy for one that a buildpack supplies).

    `kind` is a row of process_types.yaml; `image` the key of heroku.yml's images, empty for the one image of the app.
    """

    type: str
    service: str
    cursor: Cursor
    text: str
    kind: str
    image: str = ""
    publishes: bool = False
    quantity: int | None = None

    @property
    def span(self) -> Span | None:
        """Where its command stands; None for one that a buildpack supplies."""
        return self.cursor.span if self.cursor else None

    @property
    def traits(self) -> Row:
        """What its kind means: `once`, `single`, `profile`, `terminal`, `publishes`, `role`."""
        return kinds()[self.kind]


def kinds() -> dict[str, Row]:
    """The table of process types."""
    optional = {"once", "single", "profile", "terminal", "publishes"}
    return dict(table("process_types", required={"match", "role"}, optional=optional))


def kind_of(name: str) -> str:
    """The first row of process_types.yaml that fits the name."""
    plain = name.lower().replace("_", "-")
    return next(
        kind
        for kind, row in kinds().items()
        if re.fullmatch(row["match"], plain, re.DOTALL)
    )


class Found(NamedTuple):
    """A process type as a source states it, before it has a service's name."""

    type: str
    cursor: Cursor
    text: str
    image: str = ""
    quantity: int | None = None


def of_procfile(tree: Cursor) -> tuple[Found, ...]:
    """The processes of an opened Procfile; of duplicates the last counts, as on the platform."""
    lines = list(tree)
    last = {line.key: index for index, line in enumerate(lines) if line.style == "process"}
    found = []
    for index, line in enumerate(lines):
        if last.get(line.key) == index:
            found.append(Found(line.key, line, _unended(line.peek() or "")))
        else:
            _set_aside(line)
    return tuple(found)


def _unended(text: str) -> str:
    """The command without a backslash at its end, which the shell drops; behind it a further word would be escaped."""
    odd = (len(text) - len(text.rstrip("\\"))) % 2
    return text[:-1].rstrip() if odd else text


def _set_aside(cursor: Cursor) -> None:
    """Settles a line that gives no process; the reader's oddity has said why."""
    codes = {"process": "TC305", "empty": "TC307"}
    cursor.noted(codes.get(cursor.style, "TC309"))


def named(
    repository: Repository, found: Iterable[Found], taken: set[str]
) -> tuple[Process, ...]:
    """The processes with their services' names: lower case, as image and host names must be, each name once."""
    processes = tuple(_named(repository, item, taken) for item in found)
    return _with_publisher(processes)


def _named(repository: Repository, found: Found, taken: set[str]) -> Process:
    service = unique(identifier(found.type), taken)
    if service != found.type:
        repository.say(
            "TC304",
            found.cursor.span if found.cursor else None,
            subject=f"services.{service}",
            name=found.type,
            service=service,
        )
    return Process(
        type=found.type,
        service=service,
        cursor=found.cursor,
        text=found.text,
        kind=kind_of(found.type),
        image=found.image,
        quantity=found.quantity,
    )


def _with_publisher(processes: tuple[Process, ...]) -> tuple[Process, ...]:
    """Marks the process that the platform's router reaches: `web`, and no other."""
    return tuple(
        item._replace(publishes=bool(item.traits.get("publishes"))) for item in processes
    )


def texts(processes: Iterable[Process]) -> Iterator[str]:
    """All commands."""
    return (item.text for item in processes)
