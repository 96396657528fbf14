"""The plan of a repository: its applications, the format that each is converted from, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

from tocompose.batch.checkout import Checkout, ReadJournal
from tocompose.batch.scan import RepositoryScan, list_few, repository_rules
from tocompose.compose.files import BASE_NAMES
from tocompose.importers import Importer, ImportOptions, importers
from tocompose.importers.preference import (
    Claim,
    place,
    present_claim,
    ranks,
    sniff_present,
    unknown_format,
)
from tocompose.notes import Note, note
from tocompose.record import NamedTuple, replace
from tocompose.syntax.model_path import ModelPath
from tocompose.wording import did_you_mean


class Application(NamedTuple):
    """A folder (relative, empty for the repository itself) with its own files and what was found in them, best first.

    `present` is a compose file that covers it already.
    """

    folder: str
    files: tuple[str, ...]
    claims: tuple[Claim, ...]
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
    top: Path, scanned: RepositoryScan, journal: ReadJournal, planning: PlanOptions
) -> RepositoryPlan:
    """What is converted in the repository at `top`, and why; reads the files that importers ask for."""
    whole = Checkout(top, "", scanned.files, journal)
    compose_files = _compose_files_by_folder(scanned.files)
    examined = []
    for folder, files in _split_applications(scanned.files):
        project = Checkout(top, folder, files, journal)
        claims = _claims_on(project, planning)
        present = _covering_compose_file(folder, compose_files, whole)
        examined.append(Application(folder, files, claims, present))
    with_source = [application for application in examined if application.claims]
    main_applications, example_applications = _set_examples_apart(with_source)
    main_applications = _prefer_strong(main_applications)
    converted = [
        application
        for application in main_applications
        if planning.convert_existing or not application.present
    ]
    covered = [
        application
        for application in examined
        if application not in converted and _is_covered(application, main_applications)
    ]
    notes = [
        *_covered_notes(covered),
        *_several_applications_note(converted, top),
        *_example_folders_note(example_applications),
    ]
    return RepositoryPlan(tuple(converted), tuple(covered), tuple(notes))


def _is_covered(application: Application, main_applications: list[Application]) -> bool:
    """Whether a compose file is there for something that would have been converted, or for the repository itself."""
    counts = application in main_applications or not application.folder
    return bool(application.present) and counts


def check_formats(names: Iterable[str]) -> None:
    """Raises ValueError, with what was perhaps meant, for a format that no importer has."""
    for name in names:
        if not _asked_importers(name):
            raise ValueError(unknown_format(name, _all_importers()))


def check_options(names: Iterable[str], source: str | None) -> None:
    """Raises ValueError for an option that no importer knows, or not the one that everything is converted with."""
    option_names: set[str] = set()
    for importer in _asked_importers(source):
        options = _options_of(importer)
        if options is None:
            return
        option_names |= set(options)
    owner = f"{source} has no" if source else "no format has an"
    listed = ", ".join(sorted(option_names)) or "none"
    for name in names:
        if name not in option_names:
            advice = did_you_mean(name, sorted(option_names), f"there are {listed}")
            raise ValueError(f"{owner} option {name!r}: {advice}")


def _options_of(importer: Importer) -> Mapping[str, str] | None:
    """The options that an importer names; None for one that takes any."""
    options: Mapping[str, str] | None = getattr(importer, "options", None)
    return options


def importer_settings(settings: ImportOptions, importer: Importer) -> ImportOptions:
    """The settings without the options that are meant for other importers than this one."""
    names = _options_of(importer)
    if names is None:
        return settings
    own_options = {
        name: values for name, values in settings.options.items() if name in names
    }
    return replace(settings, options=own_options)


def open_application(
    top: Path, application: Application, journal: ReadJournal, allowed: tuple[str, ...] = ()
) -> Checkout:
    """The application's files as a project."""
    return Checkout(top, application.folder, application.files, journal, allowed)


def _split_applications(files: Iterable[str]) -> list[tuple[str, tuple[str, ...]]]:
    """Every folder that is an application of its own with the files that belong to it, the repository itself first."""
    paths = tuple(files)
    marked = _marked_folders(paths)
    roots = set(marked)
    for folder in {folder for path in paths for folder in _ancestors(path)}:
        if _is_example_folder(folder) and _parent_folder(folder) in marked:
            roots.add(folder)
    owned: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        owner = next(folder for folder in _ancestors(path) if folder in roots)
        owned[owner].append(path)
    return [(folder, tuple(owned[folder])) for folder in sorted(owned)]


def _marked_folders(paths: Iterable[str]) -> set[str]:
    """The repository itself, and the folders with a file that makes an application, save those inside of a chart."""
    marked: set[str] = set()
    charts: set[str] = set()
    for path in paths:
        folder, _, name = path.rpartition("/")
        if name in repository_rules().applications:
            marked.add(folder)
        if name == "Chart.yaml":
            charts.add(folder)
    return {""} | {folder for folder in marked if charts.isdisjoint(_ancestors(folder))}


def _parent_folder(path: str) -> str:
    return path.rpartition("/")[0]


def _is_example_folder(folder: str) -> bool:
    return folder.rpartition("/")[2] in repository_rules().example_folders


def _ancestors(folder: str) -> Iterator[str]:
    """The folders above one, the nearest first, the repository itself (empty) last."""
    while folder:
        folder = folder.rpartition("/")[0]
        yield folder


def _claims_on(project: Checkout, planning: PlanOptions) -> tuple[Claim, ...]:
    """What importers find in an application, the format that is preferred first."""
    claims = []
    for importer in _asked_importers(planning.source):
        if sources := importer.sniff(project):
            claims.append(Claim(importer, sources, place(importer.name, sources)))
        elif planning.convert_existing and (sources := sniff_present(importer, project)):
            claims.append(present_claim(importer, sources))
    claims.sort(key=lambda claim: _preference_key(claim, planning.prefer))
    return tuple(claims)


@cache
def _all_importers() -> tuple[Importer, ...]:
    """Every importer, looked for once a process: asking for plugins reads the metadata of all packages."""
    return tuple(importers())


def _asked_importers(source: str | None) -> list[Importer]:
    return [importer for importer in _all_importers() if source in (None, importer.name)]


def _preference_key(claim: Claim, prefer: tuple[str, ...]) -> tuple[int, int]:
    name = claim.importer.name
    return prefer.index(name) if name in prefer else len(prefer), claim.place


def _covering_compose_file(
    folder: str, compose_files: Mapping[str, list[str]], whole: Checkout
) -> str:
    """The compose file in an application's folder, or one above it that speaks of that folder."""
    if folder in compose_files:
        return compose_files[folder][0]
    for ancestor in _ancestors(folder):
        relative = folder.removeprefix(f"{ancestor}/").encode("utf-8", "surrogateescape")
        for path in compose_files.get(ancestor, ()):
            if relative in (whole.read(path) or b""):
                return path
    return ""


def _compose_files_by_folder(files: Iterable[str]) -> dict[str, list[str]]:
    """The compose files of each folder, in the order in which docker compose looks for them."""
    by_folder: dict[str, list[str]] = defaultdict(list)
    for path in files:
        folder, _, name = path.rpartition("/")
        if name in BASE_NAMES:
            by_folder[folder].append(path)
    for paths in by_folder.values():
        paths.sort(key=lambda path: BASE_NAMES.index(path.rpartition("/")[2]))
    return dict(by_folder)


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
    strong = [application for application in applications if not application.claims[0].weak]
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
            subject=ModelPath.of("files", application.present),
            where=_application_name(application.folder),
            file=application.present,
            covers=covers,
        )


def other_formats_note(application: Application, name: str) -> Iterator[Note]:
    """What to say where several formats describe the application: which was taken, and why."""
    if len(application.claims) > 1:
        best_claim, *other_claims = application.claims
        yield note(
            "TC810",
            where=_application_name(application.folder),
            taken=f"{best_claim.importer.name} ({list_few(best_claim.files)})",
            because=ranks()[best_claim.place].because,
            others="; ".join(
                f"{claim.importer.name} ({list_few(claim.files)})" for claim in other_claims
            ),
            folder=application.folder or name,
            other=other_claims[0].importer.name,
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
