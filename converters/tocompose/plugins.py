"""What other packages bring, by their entry points: formats, rules, and rows of the tables.

`tocompose.importers` and `tocompose.rules` name objects; `tocompose.tables` names a package with a folder `mappings/`
that holds `notes.yaml`, `images.yaml` and `servers.yaml`, with the columns of ours.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypedDict, TypeVar

from tocompose.patterns import regex
from tocompose.record import NamedTuple
from tocompose.tables import Row, parse, split_documents
from tocompose.type_faults import first_type_fault

IMPORTERS, RULES, TABLES = "tocompose.importers", "tocompose.rules", "tocompose.tables"
# The codes of a package's notes: its own letters, three digits. TC is ours.
NOTE_CODE = regex(r"(?!TC)[A-Z]{2,8}\d{3}")
# What a thing of each group has; of the tables it is a package.
_ATTRIBUTES = {
    IMPORTERS: ("name", "title", "sniff", "read"),
    RULES: ("id", "title", "mend", "judge", "examples"),
    TABLES: ("__file__",),
}
# A requirement of a package: tocompose itself, with the versions that will do.
_TOCOMPOSE_VERSION = regex(r"tocompose\b(?!-)")
_Made = TypeVar("_Made")


class _NeededNoteColumns(TypedDict):
    kind: Literal["lost", "changed", "assumed", "added", "info"]
    title: str
    message: str
    why: str


class NoteRow(_NeededNoteColumns, total=False):
    """The columns of a note; see `notes.explanation`."""

    advice: str
    todo: Literal["value", "data", "make"]
    url: str


# Where an installed package says what it registers.
_ENTRY_POINTS = ("*.dist-info/entry_points.txt", "*.egg-info/entry_points.txt")


class PluginFault(NamedTuple):
    """What is wrong with a package that registers something, as a sentence without its name."""

    package: str
    problem: str

    def __str__(self) -> str:
        """The fault with the package's name."""
        return f"the plug-in {self.package}: {self.problem}"


class PluginError(ValueError):
    """A package that cannot do what was asked of it; the text names it, what is wrong and what to do."""

    def __init__(self, fault: PluginFault) -> None:
        super().__init__(
            f"{fault}. Upgrade or uninstall {fault.package}, or report it to its authors"
        )
        self.fault = fault


def with_faults(message: str, faults: Iterable[PluginFault]) -> str:
    """The message, and behind it a line for each fault that may be why."""
    return "\n".join([message, *(str(PluginError(fault)) for fault in faults)])


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


def contributions(group: str) -> tuple[PluginPart, ...]:
    """What packages register in a group and can be used, sorted by name."""
    return _registered(group)[0]


def load_faults(*groups: str) -> tuple[PluginFault, ...]:
    """What is wrong with things of these groups that cannot be loaded or are not what they should be."""
    return tuple(fault for group in groups for fault in _registered(group)[1])


@cache
def _registered(group: str) -> tuple[tuple[PluginPart, ...], tuple[PluginFault, ...]]:
    plugin_parts, faults = list[PluginPart](), list[PluginFault]()
    if not has_plugins():
        return (), ()
    from importlib.metadata import entry_points

    # The same package may be on the path twice.
    registered = {
        (entry_point.name, _package_of(entry_point)): entry_point
        for entry_point in entry_points(group=group)
    }
    for name in sorted(registered):
        try:
            plugin_parts.append(_load(registered[name], group))
        except PluginError as problem:
            faults.append(problem.fault)
    return tuple(plugin_parts), tuple(faults)


def call_plugin(
    package: str,
    action: str,
    call: Callable[[], _Made],
    passes: tuple[type[Exception], ...] = (),
) -> _Made:
    """What the code of a plug-in gives back. Raises PluginError for all that it raises, save what `passes`.

    An interruption is the user's. The text of an exception may quote the input, so it is not told.
    """
    try:
        return call()
    except KeyboardInterrupt:
        raise
    except PluginError as problem:
        raise PluginError(PluginFault(package, problem.fault.problem)) from problem
    except BaseException as fault:
        if isinstance(fault, passes):
            raise
        fault_place = f"{type(fault).__name__} in {_line_outside(fault)}"
        raise PluginError(
            PluginFault(package, f"{action} failed ({fault_place})")
        ) from fault


def _line_outside(fault: BaseException) -> str:
    """The last file and line on the way to the fault that is not ours."""
    ours = str(Path(__file__).parent)
    file_name, line = "an unknown place", 0
    trace = fault.__traceback__
    while trace is not None:
        frame_file = trace.tb_frame.f_code.co_filename
        if not (line and frame_file.startswith(ours)):
            file_name, line = frame_file, trace.tb_lineno
        trace = trace.tb_next
    return f"{Path(file_name).name}:{line}"


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


def _package_of(entry_point: Any) -> str:
    return str(entry_point.dist.name if entry_point.dist else entry_point.value)


def _load(entry_point: Any, group: str) -> PluginPart:
    package = _package_of(entry_point)
    registration = f"{entry_point.name} = {entry_point.value}"
    try:
        value = entry_point.load()
    except KeyboardInterrupt:
        raise
    except BaseException as fault:
        reason = f"{registration} cannot be loaded: {type(fault).__name__}: {fault}"
        problem = f"{reason}{_wanted_version(entry_point)}"
        raise PluginError(PluginFault(package, problem)) from fault
    if isinstance(value, type):
        problem = f"{registration} is a class; it must name an object of it"
        raise PluginError(PluginFault(package, problem))
    missing = [name for name in _ATTRIBUTES[group] if not hasattr(value, name)]
    if missing:
        problem = f"{registration} has no {', '.join(missing)}"
        raise PluginError(PluginFault(package, problem))
    return PluginPart(package, entry_point.name, value)


def _wanted_version(entry_point: Any) -> str:
    """Which versions of tocompose the package is written for, where it says so."""
    from importlib.metadata import PackageNotFoundError, version

    requirements = (entry_point.dist.requires if entry_point.dist else None) or ()
    requirement_texts = [text for text in requirements if _TOCOMPOSE_VERSION.match(text)]
    try:
        installed = version("tocompose")
    except PackageNotFoundError:
        installed = "this one"
    return (
        f" (it asks for {requirement_texts[0]}, and {installed} is installed)"
        if requirement_texts
        else ""
    )


class BroughtRow(NamedTuple):
    """A row of a table with the package that brings it."""

    package: str
    key: str
    row: Any


@cache
def table_rows(name: str) -> tuple[tuple[BroughtRow, ...], tuple[PluginFault, ...]]:
    """The rows of a table that packages bring, and what is wrong with others; of two with one key the first stays."""
    rows: dict[str, BroughtRow] = {}
    faults: list[PluginFault] = []
    for package, text in _table_texts(name):
        try:
            content = _parse_rows(package, name, text)
        except PluginError as problem:
            faults.append(problem.fault)
            continue
        for key, row in content.items():
            if str(key) in rows:
                problem_text = (
                    f"{name}.yaml: {key} is brought by {rows[str(key)].package} already"
                )
                faults.append(PluginFault(package, problem_text))
            else:
                rows[str(key)] = BroughtRow(package, str(key), row)
    return tuple(rows.values()), tuple(faults)


def _parse_rows(package: str, name: str, text: str) -> Mapping[Any, Any]:
    from yaml import YAMLError

    try:
        rows = parse(text) or {}
    except YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        fault = PluginFault(package, f"{name}.yaml{line} cannot be read as YAML")
        raise PluginError(fault) from problem
    if not isinstance(rows, dict):
        raise PluginError(PluginFault(package, f"{name}.yaml must be a map"))
    return rows


@cache
def table_documents(name: str) -> tuple[tuple[BroughtRow, ...], tuple[PluginFault, ...]]:
    """The documents of a table that packages bring, each with its number as the key, and what is wrong with others."""
    rows, faults = list[BroughtRow](), list[PluginFault]()
    for package, text in _table_texts(name):
        for number, document in enumerate(split_documents(text), 1):
            try:
                row = _parse_rows(package, f"{name}.yaml, row {number}", document)
            except PluginError as problem:
                faults.append(problem.fault)
            else:
                rows.append(BroughtRow(package, str(number), row))
    return tuple(rows), tuple(faults)


def _table_texts(name: str) -> Iterator[tuple[str, str]]:
    for package, _, module in contributions(TABLES):
        path = Path(str(module.__file__)).parent / "mappings" / f"{name}.yaml"
        if path.is_file():
            yield package, path.read_text(encoding="utf-8", errors="replace")


def note_rows() -> Mapping[str, Row]:
    """The notes that packages bring, by code."""
    return _brought_notes()[0]


def note_faults() -> tuple[PluginFault, ...]:
    """What is wrong with notes that packages bring; nobody can say those."""
    return _brought_notes()[1]


@cache
def _brought_notes() -> tuple[Mapping[str, Row], tuple[PluginFault, ...]]:
    rows, faults = table_rows("notes")
    usable: dict[str, Row] = {}
    problems = list(faults)
    for package, code, row in rows:
        if (problem := _note_problem(code, row)) is None:
            usable[code] = row
        else:
            problems.append(PluginFault(package, f"notes.yaml: {problem}"))
    return usable, tuple(problems)


def _note_problem(code: str, row: Any) -> str | None:
    """What is wrong with the note of a package; None for a good one."""
    if not NOTE_CODE.fullmatch(code):
        return (
            f"{code} is no code for the notes of a plug-in: it has two to eight capital letters of its own and "
            "three digits, and does not start with TC"
        )
    if (type_fault := first_type_fault(row, NoteRow, code)) is not None:
        return type_fault
    for column in ("title", "message", "why"):
        if not row[column].strip():
            return f"{code}.{column} is empty"
    for column in ("message", "advice"):
        if not _is_template(row.get(column, "")):
            return f"{code}.{column} is no text with facts in braces, such as {{service}}"
    return None


def _is_template(text: str) -> bool:
    """Whether each pair of braces in the text holds the name of a fact."""
    # Loaded here: without plug-ins nothing needs it.
    from string import Formatter

    try:
        names = [name for _, name, _, _ in Formatter().parse(text) if name is not None]
    except ValueError:
        return False
    return all(name.isidentifier() for name in names)
