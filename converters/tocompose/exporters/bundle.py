"""All files of a stack: one self-contained compose file, or the split set with what belongs beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from tocompose.compose.files import CLASSIC_NAMES, MODERN_NAMES
from tocompose.compose.write import compose, model_paths
from tocompose.compose.yaml_text import render
from tocompose.exporters.anchors import with_anchors
from tocompose.exporters.comments import comments, headers
from tocompose.exporters.conflicts import (
    files_for_read_only,
    files_present,
    files_readable,
    limits_in_one_place,
    names_free_to_scale,
    one_network_form,
    ports_bound_once,
)
from tocompose.exporters.dotenv import env_files, gitignore
from tocompose.exporters.homes import without_homes
from tocompose.exporters.ordering import start_in_order
from tocompose.exporters.portable import files_named_portably
from tocompose.exporters.references import refer_to_known
from tocompose.exporters.required import values_asked_for
from tocompose.exporters.selfcontained import (
    ask_for_secrets,
    self_contained,
    settle_variables,
)
from tocompose.exporters.sound import Check, checked
from tocompose.model import File, Home, Stack
from tocompose.notes import Note, note
from tocompose.record import record
from tocompose.syntax.interpolation import document_variables
from tocompose.syntax.model_path import ModelPath

if TYPE_CHECKING:
    from tocompose.exporters.insertion import Insertion


@record
class Layout:
    """How the files are laid out.

    `split` writes base, override and production files and `.env`, for a folder; `environments` chooses the overlays.
    `inline_secrets` keeps secrets in the one file of a layout that is not split.
    """

    split: bool = False
    modern_names: bool = False
    environments: tuple[Home, ...] = (Home.DEV, Home.PROD)
    inline_secrets: bool = False


class Bundle(NamedTuple):
    """The files to write, the compose file first; every model path that they hold; what was changed on the way."""

    files: tuple[File, ...]
    written: frozenset[ModelPath | str]
    notes: tuple[Note, ...]


def bundle(stack: Stack, layout: Layout, notes: Iterable[Note] = ()) -> Bundle:
    """The files of the stack; those of `notes` that say what a service lost stand as comments above it."""
    return (
        _split(stack, layout, tuple(notes))
        if layout.split
        else _single(stack, layout, tuple(notes))
    )


_ALWAYS: tuple[Check, ...] = (
    limits_in_one_place,
    names_free_to_scale,
    one_network_form,
    ports_bound_once,
    values_asked_for,
    refer_to_known,
    start_in_order,
)
_FILES: tuple[Check, ...] = (
    files_for_read_only,
    files_readable,
    files_present,
    files_named_portably,
)


def _single(stack: Stack, layout: Layout, notes: tuple[Note, ...]) -> Bundle:
    contained = partial(self_contained, inline_secrets=layout.inline_secrets)
    sound = checked(
        without_homes(stack, (Home.DEV,)).stack, (*_ALWAYS, contained, files_readable)
    )
    unknown = frozenset(item.name for item in stack.settings if item.value is None)
    said = (*sound.notes, *ask_for_secrets(sound.stack, unknown, layout.inline_secrets))
    document = settle_variables(compose(sound.stack), sound.stack, layout.inline_secrets)
    name = (MODERN_NAMES if layout.modern_names else CLASSIC_NAMES)[Home.BASE]
    values = [
        *(item.secret for item in stack.settings),
        *(item.secret for item in stack.files),
    ]
    file = _file(
        name,
        document,
        sound.stack,
        (*notes, *said),
        (),
        layout.inline_secrets and any(values),
    )
    return Bundle(
        (file,), frozenset(model_paths(document)) | sound.paths | _settings(stack), said
    )


def _split(stack: Stack, layout: Layout, notes: tuple[Note, ...]) -> Bundle:
    chosen = without_homes(stack, layout.environments)
    sound = checked(chosen.stack, (*_ALWAYS, *_FILES))
    documents = {
        home: compose(sound.stack, home) for home in (Home.BASE, *layout.environments)
    }
    documents = {
        home: body
        for home, body in documents.items()
        if body["services"] or home is Home.BASE
    }
    every = MODERN_NAMES if layout.modern_names else CLASSIC_NAMES
    names = {home: every[home] for home in Home if home in documents}
    env = env_files(sound.stack, document_variables(documents))
    lines = headers(names, bool(env))
    said = (*chosen.notes, *sound.notes)
    above = {Home.BASE: (*notes, *said)}
    files = [
        _file(name, documents[home], sound.stack, above.get(home, ()), lines[home])
        for home, name in names.items()
    ]
    written = (
        {path for body in documents.values() for path in model_paths(body)}
        | chosen.paths
        | sound.paths
    )
    written |= _settings(stack) | {f"files.{item.path}" for item in sound.stack.files}
    own = sound.stack.files
    return Bundle((*files, *env, *gitignore((*env, *own)), *own), frozenset(written), said)


def added_to(existing: File, stack: Stack, notes: Iterable[Note] = ()) -> Bundle:
    """An existing compose file with the stack's services added, and the files that go beside it.

    Raises InsertionError for a file that is no compose file.
    """
    from tocompose.exporters.insertion import SECTIONS, insert, read_plain

    text = existing.content.decode("utf-8", "surrogateescape")
    before = read_plain(text, existing.path)
    outside = frozenset(name for section in SECTIONS for name in before.get(section) or {})
    chosen = without_homes(stack, (Home.DEV,))
    known: Check = partial(refer_to_known, outside=outside)
    checks: tuple[Check, ...] = (
        *_ALWAYS[:-2],
        known,
        start_in_order,
        *_FILES,
    )
    sound = checked(chosen.stack, checks)
    document = compose(sound.stack)
    above = comments(document, sound.stack, (*notes, *sound.notes))
    made = insert(text, existing.path, document, above)
    said = (*sound.notes, *_told(made, existing.path))
    file = File(path=existing.path, content=made.text.encode("utf-8", "surrogateescape"))
    written = frozenset(model_paths(document)) | sound.paths | _settings(stack)
    written |= {f"files.{item.path}" for item in sound.stack.files}
    env, own = env_files(sound.stack, document_variables(document)), sound.stack.files
    return Bundle((file, *env, *gitignore((*env, *own)), *own), written, said)


def _told(made: Insertion, file: str) -> Iterator[Note]:
    for section, name in made.clashing:
        yield note(
            "TC768",
            subject=f"{section}.{name}",
            file=file,
            kind=f"the {section[:-1]}",
            name=name,
        )
    if made.added:
        names = ", ".join(name for _, name in made.added)
        yield note("TC769", subject=f"files.{file}", names=names, file=file)


def _settings(stack: Stack) -> frozenset[str]:
    return frozenset(f"settings.{item.name}" for item in stack.settings)


def _file(
    name: str,
    document: Mapping[str, Any],
    stack: Stack,
    notes: Iterable[Note],
    header: tuple[str, ...],
    secret: bool = False,
) -> File:
    above = comments(document, stack, notes)
    text = render(with_anchors(document), above, header)
    return File(path=name, content=text.encode("utf-8", "surrogateescape"), secret=secret)
