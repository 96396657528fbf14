"""From which files of a source a kustomization is built, so that notes can name their lines."""

from __future__ import annotations

from collections.abc import Iterator
from posixpath import join, normpath

from tocompose.rendering.command import BuiltFrom
from tocompose.rendering.kustomize import Kustomization, KustomizationGroup, patch_files


def built_from(group: KustomizationGroup) -> BuiltFrom:
    """What the chosen kustomization of a group is built from."""
    reached = group.reached()
    patches = [path for kustomization in reached for path in _patches(kustomization)]
    files = dict.fromkeys((*patches, *sorted(group.plain_resources())))
    return BuiltFrom(
        tuple(files),
        tuple(_texts(reached, "namePrefix")),
        tuple(_texts(reached, "nameSuffix")),
    )


def _patches(kustomization: Kustomization) -> Iterator[str]:
    for key in ("patches", "patchesStrategicMerge"):
        for path in patch_files(kustomization.content.get(key)):
            yield normpath(join(kustomization.folder, path))


def _texts(kustomizations: tuple[Kustomization, ...], key: str) -> Iterator[str]:
    for kustomization in kustomizations:
        text = kustomization.content.get(key)
        if isinstance(text, str) and text:
            yield text
