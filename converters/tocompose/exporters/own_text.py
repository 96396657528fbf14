"""The user's own compose file with what a conversion changes in it: comments, order and anchors stay.

Both the file and the document that is wanted are read as stacks, and only what differs between the two is edited. The
result counts only if it reads as what is wanted; otherwise the caller writes the file anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tocompose.compose.documents import ComposeFile, Places, document_of, read_file
from tocompose.compose.edits import (
    Edit,
    added_key,
    block_end,
    edited,
    in_block_style,
    indented,
    replaced_key,
)
from tocompose.compose.loading import load_files
from tocompose.compose.read import stack_of
from tocompose.compose.shapes import as_map, as_text, keys_beside_external
from tocompose.compose.value_shapes import Misshapen, ShapeJudge
from tocompose.compose.write import compose_document
from tocompose.exporters.extension_edits import with_extensions
from tocompose.exporters.insertion import SECTIONS, InsertionError, insert
from tocompose.knowledge.secrets.commands import secret_spans
from tocompose.knowledge.secrets.texts import MASK
from tocompose.model import File
from tocompose.patterns import regex
from tocompose.project import Memory
from tocompose.source import Branch, Child

# What stands below these is edited, but for the models; the version goes.
_EDITED = frozenset({*SECTIONS, "version"}) - {"models"}
_COMMENT = regex(r"(?m)(?:^|[ \t])(#[^\n]*)")


class _CannotEdit(Exception):
    """What is to change stands in a form that lines cannot be edited in."""


def own_text(
    original: File, wanted_document: Mapping[str, Any], extensions: Mapping[str, Any]
) -> str | None:
    """The text of the file with what is wanted and these `x-` sections; None where it cannot be edited to say that.

    A comment with a secret in it is none to carry on.
    """
    text = original.content.decode("utf-8", "surrogateescape")
    # In what an earlier run wrote, secrets are hidden already.
    comments = (comment.replace(MASK, "") for comment in _COMMENT.findall(text))
    if any(map(secret_spans, comments)):
        return None
    file = read_file(original.content, original.path)
    if not _is_editable(file):
        return None
    safe_text = with_extensions(text, file, extensions)
    if safe_text is None:
        return None
    if safe_text != text:
        text = safe_text
        file = read_file(text.encode("utf-8", "surrogateescape"), original.path)
    document = document_of(file)
    present, goal = _in_one_form(document), _in_one_form(wanted_document)
    present = _with_faults(file, present)
    for section, name in _named_the_old_way(document):
        present[section][name] = None
    try:
        result = edited(text, _edits(file, present, goal))
        result = insert(result, original.path, _new_entries(present, goal)).text
    except (_CannotEdit, InsertionError):
        return None
    reread = read_file(result.encode("utf-8", "surrogateescape"), original.path)
    is_wanted = (
        not reread.notes
        and not reread.hidden
        and _with_faults(reread, _in_one_form(document_of(reread))) == goal
    )
    return result if is_wanted else None


def _is_editable(file: ComposeFile) -> bool:
    """Whether the file is one map in block style that takes in no other."""
    if file.notes or file.hidden or len(file.roots) != 1:
        return False
    root = file.roots[0]
    if not isinstance(root, Branch) or root.kind != "map" or root.child("include"):
        return False
    if any(fault.keys[0] not in _EDITED for fault in _faults_of(file)):
        return False
    return _stands_alone(document_of(file)) and _is_in_block_style(root)


def _stands_alone(document: Mapping[str, Any]) -> bool:
    """Whether the sections are maps, and nothing in them extends what stands elsewhere."""
    if any(not isinstance(document.get(key), Mapping | None) for key in SECTIONS):
        return False
    services = as_map(document.get("services"))
    return not any(_leads_elsewhere(services, name) for name in services)


def _is_in_block_style(root: Branch) -> bool:
    """Whether each entry begins a line of its own."""
    starts = [(child.span.line, child.span.column) for child in root.children]
    return len(set(starts)) == len(starts) and {column for _, column in starts} == {1}


def _leads_elsewhere(services: Mapping[str, Any], name: str) -> bool:
    """Whether what a service extends stands in another file, or nowhere, or is the service itself."""
    visited: set[str] = set()
    while (reference := as_map(services.get(name)).get("extends")) is not None:
        target = as_map(reference) or {"service": reference}
        visited.add(name)
        name = as_text(target.get("service")) or ""
        if "file" in target or name not in services or name in visited:
            return True
    return False


def _with_faults(file: ComposeFile, present: dict[str, Any]) -> dict[str, Any]:
    """The document with something else in the place of what we read and docker compose does not: that is edited."""
    for fault in _faults_of(file):
        if fault.keys[0] in SECTIONS and len(fault.keys) > 1:
            present = _marked(present, fault.keys)
    return present


def _faults_of(file: ComposeFile) -> list[Misshapen]:
    """What docker compose refuses of the file's text."""
    judge = ShapeJudge(strict=True)
    judge.whole(document_of(file, with_numbers=True))
    return judge.faults


def _marked(node: Mapping[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    """The map with the mark at the deepest of the keys that it has."""
    key, *deeper_keys = keys
    value = node.get(key)
    if deeper_keys and isinstance(value, Mapping | None):
        return {**node, key: _marked(as_map(value), tuple(deeper_keys))}
    return {**node, key: _FAULTY}


# Equals nothing that is wanted.
_FAULTY = object()


def _in_one_form(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document as it would be written anew, with what its services extend."""
    followed = _followed(document)
    return compose_document(stack_of(followed, Places(()), ""))


def _named_the_old_way(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What is declared with `external: {name: …}`, which docker compose warns of, or beside `external`."""
    for section in SECTIONS:
        for name, body in as_map(document.get(section)).items():
            settings = as_map(body)
            is_refused = section == "volumes" and keys_beside_external(settings)
            if is_refused or isinstance(settings.get("external"), Mapping):
                yield section, name


def _followed(document: Mapping[str, Any]) -> Mapping[str, Any]:
    services = as_map(document.get("services"))
    if not any("extends" in as_map(body) for body in services.values()):
        return document
    from tocompose.compose.yaml_text import render

    content = render(document).encode("utf-8", "surrogateescape")
    return load_files(Memory({"compose.yaml": content}), ("compose.yaml",)).document


def _new_entries(present: Mapping[str, Any], goal: Mapping[str, Any]) -> dict[str, Any]:
    """The entries of each section that the file lacks."""
    new = {
        section: {
            name: body
            for name, body in as_map(goal.get(section)).items()
            if name not in as_map(present.get(section))
        }
        for section in SECTIONS
    }
    return {section: new_bodies for section, new_bodies in new.items() if new_bodies}


def _edits(
    file: ComposeFile, present: Mapping[str, Any], goal: Mapping[str, Any]
) -> Iterator[Edit]:
    lines = list(file.lines)
    root = file.roots[0]
    assert isinstance(root, Branch)
    yield from _head_edits(root, lines, goal)
    for section in SECTIONS:
        old_bodies, new_bodies = as_map(present.get(section)), as_map(goal.get(section))
        for name, body in old_bodies.items():
            if name not in new_bodies or body != new_bodies[name]:
                yield from _block_edits(root, lines, (section, name), body, new_bodies)


def _block_edits(
    root: Branch,
    lines: list[str],
    path: tuple[str, str],
    body: Any,
    new_bodies: Mapping[str, Any],
) -> Iterator[Edit]:
    """The edits of one service, network, volume, config or secret."""
    section, name = path
    section_entry = root.child(section)
    block = _child_of(section_entry, name)
    if section_entry is None or block is None:
        raise _CannotEdit(f"{section}.{name}")
    if name in new_bodies:
        yield from _entry_edits(section_entry, block, lines, body, new_bodies[name])
    else:
        yield _removal(section_entry, block, lines)


def _child_of(parent_entry: Child | None, name: str) -> Child | None:
    node = parent_entry.node if parent_entry else None
    return node.child(name) if isinstance(node, Branch) else None


def _head_edits(root: Branch, lines: list[str], goal: Mapping[str, Any]) -> Iterator[Edit]:
    """The name of the project, in the place of a version where there is one."""
    version, name = root.child("version"), root.child("name")
    start = (version or root.children[0]).span.line - 1
    end_line = block_end(lines, start, 0) if version else start
    if name is None:
        gap = () if version else ("",)
        yield Edit(start, end_line, (*indented({"name": goal["name"]}, 0), *gap))
    elif version:
        yield Edit(start, end_line, ())


def _entry_edits(
    parent: Child, child: Child, lines: list[str], old_value: Any, new_value: Any
) -> Iterator[Edit]:
    """The edits of one entry: of what differs below it where it is a map on lines of its own, else of the whole."""
    _check_own_line(parent, child, lines)
    are_maps = isinstance(old_value, Mapping) and isinstance(new_value, Mapping)
    if not (are_maps and _is_block_map(child, lines)):
        yield replaced_key(child, lines, str(child.key), new_value)
        return
    added: tuple[str, ...] = ()
    for key in {**old_value, **new_value}:
        is_kept = key in old_value and key in new_value
        if is_kept and old_value[key] == new_value[key]:
            continue
        key_entry = _child_of(child, key)
        if key_entry is not None and _stands_in(child, key_entry, lines):
            yield from _key_edits(child, key_entry, lines, old_value.get(key), new_value)
        elif key in new_value:
            added = (*added, *added_key(child, lines, key, new_value[key]).lines)
        else:
            raise _CannotEdit(key)
    if added:
        end_line = block_end(lines, child.span.line - 1, child.span.column - 1)
        yield Edit(end_line, end_line, added)


def _key_edits(
    parent: Child,
    key_entry: Child,
    lines: list[str],
    old_value: Any,
    new_values: Mapping[str, Any],
) -> Iterator[Edit]:
    """The edits of a key that stands in a map: it is changed, or taken out."""
    key = str(key_entry.key)
    if key in new_values:
        yield from _entry_edits(parent, key_entry, lines, old_value, new_values[key])
    else:
        yield _removal(parent, key_entry, lines)


def _is_block_map(child: Child, lines: list[str]) -> bool:
    is_map = isinstance(child.node, Branch) and child.node.kind == "map"
    return is_map and in_block_style(child, lines)


def _stands_in(parent: Child, child: Child, lines: list[str]) -> bool:
    """Whether the entry stands below its parent itself, not in a fragment that this takes in."""
    start = parent.span.line
    return start < child.span.line <= block_end(lines, start - 1, parent.span.column - 1)


def _check_own_line(parent: Child, child: Child, lines: list[str]) -> None:
    """Raises where the entry shares its line with others, or stands elsewhere."""
    line = lines[child.span.line - 1]
    if not _stands_in(parent, child, lines) or line[: child.span.column - 1].strip():
        raise _CannotEdit(str(child.key))


def _removal(parent: Child, child: Child, lines: list[str]) -> Edit:
    """The edit that takes an entry out; the last one takes the blank lines before it too."""
    _check_own_line(parent, child, lines)
    start = child.span.line - 1
    return Edit(start, block_end(lines, start, child.span.column - 1), ())
