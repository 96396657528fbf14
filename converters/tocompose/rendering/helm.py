"""Helm charts of a project, and the command that renders one with the user's values."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from tocompose.project import Folder, Project
from tocompose.rendering.command import Command, found
from tocompose.syntax.names import identifier


class Chart(NamedTuple):
    """A chart that is not part of another: its Chart.yaml and its folder."""

    path: str
    folder: str

    def holds(self, path: str) -> bool:
        """Whether the file belongs to the chart."""
        return self.folder == "." or path.startswith(f"{self.folder}/")


class Wishes(NamedTuple):
    """What the user said: values files, `--set` expressions, the release's name and namespace."""

    values: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    release: str | None = None
    namespace: str | None = None

    @classmethod
    def of(cls, options: Mapping[str, tuple[str, ...]]) -> Wishes:
        """The wishes among the options of a run."""
        return cls(
            values=options.get("values", ()),
            sets=options.get("set", ()),
            release=next(iter(options.get("release", ())), None),
            namespace=next(iter(options.get("namespace", ())), None),
        )

    def text(self, chart: Chart, where: str) -> str:
        """The command as a person would type it; what `--set` gives is not shown, it may be a secret."""
        name = self.release or identifier(where.rpartition("/")[2])
        words = ["helm", "template", name, where]
        words += [word for file in self.values for word in ("--values", file)]
        words += [
            word for item in self.sets for word in ("--set", item.partition("=")[0] + "=…")
        ]
        words += ["--namespace", self.namespace] if self.namespace else []
        return " ".join(
            word if word.endswith("=…") else shlex.quote(word) for word in words
        )


def charts(project: Project) -> tuple[Chart, ...]:
    """The project's charts, without those in the `charts/` folder of another and without library charts."""
    paths = [path for path in project.files() if path.rpartition("/")[2] == "Chart.yaml"]
    found_charts = [Chart(path, path.rpartition("/")[0] or ".") for path in sorted(paths)]
    return tuple(
        chart
        for chart in found_charts
        if not _inside(chart, found_charts) and not _library(project, chart)
    )


def _inside(chart: Chart, others: list[Chart]) -> bool:
    homes = (
        "charts" if other.folder == "." else f"{other.folder}/charts"
        for other in others
        if other is not chart
    )
    return any(chart.folder.startswith(f"{home}/") for home in homes)


def _library(project: Project, chart: Chart) -> bool:
    lines = (project.read(chart.path) or b"").splitlines()
    return any(
        line.replace(b" ", b"").replace(b'"', b"") == b"type:library" for line in lines
    )


def chart_command(
    project: Folder, chart: Chart, where: str, wishes: Wishes
) -> Command | str:
    """The command that renders a chart, or why it must not be run."""
    for file in wishes.values:
        if "://" in file:
            return f"the values file {file.partition('://')[0]}://… would have to be downloaded"
        if not _place(file, project).is_file():
            return f"the values file {file} is not there"
    if leak := next(_links_out(project.root / chart.folder, project.root), None):
        return f"{leak} is a link to a place outside of the source"
    binary = found("helm", project.root)
    if binary is None:
        return "helm is not on PATH"
    hidden = tuple(part for item in wishes.sets for part in _set_values(item))
    files = [_place(file, project) for file in wishes.values]
    reads = (project.root / chart.folder, *files)
    argv = _argv(binary, chart, where, wishes, files)
    return Command(
        argv,
        project.root,
        f"helm template {where}",
        wishes.text(chart, where),
        hidden,
        reads,
    )


def _place(file: str, project: Folder) -> Path:
    """A values file, as the user names it from where they stand, or from the source's own folder."""
    here = Path(file).absolute()
    return here if here.is_file() else project.root / file


def _argv(
    binary: str, chart: Chart, where: str, wishes: Wishes, files: list[Path]
) -> tuple[str, ...]:
    name = wishes.release or identifier(where.rpartition("/")[2])
    argv = [binary, "template", name, chart.folder]
    argv += [word for file in files for word in ("--values", str(file))]
    argv += [word for item in wishes.sets for word in ("--set", item)]
    return (*argv, *(["--namespace", wishes.namespace] if wishes.namespace else []))


def _set_values(expression: str) -> Iterator[str]:
    """The values of `a=1,b.c=2`: what must not be shown."""
    for part in expression.split(","):
        yield part.partition("=")[2]


def _links_out(folder: Path, root: Path) -> Iterator[str]:
    """Links below the folder whose target lies outside of the source; helm would follow them."""
    for here, folders, names in os.walk(folder):
        for name in sorted([*folders, *names]):
            place = Path(here) / name
            if place.is_symlink() and not place.resolve().is_relative_to(root):
                yield place.relative_to(root).as_posix()
