"""The formats that other packages bring: what their code does wrong is a fault of the package, and ends no run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from tocompose.importers import ImportOptions, SourceError
from tocompose.ledger import Ledger
from tocompose.model import File, Stack
from tocompose.notes import Note
from tocompose.plugins import PluginError, PluginFault, PluginPart, call_plugin
from tocompose.project import Project
from tocompose.type_faults import first_type_fault

_Made = TypeVar("_Made")
# The attributes of a format that are no functions; the first two must be there.
_PLAIN = {
    "name": str,
    "title": str,
    "options": dict[str, str],
    "tables": tuple[str, ...],
    "sources": tuple[str, ...],
}


class FaultyFormat(SourceError):
    """A source that the code of a plug-in could not read, by its own fault."""

    def __init__(self, fault: PluginFault) -> None:
        super().__init__(str(PluginError(fault)))
        self.fault = fault


class BroughtFormat:
    """The importer of a plug-in; raises PluginError for one whose attributes are not of their types."""

    def __init__(self, registered: PluginPart) -> None:
        self.package = registered.package
        self.brought = registered.value
        self.name, self.title = registered.value.name, registered.value.title
        for name, kind in _PLAIN.items():
            value = getattr(registered.value, name, None)
            fault = first_type_fault(value, kind, name) if value is not None else None
            if fault is not None or (value is None and name in ("name", "title")):
                problem = f"{registered.name}: {fault or f'{name} is None'}"
                raise PluginError(PluginFault(registered.package, problem))

    def __getattr__(self, name: str) -> Any:
        """What a format may have or not have, such as `options`."""
        return getattr(self.brought, name)

    def sniff(self, project: Project) -> tuple[str, ...]:
        """The files that it would read; none where its code fails, which `sniff_faults` tells."""
        return self._files_by("sniff", project)

    def sniff_present(self, project: Project) -> tuple[str, ...]:
        """The files that it reads where no other format is there."""
        return self._files_by("sniff_present", project)

    def sniff_faults(self, project: Project) -> Iterator[PluginFault]:
        """What goes wrong when it looks for its files."""
        for function in ("sniff", "sniff_present"):
            try:
                self._look(function, project)
            except PluginError as problem:
                yield problem.fault

    def read(self, project: Project, ledger: Ledger, settings: ImportOptions) -> Stack:
        """The stack. Raises FaultyFormat where it is none, or where the code fails."""

        def read_stack() -> Stack:
            stack: Stack = self.brought.read(project, ledger, settings)
            self._refuse_other(stack, Stack, "what read gives")
            self._refuse_other(ledger.notes, list[Note], "what read adds to the notes")
            return stack

        return self._call("read", read_stack)

    def original(self, project: Project) -> File | None:
        """The compose file that the user has. Raises FaultyFormat where the code fails."""
        function = getattr(self.brought, "original", None)
        if function is None:
            return None

        def open_original() -> File | None:
            file: File | None = function(project)
            self._refuse_other(file, File | None, "what original gives")
            return file

        return self._call("original", open_original)

    def _files_by(self, function: str, project: Project) -> tuple[str, ...]:
        try:
            return self._look(function, project)
        except PluginError:
            return ()

    def _look(self, function: str, project: Project) -> tuple[str, ...]:
        sniff = getattr(self.brought, function, None)
        if sniff is None:
            return ()

        def look_for_files() -> tuple[str, ...]:
            files = sniff(project)
            kind = tuple[str, ...] | list[str]
            self._refuse_other(files, kind, f"what {function} gives")
            return tuple(files)

        return call_plugin(self.package, self._what(function), look_for_files)

    def _call(self, function: str, call: Callable[[], _Made]) -> _Made:
        # Memory is that of the whole run: who runs out of it by a large source is told so, whichever format reads it.
        passes = (SourceError, MemoryError)
        try:
            return call_plugin(self.package, self._what(function), call, passes)
        except PluginError as problem:
            raise FaultyFormat(problem.fault) from problem

    def _what(self, function: str) -> str:
        return f"{function} of the format {self.name}"

    def _refuse_other(self, value: object, kind: Any, name: str) -> None:
        if (fault := first_type_fault(value, kind, name)) is not None:
            problem = f"the format {self.name}: {fault}"
            raise PluginError(PluginFault(self.package, problem))


def brought_formats(
    registrations: tuple[PluginPart, ...], own_names: frozenset[str]
) -> tuple[tuple[BroughtFormat, ...], tuple[PluginFault, ...]]:
    """The formats of packages, and what is wrong with others; of two with one name the first stays."""
    formats: dict[str, BroughtFormat] = {}
    faults: list[PluginFault] = []
    for registered in registrations:
        try:
            brought_format = BroughtFormat(registered)
        except PluginError as problem:
            faults.append(problem.fault)
            continue
        name = brought_format.name
        if name in own_names or name in formats:
            owner = "tocompose" if name in own_names else formats[name].package
            problem_text = f"its format {name} is brought by {owner} already"
            faults.append(PluginFault(registered.package, problem_text))
        else:
            formats[name] = brought_format
    return tuple(formats.values()), tuple(faults)
