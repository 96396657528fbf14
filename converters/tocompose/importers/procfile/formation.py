"""How many of each process type run, and how large: app.json, DOKKU_SCALE, process managers' options."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from tocompose.importers.procfile.processes import Process
from tocompose.importers.procfile.repository import Repository
from tocompose.ledger import Cursor
from tocompose.model import Amounts, Resources
from tocompose.patterns import regex
from tocompose.readers.lines import read_lines
from tocompose.syntax.units import is_whole_number
from tocompose.tables import Row, table

_PAIR = regex(r"\s*([A-Za-z0-9_-]+)\s*[=:]\s*(\d{1,9})\s*")


class Scale(NamedTuple):
    """What the source says about a process type's dynos; cursors are falsy where it says nothing."""

    quantity: Cursor
    size: Cursor


class Sized(NamedTuple):
    """A process type's replicas (None: one, unsaid) and resources."""

    quantity: int | None
    resources: Resources


def pairs(text: str) -> dict[str, int]:
    """`all=1,web=2` as numbers by type; parts of another form are left out."""
    matches = (_PAIR.fullmatch(part) for part in text.split(","))
    return {match[1]: int(match[2]) for match in matches if match}


def scales(repository: Repository, formation: Cursor) -> dict[str, Scale]:
    """The formation of app.json (a map, or a list with `process`), and DOKKU_SCALE where app.json has none."""
    found = dict(_of_app(formation))
    for line in repository.open("DOKKU_SCALE", read_lines, "lines"):
        match = _PAIR.fullmatch(line.peek() or "")
        if match is None:
            line.note("TC315", what=f"{line.key} of DOKKU_SCALE", wanted="name=number")
        elif match[1] in found:
            line.skip("app.json has a formation for this type, and Dokku prefers it")
        else:
            found[match[1]] = Scale(line, line.at("size"))
    return found


def types(formation: Cursor) -> tuple[str, ...]:
    """The process types that app.json's formation names."""
    if formation.kind == "list":
        return tuple(
            entry.peek("process") or entry.peek("type") or "" for entry in formation
        )
    return formation.keys()


def known(found: dict[str, Scale], names: Mapping[str, str]) -> dict[str, Scale]:
    """The scales of the process types that exist; the others are noted."""
    result = {}
    for name, scale in found.items():
        if name in names:
            result[name] = scale
            continue
        for cursor in (scale.quantity, scale.size):
            if cursor:
                cursor.note("TC340", what=f"formation.{name}", name=name)
    return result


def _of_app(formation: Cursor) -> Iterator[tuple[str, Scale]]:
    for entry in formation:
        name = (
            entry.key
            if formation.kind == "map"
            else (entry.peek("process") or entry.peek("type") or "")
        )
        if entry.kind == "leaf":
            yield name, Scale(entry, entry.at("size"))
            continue
        for key in ("process", "type"):
            if formation.kind == "list" and entry.at(key):
                entry.at(key).skip("the name by which the entry is found")
        yield name, Scale(entry.at("quantity"), entry.at("size"))
        _extras(entry, name)


def _extras(entry: Cursor, name: str) -> None:
    """Dokku's own keys, which have no counterpart in a single-host Compose file."""
    for key in ("max_parallel", "autoscaling", "service"):
        if entry.at(key):
            entry.at(key).note("TC364", what=f"formation.{name}.{key}")


def sized(process: Process, scale: Scale | None, repository: Repository) -> Sized:
    """The replicas and limits of a process type, its formation settled."""
    if scale is None:
        return Sized(process.quantity, Resources())
    return Sized(
        _quantity(process, scale.quantity, repository), _resources(process, scale.size)
    )


def _quantity(process: Process, cursor: Cursor, repository: Repository) -> int | None:
    text = cursor.peek()
    if text is None or cursor.style == "null":
        cursor.skip("no number is given")
        return process.quantity
    match = re.fullmatch(r"(?:.*=)?\s*(\d{1,9})\s*", text)
    if match is None:
        cursor.note(
            "TC315", what=f"formation.{process.type}.quantity", wanted="a whole number"
        )
        return process.quantity
    number = int(match[1])
    path = f"services.{process.service}"
    if number == 0:
        cursor.take(to=f"{path}.profiles")
    elif process.traits.get("single") and number > 1:
        cursor.note("TC324", subject=path, name=process.type, number=number)
        return 1
    elif process.traits.get("once") or process.traits.get("profile"):
        cursor.skip("the platform runs this type on its own occasion, whatever its number")
        return None
    elif number == 1:
        cursor.skip("one is what Compose runs")
        return None
    else:
        cursor.take(to=f"{path}.deploy.replicas")
    return number


def sizes() -> dict[str, Row]:
    """Dyno sizes by every name they have had."""
    rows = table("dynos", required={"quota", "kill"}, optional={"aliases", "default"})
    return {
        name: row for key, row in rows.items() for name in (key, *row.get("aliases", ()))
    }


def _resources(process: Process, cursor: Cursor) -> Resources:
    text = cursor.peek()
    if text is None or cursor.style == "null":
        cursor.skip("no size is given")
        return Resources()
    path = f"services.{process.service}.deploy.resources"
    row = sizes().get(text.lower()) or _fir(text.lower())
    if row is None:
        cursor.note("TC328", what=f"formation.{process.type}.size")
        return Resources()
    if row.get("default"):
        cursor.note("TC327", subject=path, size=text, quota=row["quota"], name=process.type)
        return Resources()
    cursor.take(to=f"{path}.limits.memory")
    cursor.remark(
        "TC326",
        subject=path,
        size=text,
        quota=row["quota"],
        kill=row["kill"],
        name=process.type,
    )
    return Resources(
        limits=Amounts(memory=row["kill"]), reservations=Amounts(memory=row["quota"])
    )


def _fir(size: str) -> Row | None:
    """Fir's sizes carry their memory in their name: `dyno-2c-4gb`."""
    match = re.fullmatch(r"dyno-(?:[\d.]+c-)?(\d{1,4}(?:\.\d{1,4})?)gb", size)
    if match is None:
        return None
    memory = (
        f"{match[1]}G" if is_whole_number(match[1]) else f"{int(float(match[1]) * 1024)}M"
    )
    return {"quota": memory, "kill": memory}
