"""Puts a bundle on disk: all of it or nothing, and never over what a user has written unless told to."""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from tocompose.exporters.existing import ADDED_TO, combine
from tocompose.model import File
from tocompose.notes import Note, note
from tocompose.project import normal
from tocompose.writing.lock import alone, uninterrupted

# In the order in which docker compose looks for them.
BASE_NAMES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
_STAGING = re.compile(r"\.tocompose-(\d{1,9})")


class WriteError(Exception):
    """A bundle that cannot be written; the text says what is wrong and what to do. Nothing was changed."""


class Change(NamedTuple):
    """What happens to one file: its path, what stands there now (None: nothing), what will, and its mode."""

    path: str
    before: bytes | None
    after: bytes
    mode: int
    secret: bool = False

    @property
    def needed(self) -> bool:
        """Whether anything changes."""
        return self.before != self.after


class Written(NamedTuple):
    """The relative paths of files that were created, changed and left as they were, and what to tell about it."""

    created: tuple[str, ...]
    changed: tuple[str, ...]
    kept: tuple[str, ...]
    notes: tuple[Note, ...]


def plan(
    files: Iterable[File], folder: Path, *, force: bool = False, asked: Iterable[str] = ()
) -> tuple[list[Change], list[Note]]:
    """What writing the files would change; reads the folder and writes nothing.

    Raises WriteError for a file that exists with another content and is not among the paths `asked` for (unless
    `force` is set), or that cannot be written.
    """
    with _told(folder):
        _check_folder(folder)
        changes: list[Change] = []
        notes: list[Note] = []
        for file in files:
            place = _place(folder, file.path)
            before = place.read_bytes() if place.is_file() else None
            after, said = combine(file, before)
            mode = (
                file.mode
                if before is None or file.secret
                else place.stat().st_mode & 0o7777
            )
            changes.append(Change(file.path, before, after, mode, file.secret))
            notes += said
    own = {*ADDED_TO, *asked}
    foreign = [
        item.path
        for item in changes
        if item.before is not None and item.needed and item.path not in own
    ]
    if foreign and not force:
        raise WriteError(
            f"{folder}: {', '.join(foreign)} {'exist' if len(foreign) > 1 else 'exists'} with another content. "
            "Nothing was changed. See the difference with --diff, replace with --force, or name another folder with -o."
        )
    return changes, [*notes, *_beside(folder, changes)]


def write(
    files: Iterable[File],
    folder: Path,
    *,
    force: bool = False,
    asked: Iterable[str] = (),
    lasting: bool = True,
) -> Written:
    """Writes the files below the folder, which is made where it is missing. Arguments and errors as for `plan`.

    Without `lasting` the disk is not waited for: whoever writes many bundles does that once, at the end.
    """
    files = tuple(files)
    with _told(folder):
        _check_folder(folder)
        with _made(folder), alone(folder) as certain:
            changes, notes = plan(files, folder, force=force, asked=asked)
            needed = [item for item in changes if item.needed]
            _clear_stale(folder, certain)
            if needed:
                with _staging(folder) as staging:
                    staged = _stage(staging, needed, lasting)
                    with uninterrupted():
                        _commit(folder, needed, staged, staging, lasting)
            notes += _tighten(folder, changes)
    return Written(
        created=tuple(item.path for item in needed if item.before is None),
        changed=tuple(item.path for item in needed if item.before is not None),
        kept=tuple(item.path for item in changes if not item.needed),
        notes=tuple(notes),
    )


def _check_folder(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise WriteError(f"{folder} is not a folder. Name a folder with -o.")


def _place(folder: Path, path: str) -> Path:
    """Where a file of the bundle belongs; links that lead out of the folder are not followed."""
    relative = normal(path)
    if not relative or relative != path:
        raise WriteError(f"{path} does not lie inside {folder}. Nothing was changed.")
    place = folder / relative
    if not place.parent.resolve().is_relative_to(folder.resolve()):
        raise WriteError(
            f"{place.parent} is a link that leads out of {folder}. Nothing was changed."
        )
    if place.is_symlink() or (place.exists() and not place.is_file()):
        raise WriteError(
            f"{place} is not a plain file. Nothing was changed. Move it away, or name another folder."
        )
    return place


def _beside(folder: Path, changes: list[Change]) -> Iterator[Note]:
    """A note for each compose file beside ours that docker compose would find as well."""
    own = next((item.path for item in changes if item.path in BASE_NAMES), None)
    others = [name for name in BASE_NAMES if name != own and (folder / name).exists()]
    if own is None:
        return
    read = min((own, *others), key=BASE_NAMES.index)
    for other in others:
        yield note("TC765", subject=f"files.{own}", other=other, read=read, own=own)


@contextmanager
def _made(folder: Path) -> Iterator[None]:
    """Makes the folder with its parents; those that were missing go again when nothing comes to stand in them."""
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield
    except BaseException:
        for empty in missing:
            with suppress(OSError):
                empty.rmdir()
        raise


def _clear_stale(folder: Path, alone_here: bool) -> None:
    """Removes what killed runs have left: it can hold secrets. By now another program may have their process number.

    Only where runs cannot be kept apart is the number asked for; in containers all runs have the same.
    """
    for stale in folder.iterdir():
        match = _STAGING.fullmatch(stale.name)
        if match and stale.is_dir() and not stale.is_symlink():
            process = int(match[1])
            if alone_here or process == os.getpid() or not _alive(process):
                shutil.rmtree(stale)


@contextmanager
def _staging(folder: Path) -> Iterator[Path]:
    """A folder of our own beside the files, on the same disk, so that renaming is atomic; gone afterwards."""
    staging = folder / f".tocompose-{os.getpid()}"
    staging.mkdir(mode=0o700)
    try:
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _stage(staging: Path, changes: list[Change], lasting: bool) -> list[Path]:
    """Writes the new contents into the staging folder, each with its mode before its first byte."""
    staged = []
    for number, item in enumerate(changes):
        place = staging / f"new-{number}"
        handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as stream:
            stream.write(item.after)
            if lasting:
                stream.flush()
                os.fsync(stream.fileno())
        place.chmod(item.mode)
        staged.append(place)
    return staged


def _commit(
    folder: Path, changes: list[Change], staged: list[Path], staging: Path, lasting: bool
) -> None:
    """Renames the staged files into place, compose files last; takes it all back when one cannot be renamed."""
    done: list[tuple[Path, Path | None]] = []
    made: list[Path] = []
    order = sorted(
        zip(changes, staged, strict=True),
        key=lambda pair: (pair[0].path in BASE_NAMES, not pair[0].secret),
    )
    try:
        for item, new in order:
            place = folder / item.path
            made += _make_parents(
                place.parent, 0o700 if item.path.startswith("secrets/") else 0o755
            )
            old = staging / f"old-{len(done)}" if place.exists() else None
            if old is not None:
                _keep(place, old)
            new.replace(place)
            done.append((place, old))
        for parent in sorted({place.parent for place, _ in done}) if lasting else ():
            _sync(parent)
    except BaseException:
        for place, old in reversed(done):
            if old is not None:
                old.replace(place)
            else:
                place.unlink(missing_ok=True)
        for empty in reversed(made):
            with suppress(OSError):
                empty.rmdir()
        raise


def _keep(place: Path, copy: Path) -> None:
    """A second name for the file, or a copy of it where the file system has no links."""
    try:
        os.link(place, copy)
    except OSError:
        shutil.copy2(place, copy)


def _make_parents(folder: Path, mode: int) -> list[Path]:
    missing = [place for place in (folder, *folder.parents) if not place.exists()][::-1]
    for place in missing:
        place.mkdir(mode=mode)
    return missing


def _sync(folder: Path) -> None:
    """Makes the renames last through a power cut, where the system can (Windows cannot open a folder)."""
    with suppress(PermissionError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _tighten(folder: Path, changes: list[Change]) -> Iterator[Note]:
    """Sets the modes of secret files that were there already; says when the folder of secrets is open to others."""
    for item in changes:
        place = folder / item.path
        if (
            item.secret
            and item.path == ".env"
            and place.stat().st_mode & 0o7777 != item.mode
        ):
            place.chmod(item.mode)
    secrets = folder / "secrets"
    if (
        any(item.path.startswith("secrets/") for item in changes)
        and (mode := secrets.stat().st_mode & 0o7777) & 0o077
    ):
        yield note("TC766", subject="files.secrets", path="secrets", mode=f"{mode:o}")


_CAUSES = {
    errno.ENOSPC: "the disk is full. Make room and try again",
    errno.EDQUOT: "the disk quota is used up. Make room and try again",
    errno.EROFS: "the file system is read-only. Name another folder with -o",
    errno.EACCES: "you may not write there. Name another folder with -o, or change its permissions",
    errno.EPERM: "you may not write there. Name another folder with -o, or change its permissions",
    errno.ENOTDIR: "a part of the path is a file, not a folder. Name another folder with -o",
    errno.ENAMETOOLONG: "the path is too long. Name another folder with -o",
    errno.EFBIG: "the file is larger than this process may write (ulimit -f). Raise the limit",
    errno.EAGAIN: "another run is writing to this folder. Try again when it has ended",
}


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    """Turns what the operating system refuses into one clear message."""
    try:
        yield
    except OSError as error:
        cause = _CAUSES.get(
            error.errno or 0,
            f"{(error.strerror or str(error)).lower()}. Name another folder with -o",
        )
        raise WriteError(
            f"{error.filename or folder}: {cause}. Nothing was changed."
        ) from error
