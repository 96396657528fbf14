"""Puts a bundle on disk: all of it or nothing, and never over what a user has written unless told to."""

from __future__ import annotations

import errno
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tocompose.compose.files import BASE_NAMES
from tocompose.exporters.existing import ADDED_TO, combine
from tocompose.model import File
from tocompose.notes import Note, note
from tocompose.patterns import regex
from tocompose.project import normal_path
from tocompose.record import NamedTuple
from tocompose.syntax.env_lines import open_quote
from tocompose.syntax.model_path import ModelPath
from tocompose.writing.lock import alone, uninterrupted
from tocompose.writing.names import name_problem

_STAGING = regex(r"\.tocompose-(\d{1,9})")


class WriteError(Exception):
    """A bundle that cannot be written; the text says what is wrong and what to do. Nothing was changed."""


class Change(NamedTuple):
    """What happens to one file: its path, what stands there now (None: nothing), what will, and its mode."""

    path: str
    old_content: bytes | None
    new_content: bytes
    mode: int
    secret: bool = False

    @property
    def is_needed(self) -> bool:
        """Whether anything changes."""
        return self.old_content != self.new_content


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
    with _clear_errors(folder):
        _check_folder(folder)
        files = tuple(files)
        if (problem := name_problem(folder, [file.path for file in files])) is not None:
            raise WriteError(f"{problem}. Nothing was changed.")
        planned = [_plan_file(folder, file) for file in files]
    changes = [change for change, _ in planned]
    notes = [file_note for _, file_notes in planned for file_note in file_notes]
    if not force:
        _check_foreign(folder, changes, {*ADDED_TO, *asked})
    return changes, [*notes, *_note_other_files(folder, changes)]


def _plan_file(folder: Path, file: File) -> tuple[Change, Iterable[Note]]:
    target = _target_of(folder, file.path)
    old_content = target.read_bytes() if target.is_file() else None
    new_content, notes = combine(file, old_content)
    if file.path == ".env" and old_content not in (None, new_content):
        _check_quotes(target, old_content or b"")
    keeps_mode = old_content is not None and not file.secret
    mode = target.stat().st_mode & 0o7777 if keeps_mode else file.mode
    return Change(file.path, old_content, new_content, mode, file.secret), notes


def _check_quotes(target: Path, content: bytes) -> None:
    """Raises WriteError for a `.env` file whose quotes do not close: Compose refuses it, with more lines as without."""
    quote = open_quote(content.decode("utf-8", "surrogateescape"))
    if quote is not None:
        raise WriteError(
            f"{target}:{quote.line}:{quote.column}: the quote that opens here does not close at the end of the value, "
            "so docker compose cannot read the file. Nothing was changed. Close the quote and convert again."
        )


def _check_foreign(folder: Path, changes: list[Change], replaceable: set[str]) -> None:
    """Raises WriteError where a file of the user's would be replaced that nobody asked for."""
    foreign = [
        change.path
        for change in changes
        if change.old_content is not None
        and change.is_needed
        and change.path not in replaceable
    ]
    if foreign:
        verb = "exist" if len(foreign) > 1 else "exists"
        raise WriteError(
            f"{folder}: {', '.join(foreign)} {verb} with another content. Nothing was changed. "
            "See the difference with --diff, replace with --force, or name another folder with -o."
        )


def write(
    files: Iterable[File],
    folder: Path,
    *,
    force: bool = False,
    asked: Iterable[str] = (),
    lasting: bool = True,
) -> Written:
    """The paths that were created, changed and kept, after writing all files into the folder, or none.

    The folder is created if it is missing. A file that exists with another content is only replaced if `force` is set
    or its path is among `asked`. Raises WriteError, with nothing changed, for any other such file, and if the system
    refuses.

    `lasting=False` does not wait for the disk: who writes many bundles calls `os.sync` once, at the end.
    """
    files = tuple(files)
    with _clear_errors(folder):
        _check_folder(folder)
        with _folder_made(folder), alone(folder) as certain:
            changes, notes = plan(files, folder, force=force, asked=asked)
            needed = [change for change in changes if change.is_needed]
            _clear_stale(folder, certain)
            if needed:
                with _staging_folder(folder) as staging:
                    staged = _stage_files(staging, needed, lasting)
                    with uninterrupted():
                        _commit_files(folder, needed, staged, staging, lasting)
            notes += _tighten_modes(folder, changes)
    return Written(
        created=tuple(change.path for change in needed if change.old_content is None),
        changed=tuple(change.path for change in needed if change.old_content is not None),
        kept=tuple(change.path for change in changes if not change.is_needed),
        notes=tuple(notes),
    )


def _check_folder(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise WriteError(f"{folder} is not a folder. Name a folder with -o.")


def _target_of(folder: Path, path: str) -> Path:
    """Where a file of the bundle belongs; links that lead out of the folder are not followed."""
    relative = normal_path(path)
    if not relative or relative != path:
        raise WriteError(f"{path} does not lie inside {folder}. Nothing was changed.")
    target = folder / relative
    if not target.parent.resolve().is_relative_to(folder.resolve()):
        raise WriteError(
            f"{target.parent} is a link that leads out of {folder}. Nothing was changed."
        )
    if target.is_symlink() or (target.exists() and not target.is_file()):
        raise WriteError(
            f"{target} is not a plain file. Nothing was changed. Move it away, or name another folder."
        )
    return target


def _note_other_files(folder: Path, changes: list[Change]) -> Iterator[Note]:
    """A note for each compose file beside ours that docker compose would find as well."""
    our_name = next((change.path for change in changes if change.path in BASE_NAMES), None)
    other_names = [
        name for name in BASE_NAMES if name != our_name and (folder / name).exists()
    ]
    if our_name is None:
        return
    read = min((our_name, *other_names), key=BASE_NAMES.index)
    for other_name in other_names:
        yield note(
            "TC765",
            subject=ModelPath.of("files", our_name),
            other=other_name,
            read=read,
            own=our_name,
        )


@contextmanager
def _folder_made(folder: Path) -> Iterator[None]:
    """Makes the folder with its parents; those that were missing go again when nothing comes to stand in them."""
    missing = [ancestor for ancestor in (folder, *folder.parents) if not ancestor.exists()]
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
            if alone_here or process == os.getpid() or not _is_alive(process):
                shutil.rmtree(stale)


@contextmanager
def _staging_folder(folder: Path) -> Iterator[Path]:
    """A folder of our own beside the files, on the same disk, so that renaming is atomic; gone afterwards."""
    staging = folder / f".tocompose-{os.getpid()}"
    staging.mkdir(mode=0o700)
    try:
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _is_alive(process: int) -> bool:
    if sys.platform == "win32":
        # There the signal 0 is no question: it would interrupt the process.
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _stage_files(staging: Path, changes: list[Change], lasting: bool) -> list[Path]:
    """Writes the new contents into the staging folder, each with its mode before its first byte."""
    staged = []
    for number, change in enumerate(changes):
        target = staging / f"new-{number}"
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as stream:
            stream.write(change.new_content)
            if lasting:
                stream.flush()
                os.fsync(stream.fileno())
        target.chmod(change.mode)
        staged.append(target)
    return staged


def _commit_files(
    folder: Path, changes: list[Change], staged: list[Path], staging: Path, lasting: bool
) -> None:
    """Renames the staged files into place, compose files last; takes it all back when one cannot be renamed."""
    renamed: list[tuple[Path, Path | None]] = []
    new_folders: list[Path] = []
    order = sorted(
        zip(changes, staged, strict=True),
        key=lambda pair: (pair[0].path in BASE_NAMES, not pair[0].secret),
    )
    try:
        for change, new in order:
            target = folder / change.path
            new_folders += _make_parents(target.parent, folder / "secrets")
            old = staging / f"old-{len(renamed)}" if target.exists() else None
            if old is not None:
                _keep_copy(target, old)
            new.replace(target)
            renamed.append((target, old))
        for parent in sorted({target.parent for target, _ in renamed}) if lasting else ():
            _sync_folder(parent)
    except BaseException:
        _take_back(renamed, new_folders)
        raise


def _take_back(renamed: list[tuple[Path, Path | None]], new_folders: list[Path]) -> None:
    """Puts the old files back where new ones stand, and removes folders that were made for them."""
    for target, old in reversed(renamed):
        if old is not None:
            old.replace(target)
        else:
            target.unlink(missing_ok=True)
    for empty in reversed(new_folders):
        with suppress(OSError):
            empty.rmdir()


def _keep_copy(target: Path, copy: Path) -> None:
    """A second name for the file, or a copy of it where the file system has no links."""
    try:
        os.link(target, copy)
    except OSError:
        shutil.copy2(target, copy)


def _make_parents(folder: Path, secrets: Path) -> list[Path]:
    """Makes the folder with its parents, whatever the umask.

    The folder of secrets is closed. What lies in it is open: it is mounted into containers whose user need not be
    ours, as the kubelet opens the folders of Secrets to every user of a pod (0755).
    """
    missing = [ancestor for ancestor in (folder, *folder.parents) if not ancestor.exists()][
        ::-1
    ]
    for ancestor in missing:
        ancestor.mkdir(mode=0o700)
        if ancestor != secrets:
            ancestor.chmod(0o755)
    return missing


def _sync_folder(folder: Path) -> None:
    """Makes the renames last through a power cut, where the system can (Windows cannot open a folder)."""
    with suppress(PermissionError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _tighten_modes(folder: Path, changes: list[Change]) -> Iterator[Note]:
    """Sets the modes of secret files that were there already; says when the folder of secrets is open to others."""
    for change in changes:
        target = folder / change.path
        if (
            change.secret
            and change.path == ".env"
            and target.stat().st_mode & 0o7777 != change.mode
        ):
            target.chmod(change.mode)
    secrets = folder / "secrets"
    # There the bits of a mode say nothing: who may read a folder stands in its access list.
    if sys.platform != "win32" and (
        any(change.path.startswith("secrets/") for change in changes)
        and (mode := secrets.stat().st_mode & 0o7777) & 0o077
    ):
        yield note(
            "TC766",
            subject=ModelPath.of("files", "secrets"),
            path="secrets",
            mode=f"{mode:o}",
        )


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
def _clear_errors(folder: Path) -> Iterator[None]:
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
