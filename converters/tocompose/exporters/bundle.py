"""All files of a stack: one self-contained compose file, or the split set with what belongs beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from tocompose.compose.files import CLASSIC_NAMES, MODERN_NAMES
from tocompose.compose.write import compose_document, model_paths, service_body
from tocompose.compose.yaml_text import render
from tocompose.exporters.anchors import with_anchors
from tocompose.exporters.comments import block_comments, file_headers
from tocompose.exporters.conflicts import (
    files_for_read_only,
    files_present,
    files_readable,
    limits_in_one_place,
    names_free_to_scale,
    one_network_form,
    ports_bound_once,
    required_variables,
)
from tocompose.exporters.creation import creatable_document
from tocompose.exporters.dotenv import dockerignore, env_files, gitignore
from tocompose.exporters.existing import combine
from tocompose.exporters.file_names import files_named_portably
from tocompose.exporters.final_checks import Check, Checked, run_checks
from tocompose.exporters.joining import join_present, unused_declarations
from tocompose.exporters.ordering import start_in_order
from tocompose.exporters.references import refer_to_known
from tocompose.exporters.refusals import Refusals, refusals_between
from tocompose.exporters.refused_values import Accepted, accepted_document
from tocompose.exporters.selfcontained import (
    ask_for_secrets,
    self_contained,
    settle_variables,
)
from tocompose.model import ComposeFileRole, File, Service, Stack
from tocompose.notes import Kind, Note, note
from tocompose.record import record, replace
from tocompose.syntax.interpolation import document_variables
from tocompose.syntax.model_path import ModelPath

if TYPE_CHECKING:
    from tocompose.exporters.insertion import Insertion

# The files beside the base, as `--env` names them.
OVERLAYS = {"dev": ComposeFileRole.DEV, "prod": ComposeFileRole.PROD}


@record
class Layout:
    """How the files are laid out.

    `split` writes base, override and production files and `.env`, for a folder; `environments` chooses the overlays.
    `inline_secrets` keeps secrets in the one file of a layout that is not split. `source_file` is the user's compose
    file where that alone is the source: its text is kept as far as it can be. `source_values` is the `.env` beside it.
    """

    split: bool = False
    modern_names: bool = False
    environments: tuple[ComposeFileRole, ...] = (ComposeFileRole.DEV, ComposeFileRole.PROD)
    inline_secrets: bool = False
    source_file: File | None = None
    source_values: bytes | None = None


_ABOUT_FILES = (Kind.ADDED, Kind.CHANGED, Kind.ASSUMED)


class Bundle(NamedTuple):
    """The files to write, the compose file first; every model path that they hold; what was changed on the way.

    What was added at or below the `overruled` paths, or docker refuses, did not come into the files. `joined` is the
    stack that was added to a file, on that file's networks.
    """

    files: tuple[File, ...]
    written: frozenset[ModelPath]
    notes: tuple[Note, ...]
    overruled: frozenset[ModelPath] = frozenset()
    joined: Stack | None = None
    refusals: Refusals = Refusals()

    def still_hold(self, notes: Iterable[Note]) -> Iterator[Note]:
        """The notes that are true of the files: what never came into them was neither added nor changed there."""
        absent = self.overruled | self.refusals.paths
        for earlier_note in notes:
            if earlier_note.kind not in _ABOUT_FILES or not any(
                earlier_note.subject.is_within(path) for path in absent
            ):
                yield earlier_note


def bundle(stack: Stack, layout: Layout, notes: Iterable[Note] = ()) -> Bundle:
    """The files of the stack; those of `notes` that say what a service lost stand as comments above it."""
    write = _bundle_split if layout.split else _bundle_single
    if layout.source_file is not None:
        stack = _without_origins(stack)
    return write(stack, layout, tuple(notes))


def _without_origins(stack: Stack) -> Stack:
    """The stack without the lines that services are from: in a file that is edited they say nothing."""
    services = (replace(service, origin=None) for service in stack.services)
    return replace(stack, services=tuple(services))


_ALWAYS: tuple[Check, ...] = (
    limits_in_one_place,
    names_free_to_scale,
    one_network_form,
    ports_bound_once,
    required_variables,
)
_WITHIN_THE_STACK: tuple[Check, ...] = (refer_to_known, start_in_order)
_FILES: tuple[Check, ...] = (
    files_for_read_only,
    files_readable,
    files_present,
    files_named_portably,
)


def _bundle_single(stack: Stack, layout: Layout, notes: tuple[Note, ...]) -> Bundle:
    inline_secrets = layout.inline_secrets
    contained: Check = partial(self_contained, inline_secrets=inline_secrets)
    checks = (*_ALWAYS, *_WITHIN_THE_STACK, contained, files_readable)
    checked = run_checks(keep_overlays(stack, (ComposeFileRole.DEV,)).stack, checks)
    without_value = frozenset(
        setting.name for setting in stack.settings if setting.value is None
    )
    document = settle_variables(
        compose_document(checked.stack), checked.stack, inline_secrets
    )
    accepted = _accepted(document, checked.stack)
    left_out = refusals_between([document], [accepted])
    document = accepted.document
    new_notes = (
        *checked.notes,
        *accepted.notes,
        *ask_for_secrets(checked.stack, without_value, inline_secrets),
    )
    has_secrets = any(setting.secret for setting in stack.settings)
    has_secrets |= any(file.secret for file in stack.files)
    file = _compose_file(
        _names_of(layout)[ComposeFileRole.BASE],
        document,
        checked.stack,
        (*notes, *new_notes),
        secret=inline_secrets and has_secrets,
        source_file=layout.source_file,
    )
    written = checked.paths | accepted.paths | _setting_paths(stack)
    written |= frozenset(model_paths(document))
    return Bundle((file,), written, new_notes, refusals=left_out)


def _accepted(
    document: dict[str, Any], stack: Stack, base: Mapping[str, Any] | None = None
) -> Accepted:
    """The document as docker compose reads and docker creates it, after the base file where it is not that itself."""
    accepted = accepted_document(document, stack)
    creatable = creatable_document(accepted.document, stack, base)
    return Accepted(
        creatable.document,
        (*accepted.notes, *creatable.notes),
        accepted.paths | creatable.paths,
    )


def _bundle_split(stack: Stack, layout: Layout, notes: tuple[Note, ...]) -> Bundle:
    overlays_kept = keep_overlays(stack, layout.environments)
    checked = run_checks(overlays_kept.stack, (*_ALWAYS, *_WITHIN_THE_STACK, *_FILES))
    wanted = {
        role: compose_document(checked.stack, role)
        for role in (ComposeFileRole.BASE, *layout.environments)
    }
    base = _accepted(wanted[ComposeFileRole.BASE], checked.stack)
    accepted = {ComposeFileRole.BASE: base} | {
        role: _accepted(wanted[role], checked.stack, base.document)
        for role in layout.environments
    }
    left_out = refusals_between(wanted.values(), accepted.values())
    documents = {
        role: part.document
        for role, part in accepted.items()
        if role is ComposeFileRole.BASE or part.document["services"]
    }
    names = {role: name for role, name in _names_of(layout).items() if role in documents}
    files_beside = _with_source_values(
        _files_beside(left_out.without_settings(checked.stack), documents),
        layout.source_values,
    )
    headers = file_headers(names, any(file.path == ".env.example" for file in files_beside))
    refusals = [message for part in accepted.values() for message in part.notes]
    refused_paths = (part.paths for part in accepted.values())
    ignored, ignored_notes = dockerignore(checked.stack, files_beside)
    new_notes = (*overlays_kept.notes, *checked.notes, *dict.fromkeys(refusals))
    new_notes += ignored_notes
    files = [
        _compose_file(
            name,
            documents[role],
            checked.stack,
            (*notes, *new_notes) if role is ComposeFileRole.BASE else (),
            headers[role],
            source_file=layout.source_file if role is ComposeFileRole.BASE else None,
        )
        for role, name in names.items()
    ]
    written = overlays_kept.paths.union(*refused_paths)
    written |= _written_paths(stack, checked, *documents.values())
    all_files = (*files, *files_beside, *ignored)
    return Bundle(all_files, written, new_notes, refusals=left_out)


def added_to(existing: File, stack: Stack, notes: Iterable[Note] = ()) -> Bundle:
    """An existing compose file with the stack's services added, and the files that go beside it.

    Raises InsertionError for a file that is no compose file.
    """
    from tocompose.exporters.insertion import SECTIONS, insert, read_plain

    text = existing.content.decode("utf-8", "surrogateescape")
    present = read_plain(text, existing.path)
    outside = frozenset(name for section in SECTIONS for name in present.get(section) or {})
    refer_outside: Check = partial(refer_to_known, outside=outside)
    checks = (*_ALWAYS, refer_outside, start_in_order, *_FILES)
    joined = join_present(keep_overlays(stack, (ComposeFileRole.DEV,)).stack, present)
    checked = run_checks(joined.stack, checks)
    checked = Checked(
        checked.stack, (*joined.notes, *checked.notes), checked.paths | joined.paths
    )
    accepted = _accepted(compose_document(checked.stack), checked.stack)
    document = accepted.document
    unused = unused_declarations(checked.stack, present)
    for section, name in unused:
        del document[section][name]
    staying = map(ModelPath.service, present.get("services") or {})
    overruled = joined.paths.union(unused, staying)
    files_beside = _files_beside(checked.stack, document)
    ignored, ignored_notes = dockerignore(checked.stack, files_beside)
    new_notes = (*checked.notes, *accepted.notes, *ignored_notes)
    comments = block_comments(document, checked.stack, (*notes, *new_notes))
    insertion = insert(text, existing.path, document, comments)
    content = insertion.text.encode("utf-8", "surrogateescape")
    return Bundle(
        (File(path=existing.path, content=content), *files_beside, *ignored),
        accepted.paths | _written_paths(stack, checked, document) | frozenset(unused),
        (*new_notes, *_insertion_notes(insertion, existing.path)),
        overruled,
        checked.stack,
    )


def keep_overlays(stack: Stack, roles: Iterable[ComposeFileRole]) -> Checked:
    """The stack with the overlays of these files only; a note says what a service loses with its development part."""
    kept_roles = frozenset(roles)
    notes: list[Note] = []
    paths: set[ModelPath] = set()
    for service in stack.services:
        if (
            ComposeFileRole.DEV in service.overlays
            and ComposeFileRole.DEV not in kept_roles
        ):
            keys = sorted(service_body(service.overlays[ComposeFileRole.DEV]))
            subject = ModelPath.service(service.name)
            shown = ", ".join(keys)
            notes.append(
                note(
                    "TC767",
                    service.origin,
                    subject=subject,
                    service=service.name,
                    keys=shown,
                )
            )
            paths.update(map(subject.child, keys))
    services = tuple(_with_overlays(service, kept_roles) for service in stack.services)
    return Checked(replace(stack, services=services), tuple(notes), frozenset(paths))


def _with_overlays(service: Service, roles: frozenset[ComposeFileRole]) -> Service:
    overlays = {
        role: overlay for role, overlay in service.overlays.items() if role in roles
    }
    return replace(service, overlays=overlays)


def _names_of(layout: Layout) -> Mapping[ComposeFileRole, str]:
    return MODERN_NAMES if layout.modern_names else CLASSIC_NAMES


def _files_beside(stack: Stack, documents: Any) -> tuple[File, ...]:
    """What the documents need beside them: values, ignored names, generated files."""
    env = env_files(stack, document_variables(documents))
    return (*env, *gitignore((*env, *stack.files)), *stack.files)


def _with_source_values(
    files: tuple[File, ...], source_values: bytes | None
) -> tuple[File, ...]:
    """The files with the lines of the `.env` that the source has, and below them what it lacks."""
    if source_values is None:
        return files
    own_env = next((file for file in files if file.path == ".env"), None)
    env = own_env or File(path=".env", content=b"", mode=0o600, secret=True)
    content, _ = combine(env, source_values)
    others = tuple(file for file in files if file.path not in (".env", ".gitignore"))
    return (replace(env, content=content), *others, *gitignore((env, *others)))


def _insertion_notes(insertion: Insertion, file: str) -> Iterator[Note]:
    for section, name in insertion.clashing:
        kind = f"the {section[:-1]}"
        yield note(
            "TC768", subject=ModelPath.of(section, name), file=file, kind=kind, name=name
        )
    if insertion.added:
        names = ", ".join(name for _, name in insertion.added)
        yield note("TC769", subject=ModelPath.of("files", file), names=names, file=file)


def _setting_paths(stack: Stack) -> frozenset[ModelPath]:
    return frozenset(ModelPath.of("settings", setting.name) for setting in stack.settings)


def _written_paths(
    stack: Stack, checked: Checked, *documents: Mapping[str, Any]
) -> frozenset[ModelPath]:
    """The model paths that documents and the files beside them hold, and those that notes account for."""
    files = (ModelPath.of("files", file.path) for file in checked.stack.files)
    paths = (path for document in documents for path in model_paths(document))
    return checked.paths.union(_setting_paths(stack), files, paths)


def _compose_file(
    name: str,
    document: Mapping[str, Any],
    stack: Stack,
    notes: Iterable[Note],
    header: tuple[str, ...] = (),
    secret: bool = False,
    source_file: File | None = None,
) -> File:
    text = _kept_text(source_file, document)
    if text is None:
        comments = block_comments(document, stack, notes)
        text = render(with_anchors(document), comments, header)
    return File(path=name, content=text.encode("utf-8", "surrogateescape"), secret=secret)


def _kept_text(source_file: File | None, document: Mapping[str, Any]) -> str | None:
    """The user's own text with what the document changes; None where there is none, or it cannot be kept."""
    if source_file is None:
        return None
    from tocompose.exporters.own_text import own_text

    return own_text(source_file, document)
