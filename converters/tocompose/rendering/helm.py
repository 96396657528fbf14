"""Helm charts of a project, and the command that renders one with the user's values."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

from tocompose.patterns import regex
from tocompose.project import Folder, Project
from tocompose.record import NamedTuple
from tocompose.rendering.command import RenderCommand, find_program
from tocompose.rendering.staging import CHART, stage_chart, staged_values
from tocompose.syntax.names import identifier


class Chart(NamedTuple):
    """A chart that is not part of another: its Chart.yaml and its folder."""

    path: str
    folder: str

    def holds(self, path: str) -> bool:
        """Whether the file belongs to the chart."""
        return self.folder == "." or path.startswith(f"{self.folder}/")


class HelmOptions(NamedTuple):
    """What the user said: values files, `--set` expressions, the release's name and namespace."""

    values: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    release: str | None = None
    namespace: str | None = None

    @classmethod
    def of(cls, options: Mapping[str, tuple[str, ...]]) -> HelmOptions:
        """The wishes among the options of a run."""
        return cls(
            values=options.get("values", ()),
            sets=options.get("set", ()),
            release=next(iter(options.get("release", ())), None),
            namespace=next(iter(options.get("namespace", ())), None),
        )

    def command_text(self, chart: Chart, folder_name: str) -> str:
        """The command as a person would type it; what `--set` gives is not shown, it may be a secret."""
        name = self.release or identifier(folder_name.rpartition("/")[2])
        arguments = ["helm", "template", name, folder_name]
        arguments += [argument for file in self.values for argument in ("--values", file)]
        arguments += [
            argument
            for assignment in self.sets
            for argument in ("--set", assignment.partition("=")[0] + "=…")
        ]
        arguments += ["--namespace", self.namespace] if self.namespace else []
        return " ".join(
            argument if argument.endswith("=…") else shlex.quote(argument)
            for argument in arguments
        )


def find_charts(project: Project) -> tuple[Chart, ...]:
    """The project's charts, without those in the `charts/` folder of another and without library charts."""
    paths = [path for path in project.files() if path.rpartition("/")[2] == "Chart.yaml"]
    found_charts = [Chart(path, path.rpartition("/")[0] or ".") for path in sorted(paths)]
    return tuple(
        chart
        for chart in found_charts
        if not _is_subchart(chart, found_charts) and not _is_library(project, chart)
    )


def _is_subchart(chart: Chart, charts: list[Chart]) -> bool:
    homes = (
        "charts" if parent.folder == "." else f"{parent.folder}/charts"
        for parent in charts
        if parent is not chart
    )
    return any(chart.folder.startswith(f"{home}/") for home in homes)


def _is_library(project: Project, chart: Chart) -> bool:
    lines = (project.read(chart.path) or b"").splitlines()
    return any(
        line.replace(b" ", b"").replace(b'"', b"") == b"type:library" for line in lines
    )


# Functions of templates that give another value at each call.
# https://helm.sh/docs/chart_template_guide/function_list/
_DRAWING = regex(
    rb"\b(rand(Alpha|AlphaNum|Ascii|Bytes|Int|Numeric)|gen(CA|PrivateKey|SelfSignedCert|SignedCert)\w*|"
    rb"bcrypt|encryptAES|htpasswd|now|shuffle|uuidv4)\b"
)


def draws_values(project: Project, chart: Chart) -> bool:
    """Whether a template of the chart may give other values at each rendering."""
    return any(
        _DRAWING.search(project.read(path) or b"")
        for path in project.files()
        if chart.holds(path) and "templates" in path.split("/")
    )


def chart_command(
    project: Folder, chart: Chart, folder_name: str, options: HelmOptions
) -> RenderCommand | str:
    """The command that renders a chart, or why it must not be run."""
    for file in options.values:
        if "://" in file:
            return f"the values file {file.partition('://')[0]}://… would have to be downloaded"
        if not _values_path(file, project).is_file():
            return f"the values file {file} is not there"
    if leak := next(_links_out(project.root / chart.folder, project.root), None):
        return f"{leak} is a link to a place outside of the source"
    binary = find_program("helm", project.root)
    if binary is None:
        return "helm is not on PATH"
    hidden = tuple(
        secret for assignment in options.sets for secret in _set_values(assignment)
    )
    files = tuple(_values_path(file, project) for file in options.values)
    folder = (project.root / chart.folder).resolve()
    return RenderCommand(
        _helm_arguments(binary, folder_name, options, files),
        project.root,
        f"helm template {folder_name}",
        options.command_text(chart, folder_name),
        hidden,
        (folder, *files),
        stage=lambda place: stage_chart(folder, project.root, files, place),
    )


def _values_path(file: str, project: Folder) -> Path:
    """A values file, as the user names it from where they stand, or from the source's own folder."""
    from_here = Path(file).absolute()
    return from_here if from_here.is_file() else project.root / file


def _helm_arguments(
    binary: str, folder_name: str, options: HelmOptions, files: tuple[Path, ...]
) -> tuple[str, ...]:
    """The command on the copy; what a source named is no option of it, wherever it begins with a dash."""
    argv = [binary, "template"]
    for number, file in enumerate(files):
        argv.append(f"--values={staged_values(number, file)}")
    argv += [f"--set={assignment}" for assignment in options.sets]
    argv += [f"--namespace={options.namespace}"] if options.namespace else []
    name = options.release or identifier(folder_name.rpartition("/")[2])
    return (*argv, "--", name, CHART)


def _set_values(expression: str) -> Iterator[str]:
    """The values of `a=1,b.c=2`: what must not be shown."""
    for assignment in expression.split(","):
        yield assignment.partition("=")[2]


def _links_out(folder: Path, root: Path) -> Iterator[str]:
    """Links below the folder whose target lies outside of the source; helm would follow them."""
    for parent, folders, names in os.walk(folder):
        for name in sorted([*folders, *names]):
            path = Path(parent) / name
            if path.is_symlink() and not path.resolve().is_relative_to(root):
                yield path.relative_to(root).as_posix()
