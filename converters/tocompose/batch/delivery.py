"""Puts the files of a repository where they belong: into a tree, beside the sources, or into a patch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from tocompose.batch.checkout import content_digest
from tocompose.batch.options import BatchOptions, OutputMode
from tocompose.batch.outcome import BatchRepository
from tocompose.batch.patch import FilePatch, render_patch
from tocompose.batch.walk import join_path
from tocompose.model import File
from tocompose.notes import Note, note
from tocompose.patterns import regex
from tocompose.record import NamedTuple
from tocompose.writing import WriteError, plan, write
from tocompose.writing.env_values import generate_values


class ApplicationFiles(NamedTuple):
    """The files of one application, by path below its folder, and the forms of the values to be generated."""

    folder: str
    files: tuple[File, ...]
    generated: Mapping[str, str] = {}


class TargetFolder(NamedTuple):
    """Files that go into one folder on disk; notes call it by `application_name`;
    the paths of `may_overwrite` may be replaced."""

    folder: str
    application_name: str
    files: tuple[File, ...]
    may_overwrite: tuple[str, ...] = ()
    generated: Mapping[str, str] = {}


class Delivery(NamedTuple):
    """What will be put where, and what to tell about it; nothing has been written yet.

    `written` are paths below the output folder, or below the repository for files beside the sources, with the digests
    of their contents; `refused` says that some application cannot be written; `returned_files` go to the caller.
    """

    targets: tuple[TargetFolder, ...] = ()
    notes: tuple[Note, ...] = ()
    written: Mapping[str, str] = {}
    refused: bool = False
    returned_files: tuple[File, ...] = ()

    def with_more(self, added: Delivery) -> Delivery:
        """This delivery and another one."""
        return Delivery(
            (*self.targets, *added.targets),
            (*self.notes, *added.notes),
            {**self.written, **added.written},
            self.refused or added.refused,
            (*self.returned_files, *added.returned_files),
        )


def prepare_delivery(
    applications: Iterable[ApplicationFiles],
    repository: BatchRepository,
    options: BatchOptions,
    earlier: Mapping[str, str],
) -> Delivery:
    """Looks at what is there and decides; applications whose files cannot be written are left out with a note.

    `earlier` is what an earlier run has written: a file that is still as it was then is not the user's.
    """
    if options.output_mode is OutputMode.RETURN:
        returned = [
            _file_below(application.folder, file)
            for application in applications
            for file in application.files
        ]
        return Delivery(returned_files=tuple(returned))
    if options.output_mode is OutputMode.PATCH:
        return _prepare_patch(applications, repository, options, earlier)
    root = output_root(repository, options)
    delivery = Delivery()
    for application in applications:
        target = TargetFolder(
            str(_target_folder(application, repository, options)),
            application.folder or repository.id,
            application.files,
            generated=application.generated,
        )
        target = _allow_unchanged(target, root, earlier)
        delivery = delivery.with_more(_prepare_target(target, root, options))
    return delivery


def _prepare_target(target: TargetFolder, root: Path, options: BatchOptions) -> Delivery:
    folder = Path(target.folder)
    try:
        changes, notes = plan(
            target.files, folder, force=options.force, asked=target.may_overwrite
        )
    except WriteError as problem:
        return _refused_delivery(target.application_name, problem)
    written = {
        (folder / change.path).relative_to(root).as_posix(): content_digest(
            change.new_content
        )
        for change in changes
    }
    return Delivery((target,), tuple(notes), written)


def _refused_delivery(application_name: str, problem: WriteError) -> Delivery:
    return Delivery(notes=(_refusal_note(application_name, problem),), refused=True)


def _allow_unchanged(
    target: TargetFolder, top: Path, earlier: Mapping[str, str]
) -> TargetFolder:
    """The target with the files that are still as an earlier run left them."""
    unchanged_files = []
    for file in target.files if earlier else ():
        target_path = Path(target.folder, file.path)
        earlier_digest = earlier.get(target_path.relative_to(top).as_posix())
        if (
            earlier_digest is not None
            and target_path.is_file()
            and not target_path.is_symlink()
            and content_digest(target_path.read_bytes()) == earlier_digest
        ):
            unchanged_files.append(file.path)
    return target._replace(may_overwrite=tuple(unchanged_files))


def write_targets(targets: Iterable[TargetFolder], force: bool) -> list[Note]:
    """Writes the files of each target, all of it or nothing; returns what there is to tell, refusals included."""
    delivery_notes: list[Note] = []
    for target in targets:
        try:
            delivery_notes += write(
                target.files,
                Path(target.folder),
                force=force,
                asked=target.may_overwrite,
                lasting=False,
            ).notes
            generate_values(Path(target.folder), target.generated)
        except WriteError as problem:
            delivery_notes.append(_refusal_note(target.application_name, problem))
    return delivery_notes


def was_refused(notes: Iterable[Note]) -> bool:
    """Whether something was not written."""
    return any(delivery_note.code == "TC814" for delivery_note in notes)


def output_root(repository: BatchRepository, options: BatchOptions) -> Path:
    """The folder below which `written` paths lie."""
    return Path(
        repository.path if options.output_mode is OutputMode.IN_PLACE else options.output
    )


def _refusal_note(application_name: str, problem: WriteError) -> Note:
    return note("TC814", where=application_name, problem=str(problem).rstrip("."))


def _file_below(folder: str, file: File) -> File:
    return replace(file, path=join_path(folder, file.path))


def _target_folder(
    application: ApplicationFiles, repository: BatchRepository, options: BatchOptions
) -> Path:
    if options.output_mode is OutputMode.IN_PLACE:
        return Path(repository.path, application.folder)
    return Path(
        options.output, "repositories", safe_path(repository.id), application.folder
    )


def _prepare_patch(
    applications: Iterable[ApplicationFiles],
    repository: BatchRepository,
    options: BatchOptions,
    earlier: Mapping[str, str],
) -> Delivery:
    """One patch for all applications of the repository, as it is now; secrets stay out of it."""
    file_patches: list[FilePatch] = []
    delivery = Delivery()
    for application in applications:
        try:
            changes, notes = _public_changes(application, repository, options)
        except WriteError as problem:
            name = application.folder or repository.id
            delivery = delivery.with_more(_refused_delivery(name, problem))
            continue
        file_patches += changes
        delivery = delivery.with_more(Delivery(notes=tuple(notes)))
    content = render_patch(file_patches)
    if not content:
        return delivery
    name = safe_path(repository.id).replace("/", "__")
    file = File(path=f"{name}.patch", content=content)
    target = TargetFolder(str(Path(options.output, "patches")), repository.id, (file,))
    root = Path(options.output)
    prepared = _prepare_target(_allow_unchanged(target, root, earlier), root, options)
    # What the folder of patches holds already is no matter of the repository.
    return delivery.with_more(prepared if prepared.refused else prepared._replace(notes=()))


def _public_changes(
    application: ApplicationFiles, repository: BatchRepository, options: BatchOptions
) -> tuple[list[FilePatch], list[Note]]:
    """The changes by the files that hold no secret, and what there is to tell. Raises WriteError."""
    secret = [file for file in application.files if is_secret(file)]
    public = [file for file in application.files if file not in secret]
    folder = Path(repository.path, application.folder)
    changes, notes = plan(public, folder, force=options.force)
    file_patches = [
        FilePatch(
            join_path(application.folder, change.path),
            change.old_content,
            change.new_content,
            change.mode,
        )
        for change in changes
    ]
    withheld = (
        [_withheld_note(application.folder or repository.id, secret, public)]
        if secret
        else []
    )
    return file_patches, [*notes, *withheld]


def is_secret(file: File) -> bool:
    """Whether a file may hold a secret value."""
    return file.secret or is_secret_path(file.path) or file.mode & 0o077 == 0


def is_secret_path(path: str) -> bool:
    """Whether a file of that path is one of values, which goes into no change that others see."""
    return path == ".env" or path.startswith("secrets/")


def _withheld_note(application_name: str, secret: list[File], public: list[File]) -> Note:
    example = any(file.path == ".env.example" for file in public)
    how = ".env from .env.example" if example else "with the values that the source holds"
    return note(
        "TC815",
        where=application_name,
        paths=", ".join(file.path for file in secret),
        how=how,
    )


_UNSAFE_CHARACTERS = regex(r"[^\w.@+=,~ -]|^[-.~ ]|[ .]$")
# File systems end a name at 255 bytes; endings are added to it.
_LONGEST = 200


def safe_path(identity: str) -> str:
    """The name with odd characters of each part replaced; a changed part gets a digest, so that no two become one."""
    return (
        "/".join(_safe_segment(segment) for segment in identity.split("/") if segment)
        or "repository"
    )


def _safe_segment(segment: str) -> str:
    safe = _UNSAFE_CHARACTERS.sub("_", segment.encode("utf-8", "replace").decode())
    if safe == segment and len(segment.encode()) <= _LONGEST:
        return segment
    return f"{safe[: _LONGEST // 4]}-{sha256(segment.encode('utf-8', 'surrogateescape')).hexdigest()[:8]}"
