"""The plan of a repository: its applications, the format that each is converted from, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tocompose.batch.checkout import Checkout, Journal
from tocompose.batch.rules import rules
from tocompose.batch.scan import Scan, few
from tocompose.importers import Importer, Settings, importers
from tocompose.importers.preference import place, ranks
from tocompose.notes import Note, note
from tocompose.record import replace
from tocompose.suggestion import suggested


class Evidence(NamedTuple):
    """What one importer found in an application: its name, the files, and its place in the order of formats."""

    importer: str
    files: tuple[str, ...]
    rank: int

    @property
    def weak(self) -> bool:
        """Whether it only shows how something could be started."""
        return ranks()[self.rank].weak


class Application(NamedTuple):
    """A folder (relative, empty for the repository itself) with its own files and what was found in them, best first.

    `present` is a compose file that covers it already.
    """

    folder: str
    files: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    present: str = ""


class Plan(NamedTuple):
    """The applications to convert, those that have a compose file already, and what to tell about the choice."""

    applications: tuple[Application, ...]
    present: tuple[Application, ...]
    notes: tuple[Note, ...]


class Wishes(NamedTuple):
    """What the user says about planning: formats to prefer, the only format, whether existing compose files count."""

    prefer: tuple[str, ...] = ()
    source: str | None = None
    convert_existing: bool = False


def plan(top: Path, found: Scan, journal: Journal, wishes: Wishes) -> Plan:
    """What is converted in the repository at `top`, and why; reads the files that importers ask for."""
    every = [
        _examined(top, folder, files, journal, wishes)
        for folder, files in _applications(found.files)
    ]
    every = [
        item._replace(present=_present(item, found.files, top, journal)) for item in every
    ]
    wanted = [item for item in every if item.evidence]
    main, aside = _apart(wanted)
    main = _without_weak(main)
    chosen = [item for item in main if wishes.convert_existing or not item.present]
    covered = [
        item
        for item in every
        if item.present and item not in chosen and (item in main or not item.folder)
    ]
    notes = [*_told_present(covered), *_told_several(chosen, top), *_told_asides(aside)]
    return Plan(tuple(chosen), tuple(covered), tuple(notes))


def check_formats(names: Iterable[str]) -> None:
    """Raises ValueError, with what was perhaps meant, for a format that no importer has."""
    known = sorted(item.name for item in _importers())
    for name in names:
        if name not in known:
            hint = suggested(name, known, f"the formats are {', '.join(known)}")
            raise ValueError(f"unknown format {name!r}: {hint}")


def check_options(names: Iterable[str], source: str | None) -> None:
    """Raises ValueError for an option that no importer knows, or not the one that everything is converted with."""
    asked = [item for item in _importers() if source in (None, item.name)]
    if any(getattr(item, "options", None) is None for item in asked):
        return
    known = sorted({name for item in asked for name in getattr(item, "options", {})})
    for name in names:
        if name not in known:
            there = suggested(name, known, f"there are {', '.join(known) or 'none'}")
            raise ValueError(
                f"{source or 'no format'} has {'no' if source else 'an'} option {name!r}: {there}"
            )


def own_settings(settings: Settings, name: str) -> Settings:
    """The settings without the options that are meant for other importers than the one of that name."""
    known = next(
        (getattr(item, "options", None) for item in _importers() if item.name == name), None
    )
    if known is None:
        return settings
    return replace(
        settings,
        options={key: value for key, value in settings.options.items() if key in known},
    )


def checkout(
    top: Path, application: Application, journal: Journal, allowed: tuple[str, ...] = ()
) -> Checkout:
    """The application's files as a project."""
    return Checkout(top, application.folder, application.files, journal, allowed)


def _applications(files: Iterable[str]) -> list[tuple[str, tuple[str, ...]]]:
    """Every folder that is an application of its own with the files that belong to it, the repository itself first."""
    every = tuple(files)
    marked = {
        _parent(path) for path in every if path.rpartition("/")[2] in rules().applications
    }
    charts = {_parent(path) for path in every if path.rpartition("/")[2] == "Chart.yaml"}
    roots = {
        folder for folder in marked if not any(above in charts for above in _above(folder))
    } | {""}
    roots |= {
        folder
        for path in every
        for folder in _above(path)
        if _is_aside(folder) and _parent(folder) in roots
    }
    owned: dict[str, list[str]] = defaultdict(list)
    for path in every:
        folder = _parent(path)
        owner = (
            folder
            if folder in roots
            else next((above for above in _above(folder) if above in roots), "")
        )
        owned[owner].append(path)
    return [(folder, tuple(owned[folder])) for folder in sorted(owned)]


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _is_aside(folder: str) -> bool:
    return folder.rpartition("/")[2] in rules().asides


def _above(folder: str) -> Iterator[str]:
    """The folders above one, the nearest first, the repository itself (empty) last."""
    while folder:
        folder = folder.rpartition("/")[0]
        yield folder


def _examined(
    top: Path, folder: str, files: tuple[str, ...], journal: Journal, wishes: Wishes
) -> Application:
    project = Checkout(top, folder, files, journal)
    asked = (item for item in _importers() if wishes.source in (None, item.name))
    claimed = ((item.name, sources) for item in asked if (sources := item.sniff(project)))
    found = [Evidence(name, sources, place(name, sources)) for name, sources in claimed]
    return Application(
        folder, files, tuple(sorted(found, key=lambda item: _order(item, wishes)))
    )


@cache
def _importers() -> tuple[Importer, ...]:
    """Every importer, looked for once a process: asking for plugins reads the metadata of all packages."""
    return tuple(importers())


def _order(item: Evidence, wishes: Wishes) -> tuple[int, int]:
    preferred = (
        wishes.prefer.index(item.importer)
        if item.importer in wishes.prefer
        else len(wishes.prefer)
    )
    return preferred, item.rank


def _present(item: Application, files: tuple[str, ...], top: Path, journal: Journal) -> str:
    """The compose file in the application's folder, or one above it that speaks of that folder."""
    names = rules().compose
    own = [f"{item.folder}/{name}" if item.folder else name for name in names]
    if found := next((path for path in own if path in files), ""):
        return found
    whole = Checkout(top, "", files, journal)
    for above in _above(item.folder):
        relative = item.folder[len(above) + 1 :] if above else item.folder
        for name in names:
            path = f"{above}/{name}" if above else name
            if path in files and relative.encode("utf-8", "surrogateescape") in (
                whole.read(path) or b""
            ):
                return path
    return ""


def _apart(every: list[Application]) -> tuple[list[Application], list[Application]]:
    """Those that count, and those in folders of examples and tests beside them."""
    aside = [item for item in every if rules().asides & set(item.folder.split("/"))]
    main = [item for item in every if item not in aside]
    return (main, aside) if main else (aside, [])


def _without_weak(every: list[Application]) -> list[Application]:
    """Where an application says how it runs, folders that could merely be run are libraries and the like."""
    strong = [item for item in every if not item.evidence[0].weak]
    return strong or [item for item in every if not item.folder] or every


def _name(folder: str) -> str:
    return folder or "the repository"


def _told_present(covered: list[Application]) -> Iterator[Note]:
    for item in covered:
        own = _parent(item.present) == item.folder
        covers = "" if own else ", as it speaks of this folder"
        yield note(
            "TC811",
            subject=f"files.{item.present}",
            where=_name(item.folder),
            file=item.present,
            covers=covers,
        )


def told_rivals(item: Application, name: str) -> Iterator[Note]:
    """What to say where several formats describe the application: which was taken, and why."""
    if len(item.evidence) > 1:
        first, *others = item.evidence
        yield note(
            "TC810",
            where=_name(item.folder),
            taken=f"{first.importer} ({few(first.files)})",
            because=ranks()[first.rank].because,
            others="; ".join(f"{other.importer} ({few(other.files)})" for other in others),
            folder=item.folder or name,
            other=others[0].importer,
        )


def _told_several(chosen: list[Application], top: Path) -> Iterator[Note]:
    if len(chosen) > 1:
        folders = few(item.folder or "the repository itself" for item in chosen)
        yield note("TC813", count=len(chosen), folders=folders, folder=top.name)


def _told_asides(aside: list[Application]) -> Iterator[Note]:
    if aside:
        yield note("TC816", paths=few(item.folder for item in aside))
