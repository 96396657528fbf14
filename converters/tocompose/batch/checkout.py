"""A repository, or one application of it, as importers read it: guarded, and with a record of what was looked at."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path

from tocompose.batch.scan import few
from tocompose.notes import Note, note
from tocompose.project import Folder, normal

LARGEST = 10_000_000
# What stands for a digest: a path that is there or missing, and one that gave no content (a folder does so too).
THERE, MISSING, UNREAD = "+", "!", "-"


class Journal:
    """What was looked at in one repository: the digest of each file read, and what could not be read."""

    def __init__(self) -> None:
        self.seen: dict[str, str] = {}
        self.large: dict[str, None] = {}
        self.refused: dict[str, str] = {}

    def notes(self) -> Iterator[Note]:
        """One note for all files that were too large, and one for each reason of the operating system."""
        if self.large:
            yield note("TC807", paths=few(self.large), megabytes=LARGEST // 1_000_000)
        for problem in dict.fromkeys(self.refused.values()):
            paths = [path for path, said in self.refused.items() if said == problem]
            yield note("TC806", paths=few(paths), problem=problem)


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
        journal: Journal,
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
        place = self._inside(path)
        if place is None:
            return None
        name = self._name(path, place)
        try:
            content = self._content(place, name)
        except OSError as problem:
            self._journal.refused[name] = (
                problem.strerror or type(problem).__name__
            ).lower()
            content = None
        self._journal.seen[name] = digest(content)
        return content

    def exists(self, path: str) -> bool:
        """Whether a file or folder of that path lies inside the application."""
        place = self._inside(path)
        found = place is not None and _exists(place)
        if place is not None:
            name = self._name(path, place)
            # What was read has a digest, which says more.
            if self._journal.seen.get(name, UNREAD) == UNREAD:
                self._journal.seen[name] = THERE if found else MISSING
        return found

    def _content(self, place: Path, name: str) -> bytes | None:
        if not place.is_file():
            return None
        if place.stat().st_size > LARGEST:
            self._journal.large[name] = None
            return None
        return place.read_bytes()

    def _name(self, path: str, place: Path) -> str:
        """What the journal calls a file: its path below the repository, else where it is."""
        relative = normal(path)
        return str(place) if relative is None else self._prefix + relative

    def _inside(self, path: str) -> Path | None:
        """The place of a path with all links followed; `realpath` also ends where links form a circle."""
        if "\x00" in path or (normal(path) is None and not self.allowed):
            return None
        place = Path(os.path.realpath(Path(self._real, path)))
        inside = normal(path) is not None and place.is_relative_to(self._real)
        return (
            place
            if inside or any(place.is_relative_to(root) for root in self.allowed)
            else None
        )


def _exists(place: Path) -> bool:
    try:
        return place.exists()
    except OSError:
        return False


def digest(content: bytes | None) -> str:
    """A short digest of a file's content; `UNREAD` for a file that is not there or cannot be read."""
    return UNREAD if content is None else sha256(content).hexdigest()[:24]
