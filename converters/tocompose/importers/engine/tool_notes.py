"""What the labels of tools say that no key of Compose can hold: who starts a container, and from which files."""

from __future__ import annotations

from collections.abc import Iterable

from tocompose.importers.engine.names import label_of
from tocompose.importers.engine.objects import EngineObject
from tocompose.syntax.model_path import ModelPath


def note_starting_unit(container: EngineObject, path: ModelPath) -> None:
    """Says that systemd starts the container, or that podman renews its image."""
    if unit := label_of(container, "unit"):
        container.cursor.annotate("TC496", subject=path, service=path[-1], unit=unit)
    if policy := label_of(container, "autoupdate"):
        fields = f"io.containers.autoupdate: {policy}"
        container.cursor.annotate("TC786", subject=path, fields=fields)


def note_compose_files(containers: Iterable[EngineObject]) -> None:
    """Says once for each project of Compose which files it was made from."""
    told_labels: set[tuple[str, str]] = set()
    for container in containers:
        project = label_of(container, "project")
        files = label_of(container, "compose_files")
        if files and (project, files) not in told_labels:
            told_labels.add((project, files))
            first_file = files.partition(",")[0]
            container.cursor.annotate(
                "TC497", project=project, files=files, file=first_file
            )
