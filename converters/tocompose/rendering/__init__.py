"""Renders kustomizations and Helm charts into plain manifests: nothing else of a source is ever run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from tocompose.notes import Note, note
from tocompose.project import Folder, Project
from tocompose.rendering.command import (
    RenderCommand,
    RenderedStream,
    Rendering,
    RenderOutcome,
    file_start,
    find_program,
)
from tocompose.rendering.helm import (
    Chart,
    HelmOptions,
    chart_command,
    draws_values,
    find_charts,
)
from tocompose.rendering.kustomize import (
    KustomizationGroup,
    NotLocal,
    find_groups,
    kustomize_command,
)
from tocompose.rendering.origins import built_from
from tocompose.wording import counted

__all__ = ["Rendered", "Rendering", "render", "sites"]

_SWITCHED_OFF = "rendering is switched off (`--render` allows it)"


class RenderOptions(Protocol):
    """What the user said about rendering: whether it may be done, and `values`, `set`, `release`, `namespace`."""

    @property
    def render(self) -> bool:
        """Whether programs may be run."""

    @property
    def options(self) -> dict[str, tuple[str, ...]]:
        """Options by name."""


def template_files(project: Project) -> tuple[str, ...]:
    """The kustomization files and Chart.yaml files of the project that stand for manifests, sorted."""
    found_groups = [
        kustomization
        for group in find_groups(project)
        for kustomization in group.kustomizations
    ]
    return tuple(
        sorted(
            [
                *(kustomization.path for kustomization in found_groups),
                *(chart.path for chart in find_charts(project)),
            ]
        )
    )


def render_templates(project: Project, options: RenderOptions) -> Rendering:
    """The document streams that stand for the project's kustomizations and charts, the files that they replace, and
    what to tell. Without a program to render with, the plain resources of a kustomization are left to be read."""
    renderings = [
        *(_render_chart(project, chart, options) for chart in find_charts(project))
    ]
    renderings += [_render_group(project, group, options) for group in find_groups(project)]
    return Rendering(
        streams=tuple(stream for rendering in renderings for stream in rendering.streams),
        replaced=frozenset(path for rendering in renderings for path in rendering.replaced),
        notes=tuple(message for rendering in renderings for message in rendering.notes),
    )


def _render_group(
    project: Project, group: KustomizationGroup, options: RenderOptions
) -> Rendering:
    """One set of kustomizations that refer to each other: the chosen one is built for all."""
    built = group.built
    folder_name = built.folder if built.folder != "." else project.name
    notes = list(_note_alternatives(group))
    covered = group.covered_files(project)
    if unlisted := group.unlisted_manifests(project):
        files = ", ".join(unlisted[:5]) + (" …" if len(unlisted) > 5 else "")
        notes.append(
            note(
                "TC263",
                file_start(built.path),
                folder=folder_name,
                files=files,
                manifests=counted(len(unlisted), "manifest"),
            )
        )
    command = _kustomize_command(project, group, folder_name, options)
    if isinstance(command, RenderCommand):
        outcome = command.run()
        notes.append(_note_outcome(outcome, command, built.path, folder_name))
        if outcome.text is not None:
            stream = RenderedStream(command.label, outcome.text, built_from(group))
            return Rendering((stream,), covered, tuple(notes))
    else:
        advice = f"kustomize build {folder_name} | tocompose convert -"
        notes.append(
            note(
                "TC260",
                file_start(built.path),
                folder=folder_name,
                what="kustomization",
                why=command,
                command=advice,
            )
        )
    return Rendering((), covered - group.plain_resources(), tuple(notes))


def _kustomize_command(
    project: Project, group: KustomizationGroup, folder_name: str, options: RenderOptions
) -> RenderCommand | str:
    """The command that builds the group, or why it cannot be built."""
    if not options.render:
        return _SWITCHED_OFF
    if not isinstance(project, Folder):
        return "it was not read from a folder"
    try:
        checked = group.check_local(project)
    except NotLocal as error:
        return str(error)
    return (
        kustomize_command(project, group.built, folder_name, checked)
        or "neither kustomize nor kubectl is on PATH"
    )


def _render_chart(project: Project, chart: Chart, options: RenderOptions) -> Rendering:
    folder_name = chart.folder if chart.folder != "." else project.name
    covered = frozenset(path for path in project.files() if chart.holds(path))
    helm_options = HelmOptions.of(options.options)
    command = (
        _helm_command(project, chart, folder_name, helm_options)
        if options.render
        else _SWITCHED_OFF
    )
    if isinstance(command, str):
        advice = f"{helm_options.command_text(chart, folder_name)} | tocompose convert -"
        message = note(
            "TC260",
            file_start(chart.path),
            folder=folder_name,
            what="Helm chart",
            why=command,
            command=advice,
        )
        return Rendering((), covered, (message,))
    outcome = command.run()
    notes = [_note_outcome(outcome, command, chart.path, folder_name)]
    if outcome.text is None:
        return Rendering((), covered, tuple(notes))
    if draws_values(project, chart):
        notes += _note_drawn_values(outcome.text, command, chart)
    return Rendering((RenderedStream(command.label, outcome.text),), covered, tuple(notes))


def _note_drawn_values(text: bytes, command: RenderCommand, chart: Chart) -> Iterator[Note]:
    """Says which keys have another value when the chart is rendered once more."""
    text_again = command.run().text or b""
    pairs = zip(text.splitlines(), text_again.splitlines(), strict=False)
    keys = [
        line.partition(b":")[0].strip(b" -\t\"'")
        for line, line_again in pairs
        if line != line_again
    ]
    if keys:
        names = dict.fromkeys(key.decode("utf-8", "replace")[:60] for key in keys)
        yield note(
            "TC880",
            file_start(chart.path),
            command=command.shown,
            keys=", ".join(list(names)[:5]) + (" …" if len(names) > 5 else ""),
        )


def _helm_command(
    project: Project, chart: Chart, folder_name: str, helm_options: HelmOptions
) -> RenderCommand | str:
    if not isinstance(project, Folder):
        return "it was not read from a folder"
    if find_program("helm", project.root) is None:
        return "helm is not on PATH"
    return chart_command(project, chart, folder_name, helm_options)


def _note_alternatives(group: KustomizationGroup) -> Iterator[Note]:
    alternatives = [
        kustomization.folder
        for kustomization in group.tops
        if kustomization is not group.built
    ]
    if alternatives:
        built = group.built
        yield note(
            "TC261",
            file_start(built.path),
            chosen=built.folder,
            others=", ".join(alternatives),
        )


def _note_outcome(
    outcome: RenderOutcome, command: RenderCommand, path: str, folder_name: str
) -> Note:
    if outcome.text is not None:
        return note("TC262", file_start(path), folder=folder_name, command=command.shown)
    return note("TC264", file_start(path), command=command.shown, problem=outcome.problem)
