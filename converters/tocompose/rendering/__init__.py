"""Renders kustomizations and Helm charts into plain manifests: nothing else of a source is ever run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from tocompose.notes import Note, note
from tocompose.project import Folder, Project
from tocompose.rendering.command import Command, Outcome, Rendered, Rendering, found, place
from tocompose.rendering.helm import Chart, Wishes, chart_command, charts
from tocompose.rendering.kustomize import Group, NotLocal, groups, kustomize_command

__all__ = ["Rendered", "Rendering", "render", "sites"]


class Wanted(Protocol):
    """What the user said about rendering: whether it may be done, and `values`, `set`, `release`, `namespace`."""

    @property
    def render(self) -> bool:
        """Whether programs may be run."""

    @property
    def options(self) -> dict[str, tuple[str, ...]]:
        """Options by name."""


def sites(project: Project) -> tuple[str, ...]:
    """The kustomization files and Chart.yaml files of the project that stand for manifests, sorted."""
    found_groups = [item for group in groups(project) for item in group.kustomizations]
    return tuple(
        sorted(
            [
                *(item.path for item in found_groups),
                *(chart.path for chart in charts(project)),
            ]
        )
    )


def render(project: Project, wanted: Wanted) -> Rendering:
    """The document streams that stand for the project's kustomizations and charts, the files that they replace, and
    what to tell. Without a program to render with, the plain resources of a kustomization are left to be read."""
    parts = [*(_chart(project, chart, wanted) for chart in charts(project))]
    parts += [_group(project, group, wanted) for group in groups(project)]
    return Rendering(
        streams=tuple(stream for part in parts for stream in part.streams),
        replaced=frozenset(path for part in parts for path in part.replaced),
        notes=tuple(item for part in parts for item in part.notes),
    )


def _group(project: Project, group: Group, wanted: Wanted) -> Rendering:
    """One set of kustomizations that refer to each other: the chosen one is built for all."""
    chosen = group.chosen
    where = chosen.folder if chosen.folder != "." else project.name
    notes = list(_alternatives(group))
    covered = group.covered(project)
    if unlisted := group.unlisted(project):
        files = ", ".join(unlisted[:5]) + (" …" if len(unlisted) > 5 else "")
        notes.append(
            note(
                "TC263", place(chosen.path), folder=where, files=files, count=len(unlisted)
            )
        )
    command = _kustomize(project, group, where, wanted)
    if isinstance(command, Command):
        outcome = command.run()
        notes.append(_told(outcome, command, chosen.path, where))
        if outcome.text is not None:
            return Rendering(
                (Rendered(command.label, outcome.text),), covered, tuple(notes)
            )
    else:
        advice = f"kustomize build {where} | tocompose convert -"
        notes.append(
            note(
                "TC260",
                place(chosen.path),
                folder=where,
                what="kustomization",
                why=command,
                command=advice,
            )
        )
    return Rendering((), covered - group.plain_resources(), tuple(notes))


def _kustomize(project: Project, group: Group, where: str, wanted: Wanted) -> Command | str:
    """The command that builds the group, or why it cannot be built."""
    if not wanted.render:
        return "rendering is switched off"
    if not isinstance(project, Folder):
        return "it was not read from a folder"
    try:
        folders = group.check_local(project)
    except NotLocal as error:
        return str(error)
    return (
        kustomize_command(project, group.chosen, where, folders)
        or "neither kustomize nor kubectl is on PATH"
    )


def _chart(project: Project, chart: Chart, wanted: Wanted) -> Rendering:
    where = chart.folder if chart.folder != "." else project.name
    covered = frozenset(path for path in project.files() if chart.holds(path))
    wishes = Wishes.of(wanted.options)
    command = (
        _helm(project, chart, where, wishes)
        if wanted.render
        else "rendering is switched off"
    )
    if isinstance(command, str):
        advice = f"{wishes.text(chart, where)} | tocompose convert -"
        told = note(
            "TC260",
            place(chart.path),
            folder=where,
            what="Helm chart",
            why=command,
            command=advice,
        )
        return Rendering((), covered, (told,))
    outcome = command.run()
    streams = (Rendered(command.label, outcome.text),) if outcome.text is not None else ()
    return Rendering(streams, covered, (_told(outcome, command, chart.path, where),))


def _helm(project: Project, chart: Chart, where: str, wishes: Wishes) -> Command | str:
    if not isinstance(project, Folder):
        return "it was not read from a folder"
    if found("helm", project.root) is None:
        return "helm is not on PATH"
    return chart_command(project, chart, where, wishes)


def _alternatives(group: Group) -> Iterator[Note]:
    others = [item.folder for item in group.tops if item is not group.chosen]
    if others:
        chosen = group.chosen
        yield note(
            "TC261", place(chosen.path), chosen=chosen.folder, others=", ".join(others)
        )


def _told(outcome: Outcome, command: Command, path: str, where: str) -> Note:
    if outcome.text is not None:
        return note("TC262", place(path), folder=where, command=command.shown)
    return note("TC264", place(path), command=command.shown, problem=outcome.problem)
