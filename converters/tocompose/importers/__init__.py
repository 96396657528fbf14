"""Importers: from the positioned tree of a source to the stack model, one module or package a format."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Protocol

from tocompose.ledger import Ledger
from tocompose.model import Stack
from tocompose.notes import Note
from tocompose.plugins import IMPORTERS, PluginFault, contributions, load_faults
from tocompose.project import Project
from tocompose.record import field, record


@record
class ImportOptions:
    """What the user said about the import: the stack's name, and the values of each `--option` (`values`, `set` …).

    `render` allows kustomize and helm to run. `notes` are about how the source was read, such as from a cluster.
    """

    name: str | None = None
    render: bool = False
    options: dict[str, tuple[str, ...]] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()


class Importer(Protocol):
    """A source format: `sniff` recognizes its files, `read` converts them to a stack.

    `name` is what `--from` takes, `title` what `tocompose formats` shows. It may also have:
    - `options`: a map from each name that `--option` takes to its help; other names are refused,
    - `tables`: the names of its tables in `mappings/`, for the counts of `tocompose formats`,
    - `sources`: patterns of file names by which `batch` finds its sources,
    - `original`: a function that returns a compose file whose comments, order and anchors are kept,
    - `sniff_present`: like `sniff`, for files that are read only if no other format is found.
    """

    name: str
    title: str

    def sniff(self, project: Project) -> tuple[str, ...]:
        """The paths of the files that this format would read; empty if there are none."""

    def read(self, project: Project, ledger: Ledger, settings: ImportOptions) -> Stack:
        """The stack that the project's files describe.

        For each value the ledger records what became of it; values without a record become TC001 notes.
        Raises `SourceError` if nothing can be read.
        """


class SourceError(Exception):
    """A source that cannot be converted; the text names file, line and column, what is wrong and what to do.

    `notes` are those of the conversion up to then, such as why a document does not parse. `option` is an option of the
    command line that helps, with what it does; empty if there is none.
    """

    notes: tuple[Note, ...] = ()
    option: str = ""


def importers() -> Iterator[Importer]:
    """Every importer: those of this package in alphabetical order, then those that other packages register."""
    yield from own()
    yield from plugins()


def own() -> Iterator[Importer]:
    """The importers of this package, in alphabetical order."""
    # It loads the library of `inspect`, which a run that knows its format does not need.
    from pkgutil import iter_modules

    for module in iter_modules(__path__):
        found_importer = getattr(
            import_module(f"{__name__}.{module.name}"), "IMPORTER", None
        )
        if found_importer is not None:
            yield found_importer


def plugins() -> Iterator[Importer]:
    """The importers that installed packages register under the entry-point group `tocompose.importers`."""
    yield from _brought_formats()[0]


def plugin_faults() -> tuple[PluginFault, ...]:
    """What is wrong with formats of installed packages, which are left out."""
    return (*load_faults(IMPORTERS), *_brought_formats()[1])


@cache
def _brought_formats() -> tuple[tuple[Importer, ...], tuple[PluginFault, ...]]:
    brought = contributions(IMPORTERS)
    if not brought:
        return (), ()
    # Loaded here: most often no package brings a format.
    from tocompose.importers.brought_formats import brought_formats

    return brought_formats(brought, frozenset(format.name for format in own()))


def importer(name: str) -> Importer | None:
    """The importer of that name (`docker_run`, `kubernetes`, `procfile` …)."""
    if name.isidentifier() and find_spec(f"{__name__}.{name}") is not None:
        own_importer: Importer | None = getattr(
            import_module(f"{__name__}.{name}"), "IMPORTER", None
        )
        if own_importer is not None:
            return own_importer
    return next((importer for importer in importers() if importer.name == name), None)
