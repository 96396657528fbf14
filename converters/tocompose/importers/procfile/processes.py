"""Process types: what each is called, what it runs, and what its name says about how it runs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from tocompose.ledger import Cursor
from tocompose.limits import limit
from tocompose.record import NamedTuple
from tocompose.repository import Repository
from tocompose.source import Span
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import identifier, unique_name
from tocompose.tables import Row, table

# By the reader's word for a line: the note that settles it.
_SET_ASIDE = {"process": "TC305", "empty": "TC307"}


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
    quantity: int | None = None

    @property
    def span(self) -> Span | None:
        """Where its command stands; None for one that a buildpack supplies."""
        return self.cursor.span if self.cursor else None

    @property
    def publishes(self) -> bool:
        """Whether the platform's router reaches it: `web`, and no other."""
        return bool(self.traits.get("publishes"))

    @property
    def traits(self) -> Row:
        """What its kind means: `once`, `single`, `profile`, `terminal`, `publishes`, `role`."""
        return process_kinds()[self.kind]


@cache
def process_kinds() -> dict[str, Row]:
    """The table of process types."""
    optional = {"once", "single", "profile", "terminal", "publishes"}
    return dict(table("process_types", required={"match", "role"}, optional=optional))


def kind_of(name: str) -> str:
    """The first row of process_types.yaml that fits the name."""
    name = name.lower().replace("_", "-")
    return next(
        kind
        for kind, row in process_kinds().items()
        if re.fullmatch(row["match"], name, re.DOTALL)
    )


class StatedProcess(NamedTuple):
    """A process type as a source states it, before it has a service's name."""

    type: str
    cursor: Cursor
    text: str
    image: str = ""
    quantity: int | None = None


def of_procfile(tree: Cursor) -> tuple[StatedProcess, ...]:
    """The processes of an opened Procfile; of duplicates the last counts, as on the platform."""
    lines = list(tree)
    last_index = {
        line.key: index for index, line in enumerate(lines) if line.style == "process"
    }
    processes = []
    for index, line in enumerate(lines):
        if last_index.get(line.key) == index:
            text = _without_continuation(line.peek() or "")
            if not text:
                line.note("TC307", name=line.key)
                continue
            processes.append(StatedProcess(line.key, line, text))
        else:
            # It gives no process; the reader's oddity has said why.
            line.mark_noted(_SET_ASIDE.get(line.style, "TC309"))
    return _few_processes(processes)


def _few_processes(processes: list[StatedProcess]) -> tuple[StatedProcess, ...]:
    """The processes up to the limit; a note says where it is reached."""
    most_processes = limit("SERVICES")
    for process in processes[most_processes : most_processes + 1]:
        process.cursor.note(
            "TC025", what=f"the process type {process.type}", most=most_processes
        )
    for process in processes[most_processes + 1 :]:
        process.cursor.mark_noted("TC025")
    return tuple(processes[:most_processes])


def _without_continuation(text: str) -> str:
    """The command without a backslash at its end, which the shell drops; behind it a further word would be escaped."""
    is_odd = (len(text) - len(text.rstrip("\\"))) % 2
    return text[:-1].rstrip() if is_odd else text


def name_services(
    repository: Repository, stated: Iterable[StatedProcess], service_names: set[str]
) -> tuple[Process, ...]:
    """The processes with their services' names: lower case, as image and host names must be, each name once."""
    return tuple(_name_service(repository, process, service_names) for process in stated)


def _name_service(
    repository: Repository, stated: StatedProcess, service_names: set[str]
) -> Process:
    service = unique_name(identifier(stated.type), service_names)
    if service != stated.type:
        repository.add_note(
            "TC304",
            stated.cursor.span if stated.cursor else None,
            subject=ModelPath.service(service),
            name=stated.type,
            service=service,
        )
    return Process(
        type=stated.type,
        service=service,
        cursor=stated.cursor,
        text=stated.text,
        kind=kind_of(stated.type),
        image=stated.image,
        quantity=stated.quantity,
    )
