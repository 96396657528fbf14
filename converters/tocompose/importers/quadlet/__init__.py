"""Podman Quadlet: units of systemd that describe containers, pods, networks, volumes, images and builds."""

from __future__ import annotations

from tocompose.importers import ImportOptions, SourceError
from tocompose.ledger import Ledger
from tocompose.model import Stack
from tocompose.project import Project

_OPTIONS: dict[str, str] = {}
# The endings of units that start something.
_STARTING = (".container", ".kube", ".quadlets")


# The losses for which nothing comes of a unit: it names no image, or a file that is not there.
_WITHOUT_UNIT = ("TC002", "TC452")


class Quadlet:
    """The importer of Quadlet's units."""

    name = "quadlet"
    options = _OPTIONS
    title = "Podman Quadlet: .container, .pod, .kube, .network, .volume, .build, .image"
    tables = ("quadlet/units", "quadlet/systemd")
    sources = ("*.container", "*.pod", "*.kube", "*.quadlets")

    def sniff(self, project: Project) -> tuple[str, ...]:
        """The units, where at least one of them starts something."""
        if not any(path.endswith(_STARTING) for path in project.files()):
            return ()
        from tocompose.importers.quadlet.files import unit_files

        return unit_files(project)

    def read(self, project: Project, ledger: Ledger, settings: ImportOptions) -> Stack:
        """The stack of all units of the project."""
        from tocompose.importers.quadlet.stack import read_stack

        stack = read_stack(project, ledger, settings)
        if not stack.services:
            from tocompose.importers.quadlet.files import why_no_unit

            nothing = f"{project.name}: no unit here names an image or a manifest"
            otherwise = why_no_unit(project) or nothing
            raise SourceError(next(ledger.told_losses(_WITHOUT_UNIT), otherwise))
        return stack


IMPORTER = Quadlet()
