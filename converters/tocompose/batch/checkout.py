"""A repository, or one application of it, as importers read it: guarded, and with a record of what was looked at."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path

from tocompose.batch.scan import list_few, refusal_notes
from tocompose.notes import Note, note
from tocompose.project import Folder, normal_path, source_part

LARGEST_FILE = 10_000_000
# What stands for a digest: a path that is there, and one that is there and gave no content (a folder does so too).
PRESENT_MARK, UNREAD_MARK = "+", "-"


class ReadJournal:
    """What was looked at in one repository: each file read with its digest, what was missing, and what was refused.

    Words of commands are looked for as files too, and some are passwords: of a path that is not there the journal keeps
    the folder in which it would begin, with no more than a digest of the name that the folder lacks.
    """

    def __init__(self) -> None:
        self.digests: dict[str, str] = {}
        self.missing: dict[str, set[str]] = {}
        self.too_large: dict[str, None] = {}
        self.refused: dict[str, str] = {}

    def notes(self) -> Iterator[Note]:
        """One note for all files that were too large, and one for each reason of the operating system."""
        if self.too_large:
            yield note(
                "TC807", paths=list_few(self.too_large), megabytes=LARGEST_FILE // 1_000_000
            )
        yield from refusal_notes(self.refused)


class Checkout(Folder):
    """The project of an application at `folder` of a repository, with the files that belong to it.

    Reads anything inside the application's folder (also ignored files such as `.env`) and what is `allowed` outside it,
    but nothing that is no plain file, and nothing that is larger than `LARGEST` bytes.
    """

    def __init__(
        self,
        top: Path,
        folder: str,
        files: Iterable[str],
        journal: ReadJournal,
        allowed: Iterable[str] = (),
    ) -> None:
        super().__init__(
            top / folder,
            name=Path(folder or top).name or "app",
            allowed=tuple(map(Path, allowed)),
        )
        self._real = os.path.realpath(top / folder)
        self._prefix = f"{folder}/" if folder else ""
        self._files = tuple(path[len(self._prefix) :] for path in files)
        self._journal = journal

    def read(self, path: str) -> bytes | None:
        """The content of a file; None where there is none, or where it may not be read, which the journal keeps."""
        real_path = self._existing_path(path)
        if real_path is None:
            return None
        name = self._journal_name(path, real_path)
        try:
            content = self._read_content(real_path, name)
        except OSError as problem:
            self._journal.refused[name] = problem.strerror or type(problem).__name__
            content = None
        self._journal.digests[name] = content_digest(content)
        return source_part(self.earlier_runs, normal_path(path) or path, content)

    def exists(self, path: str) -> bool:
        """Whether a file or folder of that path lies inside the application."""
        real_path = self._existing_path(path)
        if real_path is None:
            return False
        name = self._journal_name(path, real_path)
        # What was read has a digest, which says more.
        if self._journal.digests.get(name, UNREAD_MARK) == UNREAD_MARK:
            self._journal.digests[name] = PRESENT_MARK
        return True

    def _existing_path(self, path: str) -> Path | None:
        """Where a path leads that is there; the journal keeps one that is missing."""
        real_path = self._resolve_path(path)
        if real_path is None or _path_exists(real_path):
            return real_path
        self._keep_missing(real_path)
        return None

    def _keep_missing(self, real_path: Path) -> None:
        folder, name = real_path.parent, real_path.name
        while not os.path.lexists(folder):
            folder, name = folder.parent, folder.name
        self._journal.missing.setdefault(self._folder_name(folder), set()).add(
            name_digest(name)
        )

    def _folder_name(self, folder: Path) -> str:
        """What the journal calls a folder: its path below the repository, else where it is."""
        if not folder.is_relative_to(self._real):
            return str(folder)
        relative = folder.relative_to(self._real).as_posix()
        return (self._prefix + relative.removeprefix(".")).rstrip("/")

    def _read_content(self, real_path: Path, name: str) -> bytes | None:
        if not real_path.is_file():
            return None
        if real_path.stat().st_size > LARGEST_FILE:
            self._journal.too_large[name] = None
            return None
        return real_path.read_bytes()

    def _journal_name(self, path: str, real_path: Path) -> str:
        """What the journal calls a file: its path below the repository, else where it is."""
        relative = normal_path(path)
        return str(real_path) if relative is None else self._prefix + relative

    def _resolve_path(self, path: str) -> Path | None:
        """The place of a path with all links followed; `realpath` also ends where links form a circle."""
        if "\x00" in path or (normal_path(path) is None and not self.allowed):
            return None
        real_path = Path(os.path.realpath(Path(self._real, path)))
        inside = normal_path(path) is not None and real_path.is_relative_to(self._real)
        return (
            real_path
            if inside or any(real_path.is_relative_to(root) for root in self.allowed)
            else None
        )


def _path_exists(real_path: Path) -> bool:
    try:
        return real_path.exists()
    except OSError:
        return False


def name_digest(name: str) -> str:
    """A digest of a file's name: long enough to know the name again, too short to tell what it was."""
    return sha256(os.fsencode(os.path.normcase(name))).hexdigest()[:8]


def holds_any(folder: Path, name_digests: Iterable[str]) -> bool:
    """Whether a folder has a file or folder whose name has one of the digests."""
    try:
        names = [path.name for path in folder.iterdir()]
    except OSError:
        # It is gone, or no folder: nothing can be in it.
        return False
    missing_names = frozenset(name_digests)
    return any(
        name_digest(name) in missing_names and _path_exists(folder / name) for name in names
    )


def content_digest(content: bytes | None) -> str:
    """A short digest of a file's content; `UNREAD` for a file that is not there or cannot be read."""
    return UNREAD_MARK if content is None else sha256(content).hexdigest()[:24]
