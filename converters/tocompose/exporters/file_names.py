"""The stack's files under names that every system can hold: what a source calls its files may be hostile, or fit Linux.

Mounts show containers the names of the source.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from posixpath import normpath
from unicodedata import normalize

from tocompose.compose.files import BASE_NAMES, CLASSIC_NAMES, MODERN_NAMES
from tocompose.exporters.final_checks import Checked, for_each_overlay
from tocompose.model import File, FileResource, Mount, Service, Stack
from tocompose.notes import Note, note
from tocompose.record import replace
from tocompose.syntax.interpolation import literal, plain
from tocompose.syntax.model_path import ModelPath

# https://learn.microsoft.com/windows/win32/fileio/naming-a-file#naming-conventions
_DEVICES = frozenset({"con", "prn", "aux", "nul", "conin$", "conout$"}) | {
    f"{name}{digit}" for name in ("com", "lpt") for digit in "0123456789¹²³"
}
_REFUSED = frozenset('<>:"|?*\\/$`')
# Common file systems hold 255 bytes (or UTF-16 units) in a name; in a path, Windows holds 260 from the drive on.
_NAME_BYTES, _PATH_BYTES = 200, 1000
# What is written beside the files of a stack, under either set of names.
_RESERVED = (
    ".env",
    ".env.example",
    ".gitignore",
    "MIGRATION.md",
    "migration.json",
    "config",
    "secrets",
    *dict.fromkeys((*BASE_NAMES, *CLASSIC_NAMES.values(), *MODERN_NAMES.values())),
)


def files_named_portably(stack: Stack) -> Checked:
    """The stack with every file inside the folder, under a name of its own that Linux, macOS and Windows take."""
    reserved = [
        name
        for name in _RESERVED
        if not any(file.path.startswith(f"{name}/") for file in stack.files)
    ]
    new_paths = portable_paths(dict.fromkeys(file.path for file in stack.files), reserved)
    moved = {old: new for old, new in new_paths.items() if old != new}
    if not moved:
        return Checked(stack)
    renames = _Renames(new_paths)
    notes = tuple(_renaming_notes(stack.files, moved))
    stack = for_each_overlay(stack, lambda _, layer: renames.in_service(layer))
    stack = replace(
        stack,
        files=tuple(replace(file, path=new_paths[file.path]) for file in stack.files),
        configs=renames.in_resources(stack.configs),
        secrets=renames.in_resources(stack.secrets),
    )
    return Checked(stack, notes, frozenset(ModelPath.of("files", old) for old in moved))


def _renaming_notes(files: Iterable[File], moved: Mapping[str, str]) -> Iterator[Note]:
    origins = {file.path: file.origin for file in files}
    for old, new in outermost_renames(moved):
        span = next((origins[path] for path in moved if path.startswith(old)), None)
        yield note("TC779", span, old=old, new=new)


class _Renames:
    """The paths of files before and after, and what the stack says of them."""

    def __init__(self, new_paths: Mapping[str, str]) -> None:
        self._new_paths = new_paths

    def in_resources(self, resources: Iterable[FileResource]) -> tuple[FileResource, ...]:
        """Configs or secrets, those from files with the new paths."""
        return tuple(
            replace(resource, file=self._path(resource.file)) if resource.file else resource
            for resource in resources
        )

    def in_service(self, service: Service) -> Service:
        """The service with mounts and files of variables under the new paths."""
        targets = {mount.target for mount in service.mounts}
        targets |= {grant.target or "" for grant in (*service.configs, *service.secrets)}
        mounts = [
            renamed for mount in service.mounts for renamed in self._mounts(mount, targets)
        ]
        env_files = (
            replace(env_file, path=self._path(env_file.path))
            for env_file in service.env_files
        )
        return replace(service, mounts=tuple(mounts), env_files=tuple(env_files))

    def _path(self, source: str) -> str:
        old = self._bundled_path(source)
        if old is None or self._new_paths.get(old, old) == old:
            return source
        return f"./{literal(self._new_paths[old])}"

    def _bundled_path(self, source: str) -> str | None:
        """The file, or the folder of files, that a source in the stack stands for; None when it is none of ours."""
        raw = (plain(source) or source).removeprefix("./").rstrip("/")
        if not raw:
            return None
        spellings = (raw, normpath(raw))
        return next((path for path in spellings if self._paths_below(path)), None)

    def _paths_below(self, path: str) -> dict[str, str]:
        """The new path of each file at or below a path, by what follows that path."""
        return {
            old[len(path) :]: new
            for old, new in self._new_paths.items()
            if f"{old}/".startswith(f"{path}/")
        }

    def _mounts(self, mount: Mount, targets: set[str]) -> Iterator[Mount]:
        """The mount; that of a folder with renamed files becomes one for each file, under the name of the source."""
        is_bind = mount.kind == "bind" and mount.source
        path = self._bundled_path(mount.source or "") if is_bind else None
        if path is None:
            yield mount
            return
        paths_below = self._paths_below(path)
        new_path = _common_base(paths_below)
        if new_path is not None:
            yield mount if new_path == path else _from_file(mount, new_path)
            return
        for suffix, new in paths_below.items():
            target = mount.target.rstrip("/") + literal(suffix)
            if not suffix.endswith("/.keep") and target not in targets:
                yield replace(_from_file(mount, new), target=target)


def _common_base(paths_below: Mapping[str, str]) -> str | None:
    """The folder (or file) to which all the files moved under their own names; None when some have others."""
    bases = {
        new.removesuffix(suffix) if new.endswith(suffix) else None
        for suffix, new in paths_below.items()
    }
    return bases.pop() if len(bases) == 1 else None


def _from_file(mount: Mount, path: str) -> Mount:
    return replace(mount, source=f"./{literal(path)}")


def portable_paths(paths: Iterable[str], reserved: Iterable[str] = ()) -> Mapping[str, str]:
    """The path to write for each path, all of them inside the folder and no two alike where case does not count.

    `reserved` are names at the top of the folder that are used otherwise.
    """
    tree = _Tree(reserved)
    return {path: tree.place(path) for path in paths}


class _Tree:
    """The names that are given out so far, folder by folder."""

    def __init__(self, reserved: Iterable[str]) -> None:
        self._used: dict[str, set[str]] = {"": {_fold_name(name) for name in reserved}}
        self._new_paths: dict[tuple[str, bool], str] = {}

    def place(self, path: str) -> str:
        """Where the file of that path is written to."""
        if len(path.encode("utf-8", "surrogatepass")) > _PATH_BYTES:
            path = f"{path.partition('/')[0]}/{_digest_of(path)}"
        names = [name for name in path.split("/") if name] or ["_"]
        new, old = "", ""
        for depth, name in enumerate(names, 1):
            old = f"{old}/{name}"
            key = (old, depth == len(names))
            if key not in self._new_paths:
                free_name = self._free_name(new, _accepted_name(name))
                self._new_paths[key] = f"{new}/{free_name}".lstrip("/")
            new = self._new_paths[key]
        return new

    def _free_name(self, folder: str, name: str) -> str:
        used = self._used.setdefault(folder, set())
        pure, candidate, number = PurePosixPath(name), name, 2
        while _fold_name(candidate) in used:
            candidate, number = f"{pure.stem}-{number}{pure.suffix}", number + 1
        used.add(_fold_name(candidate))
        return candidate


def _fold_name(name: str) -> str:
    """The same for names that some file system takes for one: Windows and macOS look past case and composition."""
    return normalize("NFC", normalize("NFD", name).casefold())


def _accepted_name(text: str) -> str:
    """The name without what some system refuses or reads as something else."""
    name = "".join(
        char if char.isprintable() and char not in _REFUSED else "_" for char in text
    )
    if name in (".", ".."):
        return "_" * len(name)
    if name.endswith((" ", ".")):
        name = f"{name[:-1]}_"
    if name.startswith(" "):
        name = f"_{name[1:]}"
    stem, dot, suffix = name.partition(".")
    if stem.rstrip().lower() in _DEVICES:
        name = f"{stem}_{dot}{suffix}"
    return _shorten_name(name)


def _shorten_name(name: str) -> str:
    coded = name.encode()
    if len(coded) <= _NAME_BYTES:
        return name
    suffix = PurePosixPath(name).suffix[:20]
    stem = coded[: _NAME_BYTES // 2].decode("utf-8", "ignore")
    return f"{stem}-{_digest_of(name)}{suffix}"


def _digest_of(text: str) -> str:
    # Loads OpenSSL, which takes longer than most imports; few names need it.
    from hashlib import sha256

    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def outermost_renames(moved: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The outermost folders and files that have another name: the old and the new path of each, once."""
    reported = set()
    for old, new in moved.items():
        old_names = [name for name in old.split("/") if name]
        new_names = new.split("/")
        depth = _common_depth(old_names, new_names) + 1
        pair = ("/".join(old_names[:depth]) or old, "/".join(new_names[:depth]))
        if old != new and pair not in reported:
            reported.add(pair)
            yield pair


def _common_depth(old_names: list[str], new_names: list[str]) -> int:
    """How many folders from the top have the same name in both paths."""
    pairs = enumerate(zip(old_names, new_names, strict=False))
    differing = (depth for depth, (old, new) in pairs if old != new)
    return next(differing, len(new_names) - 1)
