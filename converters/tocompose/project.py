"""The files that a conversion may read, and nothing beyond them."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from copy import copy
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Protocol, TypeVar

from tocompose.earlier_run import REPORT_NAME, EarlierRun, read_earlier_run
from tocompose.limits import limit
from tocompose.syntax.host_paths import is_relative_path
from tocompose.syntax.interpolation import plain

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

# Folders that never hold a source of their own and can be huge.
PRUNED = frozenset(
    {
        ".git",
        ".hg",
        ".svn",
        "node_modules",
        "vendor",
        "__pycache__",
        ".venv",
        "venv",
        ".tox",
        ".terraform",
    }
    | {
        "bower_components",
        ".mypy_cache",
        ".pytest_cache",
        ".idea",
        ".gradle",
        "target",
        "dist",
        ".next",
    }
)


# A file that is larger is read anew each time: a folder of data must not fill the memory.
_KEPT_BYTES = 100_000
# Nor must very many small files; those that come later are read anew each time.
_ALL_KEPT_BYTES = 20_000_000

ProjectType = TypeVar("ProjectType", bound="Project")


class Project(Protocol):
    """The files of a source, by relative paths with `/`; nothing outside of its root is read.

    `named` are the files that the user named one by one, and `skipped` those that are too large, with their size in
    bytes. `earlier_runs` tell which files an earlier conversion has written: these are not part of the source.
    """

    name: str
    named: tuple[str, ...]
    # Files that were not read because of their size, with it.
    skipped: dict[str, int]
    # What was written into it before.
    earlier_runs: tuple[EarlierRun, ...]

    def files(self) -> tuple[str, ...]:
        """The paths of all files; of those alone that the user named, in that order, if there are any."""

    def read(self, path: str) -> bytes | None:
        """The content of a file; None if there is none, or if it is too large or outside of the root."""

    def exists(self, path: str) -> bool:
        """Whether there is a file or folder of that path inside the root."""

    def below(self, path: str) -> tuple[str, ...]:
        """The paths of the files directly in a folder, sorted; empty if there is no such folder."""


def source_alone(project: ProjectType) -> ProjectType:
    """The project without what an earlier conversion has written into it, as its `migration.json` tells."""
    reports = {name for name in project.files() if name.rpartition("/")[2] == REPORT_NAME}
    runs = []
    for path in sorted({REPORT_NAME, *reports}):
        content = project.read(path)
        run = None if content is None else read_earlier_run(path, content)
        runs += [run] if run is not None else []
    if not runs:
        return project
    alone = copy(project)
    alone.earlier_runs = tuple(runs)
    return alone


def with_earlier_output(project: ProjectType) -> ProjectType:
    """The project together with what an earlier conversion has written into it."""
    if not project.earlier_runs:
        return project
    whole = copy(project)
    whole.earlier_runs = ()
    return whole


def source_part(
    runs: Iterable[EarlierRun], path: str, content: bytes | None
) -> bytes | None:
    """What of a file is left without that which earlier runs have written."""
    for run in runs:
        if content is None:
            break
        content = run.source_part(path, content)
    return content


class Memory:
    """A project in memory; `files` maps each relative path to its content."""

    def __init__(self, files: Mapping[str, bytes], name: str = "app") -> None:
        self.name = name
        self.named = tuple(files)
        self.skipped: dict[str, int] = {}
        self.earlier_runs: tuple[EarlierRun, ...] = ()
        self._files = dict(files)
        self._by_folder: dict[str, list[str]] | None = None

    def files(self) -> tuple[str, ...]:
        """The paths of all files, in the order given."""
        return _own_files(self, tuple(self._files))

    def read(self, path: str) -> bytes | None:
        """The content of a file; None if there is none, or if it is too large."""
        wanted_path = normal_path(path) or ""
        file_content = self._files.get(wanted_path)
        if file_content is None or _too_large(path, len(file_content), self.skipped):
            return None
        return source_part(self.earlier_runs, wanted_path, file_content)

    def exists(self, path: str) -> bool:
        """Whether there is a file or folder of that path."""
        wanted_path = normal_path(path)
        return wanted_path is not None and any(
            name == wanted_path or name.startswith(f"{wanted_path}/")
            for name in self._files
        )

    def below(self, path: str) -> tuple[str, ...]:
        """The paths of the files directly in a folder, sorted."""
        if self._by_folder is None:
            self._by_folder = {}
            for name in sorted(self._files):
                folder, slash, _ = name.rpartition("/")
                if slash:
                    self._by_folder.setdefault(folder, []).append(name)
        return tuple(self._by_folder.get(normal_path(path) or "", ()))


class Folder:
    """A project on disk: all files of a folder, or only those that `named` lists by their paths in it.

    `name` is the name of the stack, by default that of the folder. `allowed` are files and folders outside of the root
    that may be read too. Afterwards `outside` holds the paths of existing files that were asked for and lie in neither,
    and `refused` the paths that the operating system did not let it read, each with the reason.
    """

    def __init__(
        self,
        root: Path,
        named: tuple[str, ...] = (),
        name: str = "",
        allowed: tuple[Path, ...] = (),
    ) -> None:
        self.root = root.resolve()
        self.name = name or self.root.name
        self.named = named
        self.allowed = tuple(path.resolve() for path in allowed)
        self.skipped: dict[str, int] = {}
        self.outside: dict[str, Path] = {}
        self.refused: dict[str, str] = {}
        self.earlier_runs: tuple[EarlierRun, ...] = ()
        self._files: tuple[str, ...] | None = None
        # Several rules ask for the same files: each path is followed once, and each small file is read once.
        self._resolved: dict[str, Path | None] = {}
        self._contents: dict[str, bytes | None] = {}
        self._room = _ALL_KEPT_BYTES

    def files(self) -> tuple[str, ...]:
        """The paths of all files, sorted, without folders such as `.git` and `node_modules`; or those named."""
        if self._files is None:
            self._files = self.named or tuple(sorted(self._walk_files()))
        return _own_files(self, self._files)

    def read(self, path: str) -> bytes | None:
        """The content of a file; None if there is none, or if it is too large, no plain file or outside of the root."""
        content = self._contents[path] if path in self._contents else self._read_file(path)
        if content is None:
            return None
        return source_part(self.earlier_runs, normal_path(path) or path, content)

    def _read_file(self, path: str) -> bytes | None:
        """What stands in the file, whoever wrote it; kept where it is small."""
        file = self._path_inside(path)
        content = None
        if (
            file is not None
            and _is_file(file)
            and not _too_large(path, file.stat().st_size, self.skipped)
        ):
            try:
                content = file.read_bytes()
            except OSError as problem:
                self._note_refused(path, problem)
        size = len(content or b"")
        if size <= min(_KEPT_BYTES, self._room):
            self._contents[path] = content
            self._room -= size
        return content

    def exists(self, path: str) -> bool:
        """Whether there is a file or folder of that path inside the root."""
        file = self._path_inside(path)
        if file is None or not _is_there(file):
            return False
        return not self.earlier_runs or file.is_dir() or self.read(path) is not None

    def below(self, path: str) -> tuple[str, ...]:
        """The paths of the files directly in a folder, sorted; empty if there is no such folder."""
        folder = self._path_inside(path)
        try:
            with (
                os.scandir(folder) if folder is not None else nullcontext(()) as dir_entries
            ):
                return tuple(
                    sorted(
                        f"{path.rstrip('/')}/{dir_entry.name}"
                        for dir_entry in dir_entries
                        if dir_entry.is_file()
                    )
                )
        except OSError:
            # Not there, not a folder, or not to be listed: nothing to look at.
            return ()

    def _path_inside(self, path: str) -> Path | None:
        if path not in self._resolved:
            self._resolved[path] = self._resolve(path)
        return self._resolved[path]

    def _resolve(self, path: str) -> Path | None:
        if "\x00" in path:
            return None
        try:
            resolved = (self.root / path).resolve()
        except (OSError, RuntimeError):
            # Links in a circle, a name that is too long.
            return None
        if any(resolved.is_relative_to(root) for root in (self.root, *self.allowed)):
            return resolved
        if _is_file(resolved):
            self.outside.setdefault(path, resolved)
        return None

    def _note_refused(self, path: str, problem: OSError) -> None:
        file = Path(path)
        is_whole = file.is_absolute()
        name = (
            file.relative_to(self.root).as_posix()
            if is_whole
            else normal_path(path) or path
        )
        self.refused[name] = (problem.strerror or type(problem).__name__).lower()

    def _walk_files(self) -> Iterator[str]:
        def refuse(problem: OSError) -> None:
            self._note_refused(problem.filename, problem)

        for folder, folders, names in os.walk(self.root, onerror=refuse):
            folders[:] = sorted(name for name in folders if name not in PRUNED)
            base = PurePosixPath(Path(folder).relative_to(self.root).as_posix())
            yield from (str(base / name) for name in names)


def _own_files(project: Project, paths: tuple[str, ...]) -> tuple[str, ...]:
    """The paths without the files that an earlier conversion has written."""
    if not project.earlier_runs:
        return paths
    made = {
        f"{run.folder}{path}" for run in project.earlier_runs for path in run.written_paths
    }
    return tuple(
        path for path in paths if path not in made or project.read(path) is not None
    )


def _is_there(file: Path) -> bool:
    try:
        return file.exists()
    except OSError:
        return False


def _is_file(file: Path) -> bool:
    try:
        return file.is_file()
    except OSError:
        return False


def _too_large(path: str, size: int, skipped: dict[str, int]) -> bool:
    """Whether a file has more bytes than are read of one; it is then kept among the `skipped`."""
    if size <= limit("FILE_BYTES"):
        return False
    skipped[path] = size
    return True


def refused_files(project: Project) -> Mapping[str, str]:
    """The files that the operating system did not let us read so far, each with the reason."""
    refused: Mapping[str, str] = getattr(project, "refused", {})
    return refused


def is_refused(project: Project, path: str) -> bool:
    """Whether a file that was asked for is there and may not be read."""
    return (normal_path(path) or path) in refused_files(project)


def normal_path(path: str) -> str | None:
    """The relative path without `.` and `..`; None when it is absolute or leaves the root."""
    if path.startswith("/") or "\x00" in path:
        return None
    segments: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            if not segments:
                return None
            segments.pop()
        elif segment not in ("", "."):
            segments.append(segment)
    return "/".join(segments)


def project_path(path: str) -> str | None:
    """The path in the project that a file in its root means; None for one elsewhere, or known at the start only."""
    written = plain(path)
    if written is None or not is_relative_path(written):
        return None
    return normal_path(written)


def only_namesake(project: Project, path: str) -> str | None:
    """The one file of the project that is called as another path is; None where several are, or none."""
    name = path.rpartition("/")[2]
    named_files = [file for file in project.files() if file.rpartition("/")[2] == name]
    return named_files[0] if len(named_files) == 1 else None


def path_between(start: Path, target: Path) -> str:
    """The way from one folder to another, as compose files write it; the whole path where both are on other drives."""
    try:
        return f"{Path(os.path.relpath(target, start)).as_posix()}/"
    except ValueError:
        return f"{target.as_posix()}/"


def ignore_rules(lines: Sequence[str]) -> GitIgnoreSpec:
    """The rules of an ignore file, by Git's own reading of them; a line that is no pattern is skipped, as Git does."""
    from pathspec import GitIgnoreSpec

    with warnings.catch_warnings():
        # `[a--b]` and its kin: Python warns about what a later version may read in them.
        warnings.simplefilter("ignore", FutureWarning)
        try:
            return GitIgnoreSpec.from_lines(lines)
        except (ValueError, re.error):
            return GitIgnoreSpec.from_lines([line for line in lines if _is_pattern(line)])


def _is_pattern(line: str) -> bool:
    from pathspec import GitIgnoreSpec

    try:
        GitIgnoreSpec.from_lines([line])
    except (ValueError, re.error):
        return False
    return True
