"""Finds the units of a source: by ending and group, in files of their own or several in one, with their drop-ins."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tocompose.importers.quadlet.tables import field_tables, is_list_of_words
from tocompose.importers.quadlet.units import QuadletUnit, UnitKind
from tocompose.ledger import Cursor, Ledger
from tocompose.notes import note
from tocompose.patterns import regex
from tocompose.project import Project
from tocompose.readers import systemd
from tocompose.readers.reading import encoding_oddities, in_utf8, zeros
from tocompose.readers.templates import with_shell_variables
from tocompose.readers.text import Text, decode
from tocompose.readers.unit_headers import MendedHeaders, mend_headers
from tocompose.repository import note_oddities

_KINDS = {kind.value.lower(): kind for kind in UnitKind}
_GROUP = regex(r"^[ \t]*\[(?:X-)?(\w+)\][ \t]*\r?$", re.MULTILINE)
_BUNDLE = "quadlets"
_DIVIDER = regex(r"^---[ \t]*\r?$", re.MULTILINE)
_FILE_NAME = regex(r"^[ \t]*#[ \t]*FileName=([\w@.-]+)", re.MULTILINE)
_OF_ANY_UNIT = frozenset({"Unit", "Install", "Service"})
_STARTING = frozenset({UnitKind.CONTAINER, UnitKind.KUBE})


def unit_files(project: Project) -> tuple[str, ...]:
    """The files with units and their timers; empty where none of them starts anything."""
    kinds = {path: tuple(_kinds_of(project, path)) for path in project.files()}
    units = [path for path, unit_kinds in kinds.items() if unit_kinds]
    if not any(_STARTING & set(kinds[path]) for path in units):
        return ()
    stems = {path.rpartition(".")[0] for path in units}
    timers = [
        path
        for path in project.files()
        if path.endswith(".timer") and path.removesuffix(".timer") in stems
    ]
    return tuple(sorted({*units, *timers}))


def _kinds_of(project: Project, path: str) -> Iterator[UnitKind]:
    """The kinds of the units that a file holds, by its ending and its groups."""
    ending = path.rpartition(".")[2]
    if ending not in _KINDS and ending != _BUNDLE:
        return
    groups = set(_GROUP.findall(_text_of(project, path).text))
    for name, kind in _KINDS.items():
        is_own = kind.value in groups or (kind not in _STARTING and groups <= _OF_ANY_UNIT)
        if (ending == name and is_own) or (ending == _BUNDLE and kind.value in groups):
            yield kind


def why_no_unit(project: Project) -> str:
    """Which file has no group that makes a unit of it; empty where all have one."""
    for path in project.files():
        kind = _KINDS.get(path.rpartition(".")[2])
        if kind is not None and not tuple(_kinds_of(project, path)):
            return (
                f"{path}: it has no section [{kind.value}], so Quadlet makes no unit of it"
            )
    return ""


def read_units(project: Project, ledger: Ledger) -> tuple[QuadletUnit, ...]:
    """Every unit, its drop-ins behind it; a template beside its instances only gives them its text."""
    texts = dict(_unit_texts(project))
    return tuple(
        _read_unit(name, path, text, project, ledger)
        for (path, name), text in texts.items()
        if not _has_instances(name, (other_unit for _, other_unit in texts))
    )


def read_timers(project: Project, ledger: Ledger) -> dict[str, Cursor]:
    """The timers beside the units, by the unit that each starts when it names none."""
    return {
        f"{_file_name(path).removesuffix('.timer')}.service": ledger.open(
            systemd.read(_text_of(project, path), is_list_of_words, lenient=True)
        )
        for path in unit_files(project)
        if path.endswith(".timer")
    }


def _has_instances(name: str, names: Iterable[str]) -> bool:
    """Whether a template (`x@.container`) stands beside an instance of it (`x@a.container`)."""
    prefix, at, ending = name.partition("@.")
    return bool(at) and any(
        other_unit != name
        and other_unit.startswith(f"{prefix}@")
        and other_unit.endswith(f".{ending}")
        for other_unit in names
    )


def _unit_texts(project: Project) -> Iterator[tuple[tuple[str, str], Text]]:
    for path in unit_files(project):
        if path.endswith(f".{_BUNDLE}"):
            yield from _bundled_texts(_text_of(project, path))
        elif not path.endswith(".timer"):
            yield (path, _file_name(path)), _text_of(project, path)


def _bundled_texts(source: Text) -> Iterator[tuple[tuple[str, str], Text]]:
    """The units of a file of several, which lines of `---` divide and comments name."""
    ends = [(match.start(), match.end()) for match in _DIVIDER.finditer(source.text)]
    starts = [0, *(end for _, end in ends)]
    for start, end in zip(
        starts, [*(end for end, _ in ends), len(source.text)], strict=True
    ):
        drop_in_path = source.cut(start, end)
        groups = _GROUP.findall(drop_in_path.text)
        kind = next((kind for kind in UnitKind if kind.value in groups), None)
        if kind is not None:
            name = _FILE_NAME.search(drop_in_path.text)
            stem = name[1] if name else _file_name(source.file).rpartition(".")[0]
            yield (source.file, f"{stem}.{kind.value.lower()}"), drop_in_path


def _read_unit(
    name: str, path: str, text: Text, project: Project, ledger: Ledger
) -> QuadletUnit:
    folder = path.rpartition("/")[0]
    kind = _KINDS[name.rpartition(".")[2]]
    unit_parts = [
        text,
        *(
            _text_of(project, drop_in_path)
            for drop_in_path in _drop_ins(project, folder, name)
        ),
    ]
    cursors = [
        ledger.open(systemd.read(drop_in_path, is_list_of_words, lenient=True))
        for drop_in_path in unit_parts
    ]
    sections = tuple(section for cursor in cursors for section in cursor)
    return QuadletUnit(kind, path, name, sections, cursors[0].span)


def _drop_ins(project: Project, folder: str, name: str) -> Iterator[str]:
    """The drop-ins of a unit in the order of their names; of one name the folder that is nearest to the unit counts."""
    by_name: dict[str, str] = {}
    for drop_in_folder in reversed(tuple(_drop_in_folders(name))):
        for path in project.below(
            f"{folder}/{drop_in_folder}" if folder else drop_in_folder
        ):
            if path.endswith(".conf"):
                by_name[_file_name(path)] = path
    yield from (by_name[file_name] for file_name in sorted(by_name))


def _drop_in_folders(name: str) -> Iterator[str]:
    """The folders of drop-ins, the nearest first: of the unit, its template, each prefix with a dash, its kind."""
    stem, _, ending = name.rpartition(".")
    yield f"{name}.d"
    if "@" in stem:
        yield f"{stem.partition('@')[0]}@.{ending}.d"
    dashes = [index for index, char in enumerate(stem) if char == "-"]
    for index in reversed(dashes):
        yield f"{stem[: index + 1]}.{ending}.d"
    yield f"{ending}.d"


def _text_of(project: Project, path: str) -> Text:
    """The text of a file, what a tool would put in (`{{ … }}`) as variables, its headers as they are meant."""
    return _mended(project, path).text


def _mended(project: Project, path: str) -> MendedHeaders:
    content = in_utf8(project.read(path) or b"").replace(b"\0", b"")
    text = with_shell_variables(Text(path, decode(content) or ""))
    return mend_headers(text, field_tables())


def note_faults(project: Project, ledger: Ledger) -> None:
    """Says of each file which headers were taken for others, and how its characters are written."""
    for path in project.files():
        if path.rpartition(".")[2] not in (*_KINDS, _BUNDLE):
            continue
        content = project.read(path) or b""
        note_oddities(
            ledger, "unit", (*encoding_oddities(content, path), *zeros(content, path))
        )
        for fault in _mended(project, path).faults:
            fault_note = note("TC016", fault.span, line=fault.line, section=fault.section)
            ledger.add_note(fault_note)


def _file_name(path: str) -> str:
    return path.rpartition("/")[2]
