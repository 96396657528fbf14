"""Placeholders that a template left in the stack, such as `{{domain}}`, where no variable can ask for their values."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.model import File, Runtime, Stack
from tocompose.notes import Note, note
from tocompose.patterns import regex
from tocompose.stack_texts import stack_texts
from tocompose.syntax.model_path import ModelPath

# What Helm fills in is told where its manifests are read.
_NAME, _HELM = r"[A-Za-z_][\w-]*", r"\.(?:Values|Release|Chart)\.[\w.]+"
_BARE_MARK = regex(rf"\{{\{{-?[ ]?({_NAME})[ ]?-?\}}\}}")
_ANY_MARK = regex(rf"\{{\{{-?[ ]?({_NAME}|{_HELM})[ ]?-?\}}\}}")
# In a file of an application a template can be meant; the host of an address is none that it fills in.
_HOST_MARK = regex(rf"(?<=://)[^\s/{{}}]*\{{\{{-?[ ]?({_NAME}|{_HELM})[ ]?-?\}}\}}")
# Words of Go templates, as `docker ps --format` takes one.
_KEYWORDS = frozenset({"else", "end", "break", "continue"})


def note_template_marks(stack: Stack) -> Iterator[Note]:
    """A note for each text of the stack and each of its files that holds a placeholder of a template."""
    pattern = _BARE_MARK if stack.runs_in is Runtime.CLUSTER else _ANY_MARK
    origins = {service.name: service.origin for service in stack.services}
    for path, text in stack_texts(stack, "{{"):
        marks = [match for match in pattern.finditer(text) if match[1] not in _KEYWORDS]
        if marks and path.service_name:
            holder = f"{path.service_name}: {'.'.join(map(str, path[2:]))}"
            origin = origins.get(path.service_name)
            yield note(
                "TC547", origin, subject=path, holder=holder, placeholder=marks[0][0]
            )
    for file in stack.files:
        yield from _note_file(file)


def _note_file(file: File) -> Iterator[Note]:
    if b"{{" not in file.content:
        return
    match = _HOST_MARK.search(file.content.decode("utf-8", "replace"))
    if match is not None:
        yield note(
            "TC547",
            subject=ModelPath.of("files", file.path),
            holder=f"the file {file.path}",
            placeholder=match[0],
        )
