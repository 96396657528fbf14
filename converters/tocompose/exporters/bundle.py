"""All files of a stack: one self-contained compose file, or the split set with what belongs beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from tocompose.compose.files import CLASSIC_NAMES, MODERN_NAMES
from tocompose.compose.write import compose_document, model_paths
from tocompose.compose.yaml_text import render
from tocompose.exporters.accepted_source import (
    accepted_file,
    accepted_files,
    written_documents,
)
from tocompose.exporters.carried_sections import (
    own_section_notes,
    sections_of,
    whole_document,
    with_models,
)
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
from tocompose.exporters.dotenv import dockerignore, env_files, gitignore
from tocompose.exporters.file_names import files_named_portably
from tocompose.exporters.final_checks import Check, Checked, run_checks
from tocompose.exporters.kept_overlays import keep_overlays
from tocompose.exporters.ordering import start_in_order
from tocompose.exporters.references import refer_to_known
from tocompose.exporters.refusals import Refusals, refusals_between, variables_between
from tocompose.exporters.selfcontained import (
    ask_for_secrets,
    self_contained,
    settle_variables,
)
from tocompose.exporters.sub_paths import note_sub_paths
from tocompose.model import ComposeFileRole, File, Stack
from tocompose.notes import Note, note
from tocompose.record import NamedTuple, record, replace
from tocompose.source import Span
from tocompose.syntax.interpolation import document_variables
from tocompose.syntax.model_path import ModelPath

if TYPE_CHECKING:
    from tocompose.exporters.insertion import Insertion


@record
class Layout:
    """Which files are written.

    Without `split` there is one self-contained compose file; `inline_secrets` then keeps secrets in it. With `split`
    there are files for a folder: base, the overlays of `environments`, `.env` and `.env.example`. `modern_names` calls
    the base compose.yaml instead of docker-compose.yml. `source_file` is a compose file that is the only source; its
    comments and order are kept where possible. `source_values` is the `.env` beside it.
    """

    split: bool = False
    modern_names: bool = False
    environments: tuple[ComposeFileRole, ...] = (ComposeFileRole.DEV, ComposeFileRole.PROD)
    inline_secrets: bool = False
    source_file: File | None = None
    source_values: bytes | None = None


# A shorter value may be part of any word.
_SHORTEST_SECRET = 8


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

    @property
    def absent(self) -> frozenset[ModelPath]:
        """The paths that never came into the files."""
        return self.overruled | self.refusals.paths


def bundle(stack: Stack, layout: Layout, notes: Iterable[Note] = ()) -> Bundle:
    """The files of the stack; those of `notes` that say what a service lost stand as comments above it."""
    write = _bundle_split if layout.split else _bundle_single
    comment_notes = (
        notes if layout.source_file is not None else _of_other_files(notes, layout)
    )
    return write(stack, layout, tuple(comment_notes))


def _of_other_files(notes: Iterable[Note], layout: Layout) -> Iterator[Note]:
    """The notes for comments: not of files that are written over, which the next conversion would not have again."""
    names = _names_of(layout).values()
    return (note for note in notes if note.span is None or note.span.file not in names)


def _without_origins(stack: Stack, layout: Layout) -> Stack:
    """The stack for comments: without the lines that services are from in a file that is written over."""
    services = (
        replace(service, origin=_lasting_place(service.origin, layout))
        for service in stack.services
    )
    return replace(stack, services=tuple(services))


def _without_places(notes: Iterable[Note], layout: Layout) -> Iterator[Note]:
    """The notes for comments: without places in a file that is written over."""
    return (replace(note, span=_lasting_place(note.span, layout)) for note in notes)


def _lasting_place(span: Span | None, layout: Layout) -> Span | None:
    """The place if it can be looked up after the conversion too."""
    is_edited = layout.source_file is not None
    is_lost = is_edited or (span is not None and span.file in _names_of(layout).values())
    return None if is_lost else span


_ALWAYS: tuple[Check, ...] = (
    limits_in_one_place,
    names_free_to_scale,
    one_network_form,
    ports_bound_once,
    required_variables,
    note_sub_paths,
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
    overlays_kept = keep_overlays(stack, (ComposeFileRole.DEV,))
    checked = run_checks(overlays_kept.stack, checks)
    without_value = frozenset(
        setting.name for setting in stack.settings if setting.value is None
    )
    document = settle_variables(
        compose_document(checked.stack), checked.stack, inline_secrets
    )
    accepted = accepted_file(document, checked.stack)
    left_out = refusals_between([document], [accepted])
    document = accepted.document
    new_notes = (
        *overlays_kept.notes,
        *checked.notes,
        *accepted.notes,
        *ask_for_secrets(checked.stack, without_value, inline_secrets),
    )
    has_secrets = any(setting.secret for setting in stack.settings)
    has_secrets |= any(file.secret for file in stack.files)
    file = _compose_file(
        _names_of(layout)[ComposeFileRole.BASE],
        document,
        _without_origins(checked.stack, layout),
        (*notes, *_without_places(new_notes, layout)),
        secret=inline_secrets and has_secrets,
        source_file=layout.source_file,
    )
    written = overlays_kept.paths | checked.paths | accepted.paths | _carried_paths(stack)
    written |= frozenset(model_paths(document))
    return Bundle((file,), written, new_notes, refusals=left_out)


def _bundle_split(stack: Stack, layout: Layout, notes: tuple[Note, ...]) -> Bundle:
    overlays_kept = keep_overlays(stack, layout.environments)
    checked = run_checks(overlays_kept.stack, (*_ALWAYS, *_WITHIN_THE_STACK, *_FILES))
    wanted_documents = {
        role: compose_document(checked.stack, role)
        for role in (ComposeFileRole.BASE, *layout.environments)
    }
    accepted = accepted_files(wanted_documents, checked.stack)
    left_out = refusals_between(wanted_documents.values(), accepted.values())
    documents = written_documents(accepted, checked.stack)
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
    commented_stack = _without_origins(checked.stack, layout)
    comments = (*notes, *_without_places(new_notes, layout))
    files = [
        _compose_file(
            name,
            documents[role],
            commented_stack,
            comments if role is ComposeFileRole.BASE else (),
            headers[role],
            source_file=layout.source_file if role is ComposeFileRole.BASE else None,
            role=role,
        )
        for role, name in names.items()
    ]
    written = overlays_kept.paths.union(*refused_paths)
    written |= _written_paths(stack, checked, *documents.values())
    return Bundle((*files, *files_beside, *ignored), written, new_notes, refusals=left_out)


def added_to(
    existing: File,
    stack: Stack,
    notes: Iterable[Note] = (),
    uses: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
) -> Bundle:
    """An existing compose file with the stack's services added, and the files that go beside it.

    `uses` are the services of the file that each new one has to do with.
    Raises InsertionError for a file that is no compose file.
    """
    from tocompose.exporters.insertion import SECTIONS, insert, read_plain
    from tocompose.exporters.joining import join_present, unused_declarations

    text = existing.content.decode("utf-8", "surrogateescape")
    present = read_plain(text, existing.path)
    outside = frozenset(name for section in SECTIONS for name in present.get(section) or {})
    refer_outside: Check = partial(refer_to_known, outside=outside)
    checks = (*_ALWAYS, refer_outside, start_in_order, *_FILES)
    # Of a service that is there already nothing is added.
    in_place = frozenset(map(ModelPath.service, present.get("services") or {}))
    overlays_kept = keep_overlays(stack, (ComposeFileRole.DEV,))
    new_overlay_notes = (
        one_note for one_note in overlays_kept.notes if one_note.subject not in in_place
    )
    joined = join_present(overlays_kept.stack, present, uses)
    checked = run_checks(joined.stack, checks)
    checked = Checked(
        checked.stack,
        (*new_overlay_notes, *joined.notes, *checked.notes),
        overlays_kept.paths | joined.paths | checked.paths,
    )
    wanted_document = compose_document(checked.stack)
    accepted = accepted_file(wanted_document, checked.stack)
    document = with_models(accepted.document, checked.stack)
    unused = unused_declarations(checked.stack, present)
    for section, name in unused:
        del document[section][name]
    overruled = joined.paths.union(unused, in_place)
    new_blocks = _new_blocks(document, present)
    left_out = variables_between([wanted_document], [new_blocks])
    files_beside = _files_beside(left_out.without_settings(checked.stack), new_blocks)
    ignored, ignored_notes = dockerignore(checked.stack, files_beside)
    new_notes = (*checked.notes, *accepted.notes, *ignored_notes)
    new_notes += tuple(own_section_notes(stack, existing.path))
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


def _new_blocks(
    document: Mapping[str, Any], present: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """What of the document the file does not have, by section."""
    return {
        section: {
            name: body
            for name, body in blocks.items()
            if name not in (present.get(section) or {})
        }
        for section, blocks in document.items()
        if isinstance(blocks, Mapping)
    }


def _names_of(layout: Layout) -> Mapping[ComposeFileRole, str]:
    return MODERN_NAMES if layout.modern_names else CLASSIC_NAMES


def _files_beside(stack: Stack, documents: Any) -> tuple[File, ...]:
    """What the documents need beside them: values, ignored names, generated files."""
    # The sections that only the user has a use for are filled in all the same.
    env = env_files(stack, document_variables([documents, stack.extensions]))
    return (*env, *gitignore((*env, *stack.files)), *stack.files)


def _with_source_values(
    files: tuple[File, ...], source_values: bytes | None
) -> tuple[File, ...]:
    """The files with the lines of the `.env` that the source has, and below them what it lacks."""
    if source_values is None:
        return files
    from tocompose.exporters.existing import combine

    own_env = next((file for file in files if file.path == ".env"), None)
    env = own_env or File(path=".env", content=b"", mode=0o600, secret=True)
    content, _ = combine(env, source_values)
    other_files = tuple(file for file in files if file.path not in (".env", ".gitignore"))
    return (replace(env, content=content), *other_files, *gitignore((env, *other_files)))


def _insertion_notes(insertion: Insertion, file: str) -> Iterator[Note]:
    for section, name in insertion.clashing:
        kind = f"the {section[:-1]}"
        yield note(
            "TC768", subject=ModelPath.of(section, name), file=file, kind=kind, name=name
        )
    if insertion.added:
        names = ", ".join(name for _, name in insertion.added)
        yield note("TC769", subject=ModelPath.of("files", file), names=names, file=file)


def _carried_paths(stack: Stack) -> frozenset[ModelPath]:
    """The variables, and the user's own sections: what stands beside the documents that are made."""
    settings = (ModelPath.of("settings", setting.name) for setting in stack.settings)
    sections = (name for named in stack.extensions.values() for name in named)
    return frozenset((*settings, *map(ModelPath.of, sections)))


def _written_paths(
    stack: Stack, checked: Checked, *documents: Mapping[str, Any]
) -> frozenset[ModelPath]:
    """The model paths that documents and the files beside them hold, and those that notes account for."""
    files = (ModelPath.of("files", file.path) for file in checked.stack.files)
    paths = (path for document in documents for path in model_paths(document))
    return checked.paths.union(_carried_paths(stack), files, paths)


def _compose_file(
    name: str,
    document: Mapping[str, Any],
    stack: Stack,
    notes: Iterable[Note],
    header: tuple[str, ...] = (),
    secret: bool = False,
    source_file: File | None = None,
    role: ComposeFileRole | None = None,
) -> File:
    own_sections = sections_of(stack, role)
    text = _kept_text(source_file, document, own_sections)
    if text is None or (not secret and _shows_secret(text, stack)):
        comments = block_comments(document, stack, notes)
        text = render(whole_document(document, own_sections), comments, header)
    return File(path=name, content=text.encode("utf-8", "surrogateescape"), secret=secret)


def _shows_secret(text: str, stack: Stack) -> bool:
    """Whether a secret stands in the text that the files no longer hold, such as in a part that nothing uses."""
    values = (setting.value or "" for setting in stack.settings if setting.secret)
    return any(len(value) >= _SHORTEST_SECRET and value in text for value in values)


def _kept_text(
    source_file: File | None, document: Mapping[str, Any], extensions: Mapping[str, Any]
) -> str | None:
    """The user's own text with what the document changes; None where there is none, or it cannot be kept."""
    if source_file is None:
        return None
    from tocompose.exporters.own_text import own_text

    return own_text(source_file, document, extensions)
