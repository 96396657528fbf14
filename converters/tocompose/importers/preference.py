"""Which of several formats that one folder holds is converted: the order that `mappings/batch.yaml` documents."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from copy import copy
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from tocompose.importers import Importer, own, plugin_faults, plugins
from tocompose.notes import Note, note
from tocompose.plugins import PluginFault, has_plugins
from tocompose.project import Project
from tocompose.record import NamedTuple
from tocompose.source import Span
from tocompose.tables import load
from tocompose.wording import did_you_mean


class Rank(NamedTuple):
    """One place in the order of formats: whom it is for, and why it stands there.

    `weak` evidence says how something could be started, not that it is meant to be: it never makes a failure.
    Beside another source a `hint` is told for information, anything else as a choice that was made.
    """

    importer: str
    but: tuple[str, ...]
    files: tuple[str, ...]
    place: str
    because: str
    weak: bool
    hint: bool

    def fits(self, importer: str, files: Iterable[str]) -> bool:
        """Whether what an importer found belongs at this place."""
        if importer in self.but or not fnmatchcase(importer, self.importer):
            return False
        return any(
            _lies(path, self.place)
            for path in files
            if self._named(path.rpartition("/")[2])
        )

    def _named(self, name: str) -> bool:
        return not self.files or any(fnmatchcase(name, pattern) for pattern in self.files)


class Claim(NamedTuple):
    """An importer with the files that it would read, and its place in the order (the smaller goes first)."""

    importer: Importer
    files: tuple[str, ...]
    place: int

    @property
    def weak(self) -> bool:
        """Whether it only shows how something could be started."""
        return ranks()[self.place].weak


@cache
def ranks() -> tuple[Rank, ...]:
    """The order of formats, the one to take first."""
    return tuple(_rank(row) for row in load("batch")["ranks"])


def _rank(row: dict[str, Any]) -> Rank:
    return Rank(
        importer=str(row["importer"]),
        but=tuple(row.get("not", ())),
        files=tuple(row.get("files", ())),
        place=str(row.get("place", "")),
        because=str(row["because"]),
        weak=bool(row.get("weak")),
        hint=bool(row.get("hint")),
    )


def claims(project: Project) -> tuple[Claim, ...]:
    """Every importer that finds something to read in the project, the one to take first.

    Of files that the user named, docker_run asks nothing and takes all, so it comes last.
    """
    claims = [*_claimed(own(), project)]
    if _may_be_anothers(claims):
        claims += _claimed(plugins(), project)
    return tuple(
        sorted(
            claims,
            key=lambda item: (
                bool(project.named) and item.importer.name == "docker_run",
                item.place,
            ),
        )
    )


def _may_be_anothers(own_claims: Iterable[Claim]) -> bool:
    """Whether a plug-in could go first: without that none is loaded, and nobody reads the metadata of all packages."""
    return all(claim.place >= place("another", ("file",)) for claim in own_claims)


def plugin_faults_on(project: Project) -> tuple[PluginFault, ...]:
    """What went wrong with the formats of plug-ins that were asked about the project."""
    if not has_plugins() or not _may_be_anothers(_claimed(own(), project)):
        return ()
    faults = list(plugin_faults())
    for plugin_format in plugins():
        faults += getattr(plugin_format, "sniff_faults", lambda _: ())(project)
    return tuple(faults)


def _claimed(asked_importers: Iterable[Importer], project: Project) -> Iterator[Claim]:
    for importer in asked_importers:
        if files := importer.sniff(project):
            yield Claim(importer, files, place(importer.name, files))
        elif files := sniff_present(importer, project):
            yield present_claim(importer, files)


def _files_of(importer: Importer, project: Project) -> tuple[str, ...]:
    """All that the importer would read of the project, also where no other format was there."""
    return importer.sniff(project) or sniff_present(importer, project)


def present_claim(importer: Importer, files: tuple[str, ...]) -> Claim:
    """The claim of an importer on what runs as it stands, after all others that say how something runs."""
    return Claim(importer, files, place(f"{importer.name}, present", files))


def sniff_present(importer: Importer, project: Project) -> tuple[str, ...]:
    """The files that an importer reads where no other format is there: what runs as it stands."""
    sniff: Callable[[Project], tuple[str, ...]] | None = getattr(
        importer, "sniff_present", None
    )
    return sniff(project) if sniff else ()


def place(importer: str, files: Iterable[str]) -> int:
    """The number of the first rank that fits what an importer found."""
    all_files = tuple(files)
    return next(
        (number for number, rank in enumerate(ranks()) if rank.fits(importer, all_files)),
        len(ranks()) - 1,
    )


def _lies(path: str, wanted_path: str) -> bool:
    """Whether a file lies where a rank wants it: anywhere, outside of examples, or where a deployment is described."""
    if not wanted_path:
        return True
    folders = path.lower().split("/")[:-1]
    if not set(folders).isdisjoint(load("batch")["asides"]):
        return False
    return (
        wanted_path == "elsewhere"
        or len(folders) < 2
        or folders[0] in load("batch")["deploys"]
    )


def left_aside(
    project: Project, other_claims: Iterable[Claim], chosen_claim: Claim
) -> Iterator[Note]:
    """What to say about the other formats of a folder, or among the files named, each with `--from` to choose it."""
    # Of files that are named importers also claim what only looks like theirs: any shell script may be a source.
    unnamed = copy(project)
    unnamed.named = ()
    for claim in other_claims:
        sure = _files_of(claim.importer, unnamed) if project.named else claim.files
        files = [file for file in sure if file not in chosen_claim.files]
        for file in files[:1]:
            more_files = f" (and {len(files) - 1} more)" if files[1:] else ""
            code, name, title = (
                "TC014" if ranks()[claim.place].hint else "TC012",
                claim.importer.name,
                claim.importer.title,
            )
            yield note(
                code,
                Span(file, 1, 1, 1, 1),
                title=title,
                file=file,
                more=more_files,
                name=name,
            )


def passed_over(tried: Iterable[tuple[str, str]], taken_file: str) -> Iterator[Note]:
    """What to say about formats that were read first, each with a file of it, and gave nothing to run."""
    for name, file in tried:
        yield note("TC013", Span(file, 1, 1, 1, 1), file=file, name=name, taken=taken_file)


def unknown_format(name: str, candidates: Iterable[Importer]) -> str:
    """What to say about a format that no importer has, with what was perhaps meant."""
    names = sorted(candidate.name for candidate in candidates)
    hint = did_you_mean(name, names, f"the formats are {', '.join(names)}")
    return f"unknown format {name!r}: {hint}"
