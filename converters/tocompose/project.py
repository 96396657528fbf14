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


ProjectType = TypeVar("ProjectType", bound="Project")


class Project(Protocol):
    """Named files; paths are relative, with `/`, and never leave the root."""

    name: str
    named: tuple[str, ...]
    # Files that were not read because of their size, with it.
    skipped: dict[str, int]
    # What was written into it before.
    earlier_runs: tuple[EarlierRun, ...]

    def files(self) -> tuple[str, ...]:
        """Every file, sorted; those that the user named one by one, or all of the folder."""

    def read(self, path: str) -> bytes | None:
        """The content of a file, None where there is none or it lies outside the tree."""

    def exists(self, path: str) -> bool:
        """Whether a file or folder of that path lies in the tree."""

    def below(self, path: str) -> tuple[str, ...]:
        """The paths of the files that stand in a folder of the tree itself, sorted; none where it is no folder."""


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
    """A project held in memory: standard input, a pasted command, a test."""

    def __init__(self, files: Mapping[str, bytes], name: str = "app") -> None:
        self.name = name
        self.named = tuple(files)
        self.skipped: dict[str, int] = {}
        self.earlier_runs: tuple[EarlierRun, ...] = ()
        self._files = dict(files)

    def files(self) -> tuple[str, ...]:
        """Every file, in the order given."""
        return _own_files(self, tuple(self._files))

    def read(self, path: str) -> bytes | None:
        """The content of a file."""
        wanted_path = normal_path(path) or ""
        file_content = self._files.get(wanted_path)
        if file_content is None or _too_large(path, len(file_content), self.skipped):
            return None
        return source_part(self.earlier_runs, wanted_path, file_content)

    def exists(self, path: str) -> bool:
        """Whether a file or folder of that path was given."""
        wanted_path = normal_path(path)
        return wanted_path is not None and any(
            name == wanted_path or name.startswith(f"{wanted_path}/")
            for name in self._files
        )

    def below(self, path: str) -> tuple[str, ...]:
        """The files given of a folder."""
        wanted_path = normal_path(path)
        return tuple(
            sorted(
                name
                for name in self._files
                if name.rpartition("/")[0] == wanted_path and "/" in name
            )
        )


class Folder:
    """A project on disk: a folder, or files named one by one below it.

    `allowed` are files and folders elsewhere that may be read as well; `outside` collects what was asked for, is there
    and lies neither in the root nor in those; `refused` what may not be read, with the reason.
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

    def files(self) -> tuple[str, ...]:
        """The files named, or all files of the folder without the pruned folders, sorted."""
        if self._files is None:
            self._files = self.named or tuple(sorted(self._walk_files()))
        return _own_files(self, self._files)

    def read(self, path: str) -> bytes | None:
        """The content of a file inside the root; symbolic links that lead out of it are not followed, nor is a pipe."""
        file = self._path_inside(path)
        if (
            file is None
            or not _is_file(file)
            or _too_large(path, file.stat().st_size, self.skipped)
        ):
            return None
        try:
            content = file.read_bytes()
        except OSError as problem:
            self._note_refused(path, problem)
            return None
        return source_part(self.earlier_runs, normal_path(path) or path, content)

    def exists(self, path: str) -> bool:
        """Whether a file or folder of that path lies inside the root."""
        file = self._path_inside(path)
        if file is None or not _is_there(file):
            return False
        return not self.earlier_runs or file.is_dir() or self.read(path) is not None

    def below(self, path: str) -> tuple[str, ...]:
        """The files that stand in a folder inside the root."""
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
        name = file.relative_to(self.root).as_posix() if file.is_absolute() else path
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
