"""The plan of a repository: its applications, the format that each is converted from, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tocompose.batch.checkout import Checkout, ReadJournal
from tocompose.batch.scan import RepositoryScan, list_few, repository_rules
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


class RepositoryPlan(NamedTuple):
    """The applications to convert, those that have a compose file already, and what to tell about the choice."""

    applications: tuple[Application, ...]
    present: tuple[Application, ...]
    notes: tuple[Note, ...]


class PlanOptions(NamedTuple):
    """What the user says about planning: formats to prefer, the only format, whether existing compose files count."""

    prefer: tuple[str, ...] = ()
    source: str | None = None
    convert_existing: bool = False


def plan_repository(
    top: Path, scanned: RepositoryScan, journal: ReadJournal, wishes: PlanOptions
) -> RepositoryPlan:
    """What is converted in the repository at `top`, and why; reads the files that importers ask for."""
    examined = [
        _examine_application(top, folder, files, journal, wishes)
        for folder, files in _split_applications(scanned.files)
    ]
    examined = [
        application._replace(
            present=_covering_compose_file(application, scanned.files, top, journal)
        )
        for application in examined
    ]
    with_source = [application for application in examined if application.evidence]
    main_applications, example_applications = _set_examples_apart(with_source)
    main_applications = _prefer_strong(main_applications)
    converted = [
        application
        for application in main_applications
        if wishes.convert_existing or not application.present
    ]
    covered = [
        application
        for application in examined
        if application.present
        and application not in converted
        and (application in main_applications or not application.folder)
    ]
    notes = [
        *_covered_notes(covered),
        *_several_applications_note(converted, top),
        *_example_folders_note(example_applications),
    ]
    return RepositoryPlan(tuple(converted), tuple(covered), tuple(notes))


def check_formats(names: Iterable[str]) -> None:
    """Raises ValueError, with what was perhaps meant, for a format that no importer has."""
    format_names = sorted(importer.name for importer in _all_importers())
    for name in names:
        if name not in format_names:
            hint = suggested(
                name, format_names, f"the formats are {', '.join(format_names)}"
            )
            raise ValueError(f"unknown format {name!r}: {hint}")


def check_options(names: Iterable[str], source: str | None) -> None:
    """Raises ValueError for an option that no importer knows, or not the one that everything is converted with."""
    candidates = [
        importer for importer in _all_importers() if source in (None, importer.name)
    ]
    if any(getattr(importer, "options", None) is None for importer in candidates):
        return
    option_names = sorted(
        {name for importer in candidates for name in getattr(importer, "options", {})}
    )
    for name in names:
        if name not in option_names:
            advice = suggested(
                name, option_names, f"there are {', '.join(option_names) or 'none'}"
            )
            raise ValueError(
                f"{source or 'no format'} has {'no' if source else 'an'} option {name!r}: {advice}"
            )


def importer_settings(settings: Settings, name: str) -> Settings:
    """The settings without the options that are meant for other importers than the one of that name."""
    own_options = next(
        (
            getattr(importer, "options", None)
            for importer in _all_importers()
            if importer.name == name
        ),
        None,
    )
    if own_options is None:
        return settings
    return replace(
        settings,
        options={
            key: value for key, value in settings.options.items() if key in own_options
        },
    )


def open_application(
    top: Path, application: Application, journal: ReadJournal, allowed: tuple[str, ...] = ()
) -> Checkout:
    """The application's files as a project."""
    return Checkout(top, application.folder, application.files, journal, allowed)


def _split_applications(files: Iterable[str]) -> list[tuple[str, tuple[str, ...]]]:
    """Every folder that is an application of its own with the files that belong to it, the repository itself first."""
    paths = tuple(files)
    marked = {
        _parent_folder(path)
        for path in paths
        if path.rpartition("/")[2] in repository_rules().applications
    }
    charts = {
        _parent_folder(path) for path in paths if path.rpartition("/")[2] == "Chart.yaml"
    }
    roots = {
        folder
        for folder in marked
        if not any(ancestor in charts for ancestor in _ancestors(folder))
    } | {""}
    roots |= {
        folder
        for path in paths
        for folder in _ancestors(path)
        if _is_example_folder(folder) and _parent_folder(folder) in roots
    }
    owned: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        folder = _parent_folder(path)
        owner = (
            folder
            if folder in roots
            else next(
                (ancestor for ancestor in _ancestors(folder) if ancestor in roots), ""
            )
        )
        owned[owner].append(path)
    return [(folder, tuple(owned[folder])) for folder in sorted(owned)]


def _parent_folder(path: str) -> str:
    return path.rpartition("/")[0]


def _is_example_folder(folder: str) -> bool:
    return folder.rpartition("/")[2] in repository_rules().example_folders


def _ancestors(folder: str) -> Iterator[str]:
    """The folders above one, the nearest first, the repository itself (empty) last."""
    while folder:
        folder = folder.rpartition("/")[0]
        yield folder


def _examine_application(
    top: Path,
    folder: str,
    files: tuple[str, ...],
    journal: ReadJournal,
    wishes: PlanOptions,
) -> Application:
    project = Checkout(top, folder, files, journal)
    candidates = (
        claim for claim in _all_importers() if wishes.source in (None, claim.name)
    )
    claimed = (
        (claim.name, sources) for claim in candidates if (sources := claim.sniff(project))
    )
    format_claims = [
        Evidence(name, sources, place(name, sources)) for name, sources in claimed
    ]
    return Application(
        folder,
        files,
        tuple(sorted(format_claims, key=lambda claim: _preference_key(claim, wishes))),
    )


@cache
def _all_importers() -> tuple[Importer, ...]:
    """Every importer, looked for once a process: asking for plugins reads the metadata of all packages."""
    return tuple(importers())


def _preference_key(claim: Evidence, wishes: PlanOptions) -> tuple[int, int]:
    preferred = (
        wishes.prefer.index(claim.importer)
        if claim.importer in wishes.prefer
        else len(wishes.prefer)
    )
    return preferred, claim.rank


def _covering_compose_file(
    application: Application, files: tuple[str, ...], top: Path, journal: ReadJournal
) -> str:
    """The compose file in the application's folder, or one above it that speaks of that folder."""
    names = repository_rules().compose_names
    own_paths = [
        f"{application.folder}/{name}" if application.folder else name for name in names
    ]
    if own_compose_file := next((path for path in own_paths if path in files), ""):
        return own_compose_file
    whole = Checkout(top, "", files, journal)
    for ancestor in _ancestors(application.folder):
        relative = (
            application.folder[len(ancestor) + 1 :] if ancestor else application.folder
        )
        for name in names:
            path = f"{ancestor}/{name}" if ancestor else name
            if path in files and relative.encode("utf-8", "surrogateescape") in (
                whole.read(path) or b""
            ):
                return path
    return ""


def _set_examples_apart(
    applications: list[Application],
) -> tuple[list[Application], list[Application]]:
    """Those that count, and those in folders of examples and tests beside them."""
    example_applications = [
        application
        for application in applications
        if repository_rules().example_folders & set(application.folder.split("/"))
    ]
    main_applications = [
        application
        for application in applications
        if application not in example_applications
    ]
    return (
        (main_applications, example_applications)
        if main_applications
        else (example_applications, [])
    )


def _prefer_strong(applications: list[Application]) -> list[Application]:
    """Where an application says how it runs, folders that could merely be run are libraries and the like."""
    strong = [
        application for application in applications if not application.evidence[0].weak
    ]
    return (
        strong
        or [application for application in applications if not application.folder]
        or applications
    )


def _application_name(folder: str) -> str:
    return folder or "the repository"


def _covered_notes(covered: list[Application]) -> Iterator[Note]:
    for application in covered:
        is_own = _parent_folder(application.present) == application.folder
        covers = "" if is_own else ", as it speaks of this folder"
        yield note(
            "TC811",
            subject=f"files.{application.present}",
            where=_application_name(application.folder),
            file=application.present,
            covers=covers,
        )


def other_formats_note(application: Application, name: str) -> Iterator[Note]:
    """What to say where several formats describe the application: which was taken, and why."""
    if len(application.evidence) > 1:
        best_claim, *other_claims = application.evidence
        yield note(
            "TC810",
            where=_application_name(application.folder),
            taken=f"{best_claim.importer} ({list_few(best_claim.files)})",
            because=ranks()[best_claim.rank].because,
            others="; ".join(
                f"{claim.importer} ({list_few(claim.files)})" for claim in other_claims
            ),
            folder=application.folder or name,
            other=other_claims[0].importer,
        )


def _several_applications_note(
    applications: list[Application], top: Path
) -> Iterator[Note]:
    if len(applications) > 1:
        folders = list_few(
            application.folder or "the repository itself" for application in applications
        )
        yield note("TC813", count=len(applications), folders=folders, folder=top.name)


def _example_folders_note(example_applications: list[Application]) -> Iterator[Note]:
    if example_applications:
        yield note(
            "TC816",
            paths=list_few(application.folder for application in example_applications),
        )
