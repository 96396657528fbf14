"""Kustomizations of a project: which refer to which, which one to build, and whether all they need lies on disk."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from posixpath import join, normpath
from typing import Any, NamedTuple

from tocompose.project import Folder, Project
from tocompose.rendering.command import Command, found

NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
# The entries of a kustomization that name files, folders or, in kustomize, remote repositories.
# https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/
_PLACES = (
    "resources",
    "bases",
    "components",
    "crds",
    "configurations",
    "generators",
    "transformers",
    "validators",
)
_FILES = ("patches", "patchesStrategicMerge", "patchesJson6902", "replacements", "openapi")
_GENERATORS = ("configMapGenerator", "secretGenerator")
_PREFERRED = ("production", "prod", "live", "default", "release")
_MANIFEST = re.compile(rb"(?m)^[\"' {]*apiVersion[\"']?\s*:")


class NotLocal(Exception):
    """A kustomization that needs something beyond the disk; the text says what."""


class Kustomization(NamedTuple):
    """One kustomization file, the folder it stands in, and its content."""

    path: str
    folder: str
    content: Mapping[str, Any]

    @property
    def component(self) -> bool:
        """Whether it is a Component, which is only ever included."""
        return self.content.get("kind") == "Component"

    def folders(self) -> tuple[str, ...]:
        """Every place that it includes, as paths from the project's root; files among them."""
        entries = (
            entry
            for key in ("resources", "bases", "components")
            for entry in _strings(self.content.get(key))
        )
        return tuple(
            normpath(join(self.folder, entry)) for entry in entries if "://" not in entry
        )


class Group(NamedTuple):
    """Kustomizations that share what they include; `tops` are those that no other includes."""

    kustomizations: tuple[Kustomization, ...]
    tops: tuple[Kustomization, ...]

    @property
    def chosen(self) -> Kustomization:
        """The one to build: the only top, else the one named like production, else the first by name."""
        rank = {name: index for index, name in enumerate(_PREFERRED)}
        return min(
            self.tops,
            key=lambda item: (
                rank.get(item.folder.rpartition("/")[2], len(rank)),
                item.folder,
            ),
        )

    def covered(self, project: Project) -> frozenset[str]:
        """The files of the project that belong to the group."""
        folders = {item.folder for item in self.kustomizations}
        named = self._named()
        return frozenset(
            path
            for path in project.files()
            if path in named or any(_under(path, it) for it in folders)
        )

    def unlisted(self, project: Project) -> tuple[str, ...]:
        """Manifests that lie beside the kustomizations and that none of them names."""
        named = self._named() | {item.path for item in self.kustomizations}
        files = (path for path in sorted(self.covered(project)) if path not in named)
        manifests = (path for path in files if path.endswith((".yaml", ".yml", ".json")))
        return tuple(
            path for path in manifests if _MANIFEST.search(project.read(path) or b"")
        )

    def plain_resources(self) -> frozenset[str]:
        """The manifest files that the chosen kustomization includes, directly or through others."""
        by_folder = {item.folder: item for item in self.kustomizations}
        reached: list[str] = []
        todo = [self.chosen.folder]
        while todo:
            item = by_folder.get(here := todo.pop())
            new = (
                [place for place in item.folders() if place not in reached] if item else []
            )
            reached += [here, *(place for place in new if place not in by_folder)]
            todo += [place for place in new if place in by_folder]
        return frozenset(reached) - by_folder.keys()

    def _named(self) -> set[str]:
        """Every file that some kustomization of the group names."""
        named = (
            (item.folder, entry)
            for item in self.kustomizations
            for _, entry in entries(item.content)
        )
        return {normpath(join(folder, entry)) for folder, entry in named}

    def check_local(self, project: Folder) -> tuple[Path, ...]:
        """The folders that building the chosen kustomization reads.

        Raises NotLocal when that would need the network or reach beyond the repository.
        """
        limits = (fence(project.root), *project.allowed)
        todo, seen = [(project.root / self.chosen.folder).resolve()], list[Path]()
        while todo:
            folder = todo.pop()
            if folder in seen:
                continue
            seen.append(folder)
            if not any(folder.is_relative_to(limit) for limit in limits):
                raise NotLocal(
                    f"it includes a folder outside of the source and its repository ({folder.name}); "
                    f"--allow-path {folder} allows that"
                )
            todo += _check(folder)
        return tuple(seen)


def fence(root: Path) -> Path:
    """The folder that a kustomization may reach into: its repository, else the source itself."""
    return next(
        (folder for folder in (root, *root.parents) if (folder / ".git").exists()), root
    )


def entries(content: Mapping[str, Any]) -> Iterator[tuple[bool, str]]:
    """Every file or folder that a kustomization names; True where it may be a folder or a remote place."""
    for key in _PLACES:
        yield from ((True, entry) for entry in _strings(content.get(key)))
    for key in _FILES:
        yield from ((False, entry) for entry in _patch_files(content.get(key)))
    for key in _GENERATORS:
        for generator in content.get(key) or ():
            yield from ((False, entry) for entry in _generator_files(generator))


def _strings(value: Any) -> Iterator[str]:
    """The entries that are paths; an entry of several lines is a manifest written inline."""
    if isinstance(value, list):
        yield from (
            entry for entry in value if isinstance(entry, str) and "\n" not in entry
        )


def _patch_files(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        value = [value]
    for entry in value if isinstance(value, list) else ():
        path = entry.get("path") if isinstance(entry, Mapping) else entry
        if isinstance(path, str) and "\n" not in path:
            yield path


def _generator_files(generator: Any) -> Iterator[str]:
    if not isinstance(generator, Mapping):
        return
    for key in ("files", "envs"):
        yield from (entry.rpartition("=")[2] for entry in _strings(generator.get(key)))
    if isinstance(generator.get("env"), str):
        yield generator["env"]


def _check(folder: Path) -> Iterator[Path]:
    """The folders that the kustomization in `folder` includes, after a look at everything else it names."""
    file = next((folder / name for name in NAMES if (folder / name).is_file()), None)
    content = _content(file.read_bytes()) if file else None
    if content is None:
        raise NotLocal(f"there is no readable kustomization in {folder.name}")
    if content.get("helmCharts") or content.get("helmChartInflationGenerator"):
        raise NotLocal(
            "it inflates a Helm chart, which kustomize downloads (kustomize build --enable-helm)"
        )
    for may_be_folder, entry in entries(content):
        if "://" in entry or entry.startswith("git@"):
            raise NotLocal(
                f"it includes {_shown(entry)}, which would have to be downloaded"
            )
        target = (folder / entry).resolve()
        if may_be_folder and not target.exists():
            raise NotLocal(f"it includes {_shown(entry)}, which is not on disk")
        if may_be_folder and target.is_dir():
            yield target


def _shown(entry: str) -> str:
    """The address without what may be a credential."""
    return re.sub(r"//[^/@]*@", "//", entry).partition("?")[0]


@cache
def _content(text: bytes) -> Mapping[str, Any] | None:
    import yaml

    try:
        content = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (yaml.YAMLError, ValueError):
        return None
    return content if isinstance(content, dict) else {}


def groups(project: Project) -> tuple[Group, ...]:
    """The project's kustomizations, those together that include each other or the same base."""
    items = {item.folder: item for item in _kustomizations(project)}
    leader = {folder: folder for folder in items}
    included: set[str] = set()
    for folder, item in items.items():
        for place in item.folders():
            if place in items and place != folder:
                included.add(place)
                leader = _joined(leader, folder, place)
    sets: dict[str, list[Kustomization]] = {}
    for folder in sorted(items):
        sets.setdefault(leader[folder], []).append(items[folder])
    made = (
        Group(tuple(members), tuple(_tops(members, included))) for members in sets.values()
    )
    return tuple(group for group in made if group.tops)


def _joined(leader: dict[str, str], one: str, other: str) -> dict[str, str]:
    old, new = leader[other], leader[one]
    return {folder: new if head == old else head for folder, head in leader.items()}


def _tops(members: list[Kustomization], included: set[str]) -> list[Kustomization]:
    return [item for item in members if item.folder not in included and not item.component]


def _kustomizations(project: Project) -> Iterator[Kustomization]:
    for path in project.files():
        folder, _, name = path.rpartition("/")
        if name in NAMES:
            content = _content(project.read(path) or b"")
            yield Kustomization(path, folder or ".", content if content is not None else {})


def _under(path: str, folder: str) -> bool:
    return folder == "." or path.startswith(f"{folder}/")


def kustomize_command(
    project: Folder, item: Kustomization, where: str, reads: tuple[Path, ...]
) -> Command | None:
    """The command that builds a kustomization: `kustomize build`, else `kubectl kustomize`; None without either."""
    for program, verb in (("kustomize", "build"), ("kubectl", "kustomize")):
        if (binary := found(program, project.root)) is not None:
            label = f"{program} {verb} {where}"
            return Command(
                (binary, verb, item.folder), project.root, label, label, reads=reads
            )
    return None
