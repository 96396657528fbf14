"""Puts the files of a repository where they belong: into a tree, beside the sources, or into a patch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from tocompose.batch.checkout import digest
from tocompose.batch.naming import safe_path
from tocompose.batch.options import BatchOptions, Place
from tocompose.batch.outcome import Repository
from tocompose.batch.patch import Edit, patch
from tocompose.model import File
from tocompose.notes import Note, note
from tocompose.writing import WriteError, plan, write


class Bundle(NamedTuple):
    """The files of one application, by path below its folder."""

    folder: str
    files: tuple[File, ...]


class Target(NamedTuple):
    """Files that go into one folder on disk; `where` names the application in notes, `asked` may be overwritten."""

    place: str
    where: str
    files: tuple[File, ...]
    asked: tuple[str, ...] = ()


class Prepared(NamedTuple):
    """What will be put where, and what to tell about it; nothing has been written yet.

    `written` are paths below the output folder, or below the repository for files beside the sources, with the digests
    of their contents; `refused` says that some application cannot be written; `returned` are files for the caller.
    """

    targets: tuple[Target, ...] = ()
    notes: tuple[Note, ...] = ()
    written: Mapping[str, str] = {}
    refused: bool = False
    returned: tuple[File, ...] = ()


def prepare(
    bundles: Iterable[Bundle],
    repository: Repository,
    options: BatchOptions,
    earlier: Mapping[str, str],
) -> Prepared:
    """Looks at what is there and decides; applications whose files cannot be written are left out with a note.

    `earlier` is what an earlier run has written: a file that is still as it was then is not the user's.
    """
    if options.place is Place.RETURN:
        return Prepared(
            returned=tuple(
                _below(bundle.folder, file) for bundle in bundles for file in bundle.files
            )
        )
    if options.place is Place.PATCH:
        return _prepare_patch(tuple(bundles), repository, options, earlier)
    targets, notes, written, refused = list[Target](), list[Note](), dict[str, str](), False
    for bundle in bundles:
        target = Target(
            str(_folder(bundle, repository, options)),
            bundle.folder or repository.id,
            bundle.files,
        )
        target = _with_asked(target, root(repository, options), earlier)
        try:
            changes, said = plan(
                target.files, Path(target.place), force=options.force, asked=target.asked
            )
        except WriteError as problem:
            notes.append(_refusal(target.where, problem))
            refused = True
            continue
        targets.append(target)
        notes += said
        written |= {
            _path(target, item.path, repository, options): digest(item.after)
            for item in changes
        }
    return Prepared(tuple(targets), tuple(notes), written, refused)


def _with_asked(target: Target, top: Path, earlier: Mapping[str, str]) -> Target:
    """The target with the files that are still as an earlier run left them."""
    asked = []
    for file in target.files if earlier else ():
        place = Path(target.place, file.path)
        mark = earlier.get(place.relative_to(top).as_posix())
        if (
            mark is not None
            and place.is_file()
            and not place.is_symlink()
            and digest(place.read_bytes()) == mark
        ):
            asked.append(file.path)
    return target._replace(asked=tuple(asked))


def put(targets: Iterable[Target], force: bool) -> list[Note]:
    """Writes the files of each target, all of it or nothing; returns what there is to tell, refusals included."""
    said: list[Note] = []
    for target in targets:
        try:
            said += write(
                target.files,
                Path(target.place),
                force=force,
                asked=target.asked,
                lasting=False,
            ).notes
        except WriteError as problem:
            said.append(_refusal(target.where, problem))
    return said


def refused(said: Iterable[Note]) -> bool:
    """Whether something was not written."""
    return any(item.code == "TC814" for item in said)


def root(repository: Repository, options: BatchOptions) -> Path:
    """The folder below which `written` paths lie."""
    return Path(repository.path if options.place is Place.IN_PLACE else options.output)


def _refusal(where: str, problem: WriteError) -> Note:
    return note("TC814", where=where, problem=str(problem).rstrip("."))


def _below(folder: str, file: File) -> File:
    return replace(file, path=f"{folder}/{file.path}") if folder else file


def _folder(bundle: Bundle, repository: Repository, options: BatchOptions) -> Path:
    if options.place is Place.IN_PLACE:
        return Path(repository.path, bundle.folder)
    return Path(options.output, "repositories", safe_path(repository.id), bundle.folder)


def _path(target: Target, path: str, repository: Repository, options: BatchOptions) -> str:
    return Path(target.place, path).relative_to(root(repository, options)).as_posix()


def _prepare_patch(
    bundles: tuple[Bundle, ...],
    repository: Repository,
    options: BatchOptions,
    earlier: Mapping[str, str],
) -> Prepared:
    """One patch for all applications of the repository, as it is now; secrets stay out of it."""
    edits, notes, stopped = list[Edit](), list[Note](), False
    for bundle in bundles:
        where = bundle.folder or repository.id
        secret = [file for file in bundle.files if is_secret(file)]
        public = [file for file in bundle.files if file not in secret]
        try:
            changes, said = plan(
                public, Path(repository.path, bundle.folder), force=options.force
            )
        except WriteError as problem:
            notes.append(_refusal(where, problem))
            stopped = True
            continue
        base = f"{bundle.folder}/" if bundle.folder else ""
        edits += [
            Edit(base + item.path, item.before, item.after, item.mode) for item in changes
        ]
        notes += said
        if secret:
            notes.append(_withheld(where, secret, public))
    content = patch(edits)
    if not content:
        return Prepared((), tuple(notes), {}, stopped)
    file = File(
        path=f"{safe_path(repository.id).replace('/', '__')}.patch", content=content
    )
    target = Target(str(Path(options.output, "patches")), repository.id, (file,))
    target = _with_asked(target, Path(options.output), earlier)
    try:
        plan(target.files, Path(target.place), force=options.force, asked=target.asked)
    except WriteError as problem:
        return Prepared((), (*notes, _refusal(repository.id, problem)), {}, True)
    return Prepared(
        (target,), tuple(notes), {f"patches/{file.path}": digest(content)}, stopped
    )


def is_secret(file: File) -> bool:
    """Whether a file may hold a secret value."""
    return (
        file.secret
        or file.path == ".env"
        or file.path.startswith("secrets/")
        or file.mode & 0o077 == 0
    )


def _withheld(where: str, secret: list[File], public: list[File]) -> Note:
    example = any(file.path == ".env.example" for file in public)
    how = ".env from .env.example" if example else "with the values that the source holds"
    return note(
        "TC815", where=where, paths=", ".join(file.path for file in secret), how=how
    )
