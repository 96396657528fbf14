"""Kustomizations of a project: which refer to which, which one to build, and whether all they need lies on disk."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from posixpath import join, normpath
from typing import Any

from tocompose.patterns import regex
from tocompose.project import Folder, Project
from tocompose.record import NamedTuple
from tocompose.rendering.command import RenderCommand, find_program
from tocompose.rendering.staging import CheckedFolder, stage_folders, staged_path

FILE_NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
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
_HELM = ("helmCharts", "helmChartInflationGenerator", "helmGlobals")
# The entries that hold the configuration of plug-ins, in files or inline.
_PLUGINS = ("generators", "transformers", "validators")
# kustomize reads keys as Go does JSON: in any case, and with letters that fold to others.
_READING_KEYS = frozenset({"path", "paths", "files", "envs", "env", "valuesFile", "repo"})
_KEYS = {
    key.casefold(): key
    for key in (*_PLACES, *_FILES, *_GENERATORS, *_HELM, *_READING_KEYS, "kind", "literals")
}
# What kustomize takes for a repository to clone, though a folder of that name may lie on disk.
# https://github.com/kubernetes-sigs/kustomize/blob/master/api/internal/git/repospec.go
_REMOTE = regex(
    r"(?i)(?:git|gh|http|https|ssh|file)::?|[\w.-]+@|github\.com[:/]|.*(?:://|\?(?:ref|version|timeout|submodules)=|\.git(?:/|$)|/_git/)"
)
_PREFERRED = ("production", "prod", "live", "default", "release")
_MANIFEST = regex(rb"(?m)^[\"' {]*apiVersion[\"']?\s*:")


class NotLocal(Exception):
    """A kustomization that needs something beyond the disk; the text says what."""


class Kustomization(NamedTuple):
    """One kustomization file, the folder it stands in, and its content."""

    path: str
    folder: str
    content: Mapping[str, Any]

    @property
    def is_component(self) -> bool:
        """Whether it is a Component, which is only ever included."""
        return self.content.get("kind") == "Component"

    def included_paths(self) -> tuple[str, ...]:
        """Every place that it includes, as paths from the project's root; files among them."""
        paths = (
            path
            for key in ("resources", "bases", "components")
            for path in _path_entries(self.content.get(key))
        )
        return tuple(
            normpath(join(self.folder, path)) for path in paths if "://" not in path
        )


class KustomizationGroup(NamedTuple):
    """Kustomizations that share what they include; `tops` are those that no other includes."""

    kustomizations: tuple[Kustomization, ...]
    tops: tuple[Kustomization, ...]

    @property
    def built(self) -> Kustomization:
        """The one to build: the only top, else the one named like production, else the first by name."""
        rank = {name: index for index, name in enumerate(_PREFERRED)}
        return min(
            self.tops,
            key=lambda kustomization: (
                rank.get(kustomization.folder.rpartition("/")[2], len(rank)),
                kustomization.folder,
            ),
        )

    def covered_files(self, project: Project) -> frozenset[str]:
        """The files of the project that belong to the group."""
        folders = {kustomization.folder for kustomization in self.kustomizations}
        named = self._named_files()
        return frozenset(
            path
            for path in project.files()
            if path in named or any(_is_under(path, folder) for folder in folders)
        )

    def unlisted_manifests(self, project: Project) -> tuple[str, ...]:
        """Manifests that lie beside the kustomizations and that none of them names."""
        named = self._named_files() | {
            kustomization.path for kustomization in self.kustomizations
        }
        files = (path for path in sorted(self.covered_files(project)) if path not in named)
        manifests = (path for path in files if path.endswith((".yaml", ".yml", ".json")))
        return tuple(
            path for path in manifests if _MANIFEST.search(project.read(path) or b"")
        )

    def plain_resources(self) -> frozenset[str]:
        """The manifest files that the chosen kustomization includes, directly or through others."""
        folders = {kustomization.folder for kustomization in self.kustomizations}
        paths = (path for reached in self.reached() for path in reached.included_paths())
        return frozenset(paths) - folders

    def reached(self) -> tuple[Kustomization, ...]:
        """The chosen kustomization and those that it includes, directly or through others."""
        by_folder = {each.folder: each for each in self.kustomizations}
        reached: dict[str, Kustomization] = {}
        todo = [self.built.folder]
        while todo:
            folder = todo.pop(0)
            if folder in by_folder and folder not in reached:
                reached[folder] = by_folder[folder]
                todo += by_folder[folder].included_paths()
        return tuple(reached.values())

    def _named_files(self) -> set[str]:
        """Every file that some kustomization of the group names."""
        named = (
            (kustomization.folder, path)
            for kustomization in self.kustomizations
            for _, path in named_entries(kustomization.content)
        )
        return {normpath(join(folder, path)) for folder, path in named}

    def check_local(self, project: Folder) -> tuple[CheckedFolder, ...]:
        """The folders that building the chosen kustomization reads, with what their kustomizations say.

        Raises NotLocal when that would need the network or reach beyond the repository.
        """
        limits = (reachable_root(project.root), *project.allowed)
        todo, visited = [(project.root / self.built.folder).resolve()], set[Path]()
        checked: list[CheckedFolder] = []
        while todo:
            folder = todo.pop()
            if folder in visited:
                continue
            visited.add(folder)
            if not any(folder.is_relative_to(limit) for limit in limits):
                raise NotLocal(
                    f"it includes a folder outside of the source and its repository ({folder.name}); "
                    f"--allow-path {folder} allows that"
                )
            found = _kustomization_in(folder)
            if found is None:
                raise NotLocal(f"there is no readable kustomization in {folder.name}")
            checked.append(found)
            todo += _check_folder(folder, found.content)
        return tuple(checked)


def reachable_root(root: Path) -> Path:
    """The folder that a kustomization may reach into: its repository, else the source itself."""
    return next(
        (folder for folder in (root, *root.parents) if (folder / ".git").exists()), root
    )


def named_entries(content: Mapping[str, Any]) -> Iterator[tuple[bool, str]]:
    """Every file or folder that a kustomization names; True where it may be a folder or a remote place."""
    for key in _PLACES:
        yield from ((True, path) for path in _path_entries(content.get(key)))
    for key in _FILES:
        yield from ((False, path) for path in patch_files(content.get(key)))
    for key in _GENERATORS:
        for generator in content.get(key) or ():
            yield from ((False, path) for path in _generator_files(generator))


def _path_entries(value: Any) -> Iterator[str]:
    """The entries that are paths; an entry of several lines is a manifest written inline."""
    if isinstance(value, list):
        yield from (path for path in value if isinstance(path, str) and "\n" not in path)


def patch_files(value: Any) -> Iterator[str]:
    """The files that a list of patches names."""
    if isinstance(value, Mapping):
        value = [value]
    for patch in value if isinstance(value, list) else ():
        path = patch.get("path") if isinstance(patch, Mapping) else patch
        if isinstance(path, str) and "\n" not in path:
            yield path


def _generator_files(generator: Any) -> Iterator[str]:
    if not isinstance(generator, Mapping):
        return
    for key in ("files", "envs"):
        yield from (
            file_entry.rpartition("=")[2]
            for file_entry in _path_entries(generator.get(key))
        )
    if isinstance(generator.get("env"), str):
        yield generator["env"]


def _check_folder(folder: Path, content: Mapping[str, Any]) -> Iterator[Path]:
    """The folders that the kustomization in `folder` includes, after a look at everything else it names."""
    if any(content.get(key) for key in _HELM):
        raise NotLocal(
            "it inflates a Helm chart, which kustomize downloads (kustomize build --enable-helm)"
        )
    for may_be_folder, path in named_entries(content):
        shown = _without_credentials(path)
        if _REMOTE.match(path):
            raise NotLocal(f"it includes {shown}, which would have to be downloaded")
        if not may_be_folder:
            continue
        target = (folder / path).resolve()
        if not target.exists():
            raise NotLocal(f"it includes {shown}, which is not on disk")
        if target.is_dir():
            yield target
    for plugin in _plugin_configurations(folder, content):
        _check_plugin(plugin)


def _plugin_configurations(folder: Path, content: Mapping[str, Any]) -> Iterator[Any]:
    """What generators, transformers and validators are told, inline and in files."""
    for key in _PLUGINS:
        plugin_entries = content.get(key)
        for entry in plugin_entries if isinstance(plugin_entries, list) else ():
            if not isinstance(entry, str):
                continue
            if "\n" in entry:
                yield from _documents(entry.encode())
            elif (file := folder / entry).is_file():
                yield from _documents(file.read_bytes())


def _documents(text: bytes) -> list[Any]:
    import yaml

    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        return [_fold_keys(content) for content in yaml.load_all(text, Loader=loader)]
    except (yaml.YAMLError, ValueError, RecursionError):
        raise NotLocal("the configuration of a plug-in in it cannot be read") from None


def _check_plugin(configuration: Any) -> None:
    """Refuses a plug-in that would download what it reads, or inflate a chart."""
    match configuration:
        case {"kind": "HelmChartInflationGenerator"}:
            raise NotLocal("it inflates a Helm chart, which kustomize downloads")
        case dict():
            for key, value in configuration.items():
                names = [value] if isinstance(value, str) else value
                if key in _READING_KEYS and isinstance(names, list):
                    _check_names(names)
                _check_plugin(value)
        case list():
            for part in configuration:
                _check_plugin(part)


def _check_names(names: list[Any]) -> None:
    for name in names:
        if isinstance(name, str) and "://" in name:
            shown = _without_credentials(name)
            raise NotLocal(f"it includes {shown}, which would have to be downloaded")


def _kustomization_in(folder: Path) -> CheckedFolder | None:
    for name in FILE_NAMES:
        if (folder / name).is_file():
            content = _parse_content((folder / name).read_bytes())
            return None if content is None else CheckedFolder(folder, name, content)
    return None


def _without_credentials(address: str) -> str:
    """The address without what may be a credential."""
    return re.sub(r"//[^/@]*@", "//", address).partition("?")[0]


@cache
def _parse_content(text: bytes) -> Mapping[str, Any] | None:
    import yaml

    try:
        content = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        content = _fold_keys(content)
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else {}


def _fold_keys(content: Any, folded: dict[int, Any] | None = None) -> Any:
    """The content with the keys that we know as kustomize understands them; lists under one key twice are one.

    What an alias repeats is looked at once.
    """
    folded = {} if folded is None else folded
    if id(content) in folded:
        return folded[id(content)]
    if isinstance(content, list):
        result: Any = folded.setdefault(id(content), [])
        result += [_fold_keys(part, folded) for part in content]
        return result
    if not isinstance(content, dict):
        return content
    result = folded.setdefault(id(content), {})
    for key, value in content.items():
        known_key = _KEYS.get(str(key).casefold(), key)
        value = _fold_keys(value, folded)
        before = result.get(known_key)
        both_lists = isinstance(before, list) and isinstance(value, list)
        result[known_key] = [*before, *value] if both_lists else value
    return result


def find_groups(project: Project) -> tuple[KustomizationGroup, ...]:
    """The project's kustomizations, those together that include each other or the same base."""
    by_folder = {each.folder: each for each in _find_kustomizations(project)}
    leader = {folder: folder for folder in by_folder}
    included: set[str] = set()
    for folder, kustomization in by_folder.items():
        for path in by_folder.keys() & set(kustomization.included_paths()) - {folder}:
            included.add(path)
            leader = _join_groups(leader, folder, path)
    groups: dict[str, list[Kustomization]] = {}
    for folder in sorted(by_folder):
        groups.setdefault(leader[folder], []).append(by_folder[folder])
    return tuple(
        KustomizationGroup(tuple(members), tops)
        for members in groups.values()
        if (tops := tuple(_top_level(members, included)))
    )


def _join_groups(
    leader: dict[str, str], folder_joining: str, folder_joined: str
) -> dict[str, str]:
    old, new = leader[folder_joined], leader[folder_joining]
    return {folder: new if head == old else head for folder, head in leader.items()}


def _top_level(members: list[Kustomization], included: set[str]) -> list[Kustomization]:
    return [
        kustomization
        for kustomization in members
        if kustomization.folder not in included and not kustomization.is_component
    ]


def _find_kustomizations(project: Project) -> Iterator[Kustomization]:
    for path in project.files():
        folder, _, name = path.rpartition("/")
        if name in FILE_NAMES:
            content = _parse_content(project.read(path) or b"")
            yield Kustomization(path, folder or ".", content if content is not None else {})


def _is_under(path: str, folder: str) -> bool:
    return folder == "." or path.startswith(f"{folder}/")


def kustomize_command(
    project: Folder,
    kustomization: Kustomization,
    folder_name: str,
    checked: tuple[CheckedFolder, ...],
) -> RenderCommand | None:
    """The command that builds a kustomization: `kustomize build`, else `kubectl kustomize`; None without either."""
    for program, verb in (("kustomize", "build"), ("kubectl", "kustomize")):
        if (binary := find_program(program, project.root)) is not None:
            label = f"{program} {verb} {folder_name}"
            built = (project.root / kustomization.folder).resolve()
            return RenderCommand(
                (binary, verb, staged_path(checked, built)),
                project.root,
                label,
                label,
                reads=tuple(folder.path for folder in checked),
                stage=lambda place: stage_folders(checked, place),
            )
    return None
