"""How many of each process type run, and how large: app.json, DOKKU_SCALE, process managers' options."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from tocompose.importers.procfile.processes import Process
from tocompose.ledger import Cursor
from tocompose.model import Limits, ResourceLimits
from tocompose.patterns import regex
from tocompose.readers.dotenv import read_dotenv
from tocompose.readers.reading import read_lines
from tocompose.readers.yaml import yaml_cursors
from tocompose.record import NamedTuple
from tocompose.repository import Repository
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.units import is_whole_number
from tocompose.tables import Row, table

# In `.foreman` and in `.overmind.env`.
_FORMATION_KEYS = ("formation", "concurrency", "OVERMIND_FORMATION")
_PORT_KEYS = ("port", "OVERMIND_PORT")
_ONCE_KINDS = ("release", "postdeploy")
_PAIR = regex(r"\s*([A-Za-z0-9_-]+)\s*[=:]\s*(\d{1,9})\s*")


class Scale(NamedTuple):
    """What the source says about a process type's dynos; cursors are falsy where it says nothing."""

    quantity: Cursor
    size: Cursor


class ProcessSize(NamedTuple):
    """A process type's replicas (None: one, unsaid) and resources."""

    quantity: int | None
    resources: ResourceLimits


def parse_pairs(text: str) -> dict[str, int]:
    """`all=1,web=2` as numbers by type; parts of another form are left out."""
    matches = map(_PAIR.fullmatch, text.split(","))
    return {match[1]: int(match[2]) for match in matches if match}


def read_scales(repository: Repository, formation: Cursor) -> dict[str, Scale]:
    """The formation of app.json (a map, or a list with `process`), and DOKKU_SCALE where app.json has none."""
    scales = dict(_read_app_formation(formation))
    for line in repository.open("DOKKU_SCALE", read_lines, "lines"):
        match = _PAIR.fullmatch(line.peek() or "")
        if match is None:
            line.note("TC315", what=f"{line.key} of DOKKU_SCALE", wanted="name=number")
        elif match[1] in scales:
            line.skip("app.json has a formation for this type, and Dokku prefers it")
        else:
            scales[match[1]] = Scale(line, line.at("size"))
    return scales


def scaled_types(formation: Cursor) -> tuple[str, ...]:
    """The process types that app.json's formation names."""
    if formation.kind != "list":
        return formation.keys()
    return tuple(_listed_type(dyno) for dyno in formation)


def _listed_type(dyno: Cursor) -> str:
    return dyno.peek("process") or dyno.peek("type") or ""


def keep_existing(scales: dict[str, Scale], names: Mapping[str, str]) -> dict[str, Scale]:
    """The scales of the process types that exist; the others are noted."""
    result = {}
    for name, scale in scales.items():
        if name in names:
            result[name] = scale
            continue
        for cursor in (scale.quantity, scale.size):
            if cursor:
                cursor.note("TC340", what=f"formation.{name}", name=name)
    return result


def _read_app_formation(formation: Cursor) -> Iterator[tuple[str, Scale]]:
    for dyno in formation:
        name = dyno.key if formation.kind == "map" else _listed_type(dyno)
        if dyno.kind == "leaf":
            yield name, Scale(dyno, dyno.at("size"))
            continue
        for key in ("process", "type"):
            if formation.kind == "list" and dyno.at(key):
                dyno.at(key).skip("a name that other entries refer to")
        yield name, Scale(dyno.at("quantity"), dyno.at("size"))
        _note_extras(dyno, name)


def _note_extras(dyno: Cursor, name: str) -> None:
    """Dokku's own keys, which have no counterpart in a single-host Compose file."""
    for key in ("max_parallel", "autoscaling", "service"):
        if dyno.at(key):
            dyno.at(key).note("TC364", what=f"formation.{name}.{key}")


def settle_size(
    process: Process, scale: Scale | None, repository: Repository
) -> ProcessSize:
    """The replicas and limits of a process type, its formation settled."""
    if scale is None:
        return ProcessSize(process.quantity, ResourceLimits())
    return ProcessSize(
        _settle_quantity(process, scale.quantity, repository),
        _settle_resources(process, scale.size),
    )


def _settle_quantity(
    process: Process, cursor: Cursor, repository: Repository
) -> int | None:
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
    path = ModelPath.service(process.service)
    if number == 0:
        cursor.take(to=path.child("profiles"))
    elif process.traits.get("single") and number > 1:
        cursor.note("TC324", subject=path, name=process.type, number=number)
        return 1
    elif process.traits.get("once") or process.traits.get("profile"):
        cursor.skip("the platform runs this type on its own occasion, whatever its number")
        return None
    elif number == 1:
        cursor.skip("Compose runs one by default")
        return None
    else:
        cursor.take(to=path.child("deploy", "replicas"))
    return number


def dyno_sizes() -> dict[str, Row]:
    """Dyno sizes by every name they have had."""
    rows = table("dynos", required={"quota", "kill"}, optional={"aliases", "default"})
    return {
        name: row for key, row in rows.items() for name in (key, *row.get("aliases", ()))
    }


def dyno_row(size: str) -> Row | None:
    """The row of a dyno size; None for one that the platform does not have."""
    return dyno_sizes().get(size.lower()) or _parse_fir_size(size.lower())


def _settle_resources(process: Process, cursor: Cursor) -> ResourceLimits:
    text = cursor.peek()
    if text is None or cursor.style == "null":
        cursor.skip("no size is given")
        return ResourceLimits()
    path = ModelPath.service(process.service, "deploy", "resources")
    row = dyno_row(text)
    if row is None:
        cursor.note("TC328", what=f"formation.{process.type}.size")
        return ResourceLimits()
    if row.get("default"):
        cursor.note("TC327", subject=path, size=text, quota=row["quota"], name=process.type)
        return ResourceLimits()
    cursor.take(to=path.child("limits", "memory"))
    cursor.annotate(
        "TC326",
        subject=path,
        size=text,
        quota=row["quota"],
        kill=row["kill"],
        name=process.type,
    )
    return ResourceLimits(
        limits=Limits(memory=row["kill"]), reservations=Limits(memory=row["quota"])
    )


def _parse_fir_size(size: str) -> Row | None:
    """Fir's sizes carry their memory in their name: `dyno-2c-4gb`."""
    match = re.fullmatch(r"dyno-(?:[\d.]+c-)?(\d{1,4}(?:\.\d{1,4})?)gb", size)
    if match is None:
        return None
    memory = (
        f"{match[1]}G" if is_whole_number(match[1]) else f"{int(float(match[1]) * 1024)}M"
    )
    return {"quota": memory, "kill": memory}


# --- settings files of process managers --------------------------------------------------------------------------


def read_quantities(repository: Repository) -> dict[str, tuple[int, Cursor]]:
    """How many run by `.foreman` (YAML) and `.overmind.env`: by process type, with the cursor that each stands at."""
    quantities: dict[str, tuple[int, Cursor]] = {}
    for setting in _quantity_settings(repository):
        if setting.key in _FORMATION_KEYS and setting.kind == "leaf":
            numbers = parse_pairs(setting.peek() or "")
            if not numbers:
                setting.note("TC315", what=setting.key, wanted="name=number,…")
            elif not set(numbers) - set(quantities):
                setting.skip("another settings file names these numbers")
            for name, number in numbers.items():
                quantities.setdefault(name, (number, setting))
        elif setting.key in _PORT_KEYS:
            setting.skip(
                "it is the first port on the developer's own machine; WEB_PORT chooses that here"
            )
        else:
            setting.note("TC370", what=f"{setting.span.file}: {setting.key}")
    return quantities


def _quantity_settings(repository: Repository) -> Iterator[Cursor]:
    content = repository.project.read(".foreman")
    if content is not None:
        for document in yaml_cursors(content, ".foreman", repository.ledger):
            if document.kind == "map":
                yield from document
            else:
                document.note("TC315", what=".foreman", wanted="a map")
    for line in repository.open(".overmind.env", read_dotenv, "lines"):
        if line.key.startswith("OVERMIND_"):
            yield line
        else:
            line.note("TC370", what=f".overmind.env: {line.key}")


def apply_quantities(
    quantities: Mapping[str, tuple[int, Cursor]],
    processes: tuple[Process, ...],
    scaled_elsewhere: frozenset[str],
) -> tuple[Process, ...]:
    """The processes with the quantities of the settings files.

    The platforms do not read them, so what app.json or DOKKU_SCALE says about the same process type goes before.
    """
    result = []
    for process in processes:
        quantity = quantities.get(process.type) or quantities.get("all")
        is_fixed = process.type in scaled_elsewhere or process.kind in _ONCE_KINDS
        if quantity is None or is_fixed:
            result.append(process)
            continue
        number, setting = quantity
        path = ModelPath.service(process.service)
        if number != 1:
            setting.take(
                to=path.child("profiles")
                if number == 0
                else path.child("deploy", "replicas")
            )
        result.append(process._replace(quantity=None if number == 1 else number))
    for _, setting in quantities.values():
        setting.skip(
            "it changes no number: Compose runs one by default, or app.json goes before"
        )
    return tuple(result)
