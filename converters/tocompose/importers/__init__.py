"""Importers: from the positioned tree of a source to the stack model, one module or package a format."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from importlib import import_module
from pkgutil import iter_modules
from typing import Protocol

from tocompose.ledger import Ledger
from tocompose.model import Stack
from tocompose.notes import Note
from tocompose.plugins import IMPORTERS, PluginError, contributions
from tocompose.project import Project
from tocompose.record import record


@record
class ImportOptions:
    """What the user said about the import: the stack's name, and options by importer name (`values`, `set` …).

    `notes` were said while the sources were gathered, such as what a cluster would not show.
    """

    name: str | None = None
    render: bool = False
    options: dict[str, tuple[str, ...]] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()


class Importer(Protocol):
    """A source format. Each module of this package that has a constant `IMPORTER` is one.

    It may also have `options`, a map from the names that `--option` takes to what each does: others are refused then;
    `tables`, the names of the tables that drive it; `sources`, patterns of names that `batch` takes for a source;
    `original`, a function that gives the compose file whose comments, order and anchors are to stay; and
    `sniff_present`, which finds what it reads only where no other format is there.
    """

    name: str
    title: str

    def sniff(self, project: Project) -> tuple[str, ...]:
        """The files of the project that this importer would read; empty when it finds none."""

    def read(self, project: Project, ledger: Ledger, settings: ImportOptions) -> Stack:
        """The stack that the project's files describe; every leaf of theirs is settled in the ledger.

        Raises `SourceError` when nothing at all can be read.
        """


class SourceError(Exception):
    """A source that cannot be converted; the text names file, line and column, what is wrong and what to do.

    `notes` is what was found out before, such as why a document does not parse.
    """

    notes: tuple[Note, ...] = ()


def importers() -> Iterator[Importer]:
    """Every importer: those of this package in alphabetical order, then those that other packages register."""
    yield from own()
    yield from plugins()


def own() -> Iterator[Importer]:
    """The importers of this package, in alphabetical order."""
    for module in iter_modules(__path__):
        found = getattr(import_module(f"{__name__}.{module.name}"), "IMPORTER", None)
        if found is not None:
            yield found


def plugins() -> Iterator[Importer]:
    """The importers that installed packages register under the entry-point group `tocompose.importers`.

    Raises PluginError for a name that is there already.
    """
    brought = contributions(IMPORTERS)
    names = {own_importer.name for own_importer in own()} if brought else set()
    for contribution in brought:
        if contribution.value.name in names:
            name, package = contribution.value.name, contribution.package
            raise PluginError(f"the format {name} of {package} is there twice")
        names.add(contribution.value.name)
        yield contribution.value


def importer(name: str) -> Importer | None:
    """The importer of that name (`docker_run`, `kubernetes`, `procfile` …)."""
    if any(module.name == name for module in iter_modules(__path__)):
        own: Importer | None = getattr(
            import_module(f"{__name__}.{name}"), "IMPORTER", None
        )
        if own is not None:
            return own
    return next((found for found in importers() if found.name == name), None)
