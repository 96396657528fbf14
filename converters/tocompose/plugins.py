"""What other packages bring, by their entry points: formats, rules, and rows of the tables.

`tocompose.importers` and `tocompose.rules` name objects; `tocompose.tables` names a package with a folder `mappings/`
that holds `notes.yaml`, `images.yaml` and `servers.yaml`, with the columns of ours.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from tocompose.tables import Document, Row, documents, parse, parse_documents

IMPORTERS, RULES, TABLES = "tocompose.importers", "tocompose.rules", "tocompose.tables"
# The codes of a package's notes: its own letters, three digits. TC is ours.
NOTE_CODE = re.compile(r"(?!TC)[A-Z]{2,8}\d{3}")
# What a thing of each group has; of the tables it is a package.
_ATTRIBUTES = {
    IMPORTERS: ("name", "title", "sniff", "read"),
    RULES: ("id", "title", "mend", "judge", "examples"),
    TABLES: ("__file__",),
}
# Where an installed package says what it registers.
_ENTRY_POINTS = ("*.dist-info/entry_points.txt", "*.egg-info/entry_points.txt")


class PluginError(ValueError):
    """A package that cannot be used as it is; the text names it and what is wrong with it."""


class PluginPart(NamedTuple):
    """Something that a package registers: the package, the name that it has there, and the thing itself."""

    package: str
    name: str
    value: Any


@cache
def has_plugins() -> bool:
    """Whether some package on the path registers anything of ours: most often none does, and nothing is imported."""
    for path_entry in dict.fromkeys(sys.path):
        folder = Path(path_entry or ".")
        if folder.is_file():
            # A zip of packages, which only the standard library reads.
            return True
        for pattern in _ENTRY_POINTS:
            if any(_registers(file) for file in folder.glob(pattern)):
                return True
    return False


def _registers(entry_points: Path) -> bool:
    try:
        return b"[tocompose." in entry_points.read_bytes()
    except OSError:
        return False


@cache
def contributions(group: str) -> tuple[PluginPart, ...]:
    """What packages register in a group, sorted by name. Raises PluginError for one that cannot be imported."""
    if not has_plugins():
        return ()
    from importlib.metadata import entry_points

    # The same package may be on the path twice.
    registered = {
        entry_point.name: entry_point for entry_point in entry_points(group=group)
    }
    return tuple(_load(registered[name], group) for name in sorted(registered))


def package_at_fault(fault: BaseException) -> str | None:
    """The package of a plug-in in whose code a fault happened, or which made it happen; None where there is none."""
    if not has_plugins():
        return None
    from importlib.metadata import entry_points

    owners = {
        entry_point.module.partition(".")[0]: _package_of(entry_point)
        for group in (IMPORTERS, RULES)
        for entry_point in entry_points(group=group)
    }
    trace = fault.__traceback__
    while trace is not None:
        module = str(trace.tb_frame.f_globals.get("__name__", ""))
        if (package := owners.get(module.partition(".")[0])) is not None:
            return package
        trace = trace.tb_next
    return None


def with_brought_rules(own_rules: Iterable[Any], position: int) -> tuple[Any, ...]:
    """The rules that mend, those of packages put in at that position. Raises PluginError for an id that is there."""
    rules = [*own_rules]
    ids = {rule.id for rule in rules}
    for part in contributions(RULES):
        if part.value.id in ids:
            raise PluginError(f"the rule {part.value.id} of {part.package} is there twice")
        ids.add(part.value.id)
    brought = [part.value for part in contributions(RULES)]
    rules[position:position] = [rule for rule in brought if rule.mend is not None]
    return tuple(rules)


def brought_judges() -> Iterator[Any]:
    """The rules of packages that can only say what is wrong."""
    return (part.value for part in contributions(RULES) if part.value.mend is None)


def _package_of(entry_point: Any) -> str:
    return str(entry_point.dist.name if entry_point.dist else entry_point.value)


def _load(entry_point: Any, group: str) -> PluginPart:
    package = _package_of(entry_point)
    registration = f"{entry_point.name} = {entry_point.value}"
    try:
        value = entry_point.load()
    except (Exception, SystemExit) as fault:
        raise PluginError(
            f"the plug-in {package} cannot be loaded: {registration}: {type(fault).__name__}: {fault}"
        ) from fault
    if isinstance(value, type):
        raise PluginError(
            f"the plug-in {package}: {registration} is a class; name an object of it"
        )
    missing = [name for name in _ATTRIBUTES[group] if not hasattr(value, name)]
    if missing:
        raise PluginError(
            f"the plug-in {package}: {registration} has no {', '.join(missing)}"
        )
    return PluginPart(package, entry_point.name, value)


@cache
def table_rows(name: str) -> Mapping[str, Row]:
    """The rows of a table that packages bring, by key. Raises PluginError for a key that two of them have."""
    rows: dict[str, Row] = {}
    for package, text in _table_texts(name):
        for key, row in _parse_rows(package, name, text).items():
            if key in rows or not isinstance(row, dict):
                problem = "is there twice" if key in rows else "must be a map"
                raise PluginError(f"the plug-in {package}: {name}.yaml: {key} {problem}")
            rows[str(key)] = row
    return rows


def _parse_rows(package: str, name: str, text: str) -> Mapping[Any, Any]:
    from yaml import YAMLError

    try:
        rows = parse(text) or {}
    except YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        raise PluginError(
            f"the plug-in {package}: {name}.yaml{line} cannot be read as YAML"
        ) from problem
    if not isinstance(rows, dict):
        raise PluginError(f"the plug-in {package}: {name}.yaml must be a map")
    return rows


@cache
def all_documents(name: str, key: str) -> tuple[Document, ...]:
    """The documents of a table, ours before those that packages bring; `key` as in `tables.documents`."""
    brought = (
        document
        for _, text in _table_texts(name)
        for document in parse_documents(name, key, text)
    )
    return (*documents(name, key), *brought)


def _table_texts(name: str) -> Iterator[tuple[str, str]]:
    for package, _, module in contributions(TABLES):
        path = Path(str(module.__file__)).parent / "mappings" / f"{name}.yaml"
        if path.is_file():
            yield package, path.read_text(encoding="utf-8")


@cache
def note_rows() -> Mapping[str, Row]:
    """The notes that packages bring, by code. Raises PluginError for a code that is none, or that misses something."""
    rows = table_rows("notes")
    for code, row in rows.items():
        if not NOTE_CODE.fullmatch(code):
            raise PluginError(
                f"{code} is no code for the notes of a plug-in: it has two to eight capital letters of its own and "
                "three digits, and does not start with TC"
            )
        missing = {"kind", "title", "message", "why"} - row.keys()
        unknown = row.keys() - {"kind", "title", "message", "why", "advice", "todo", "url"}
        if missing or unknown:
            raise PluginError(
                f"the note {code}: unknown columns {sorted(unknown)}, missing columns {sorted(missing)}"
            )
    return rows
