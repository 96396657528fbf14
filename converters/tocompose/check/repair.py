"""What an audit can put right by itself: only what adds, changes no data and loses nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from tocompose.check.score import open_view
from tocompose.compose.documents import ComposeFile, document_of, read_file
from tocompose.compose.write import service_body
from tocompose.compose.yaml_text import Alias, Anchored, render
from tocompose.exporters.dotenv import env_files, gitignore
from tocompose.model import File, Stack
from tocompose.notes import Kind, Note, note
from tocompose.project import Project
from tocompose.record import replace
from tocompose.rules import Rule, View, apply_all, registry, with_services
from tocompose.source import Branch, Child
from tocompose.syntax.interpolation import document_variables
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import unique_name


class Repair(NamedTuple):
    """The files as they would be, without those that stay the same, and what was done and could not be done."""

    files: tuple[File, ...]
    notes: tuple[Note, ...]


class _RepairedFile(NamedTuple):
    """The new text of a file (None where nothing changes), what to say, and the services changed."""

    text: str | None
    notes: list[Note]
    services: frozenset[str] = frozenset()


def repair(project: Project, paths: tuple[str, ...] = (), shown: str = "") -> Repair | None:
    """What is safe to put right in the named files, or in those of the folder; None where there is no compose file.

    Nothing is written: the files are for `writing.plan` and `writing.write`. `shown` stands in front of their paths.
    """
    view = open_view(project, paths, shown)
    if view is None:
        return None
    mended, added = _mend(view)
    files: list[File] = []
    notes: list[Note] = []
    changed: set[str] = set()
    for file in view.files:
        repaired = _repair_file(file, view, mended)
        notes += repaired.notes
        changed |= repaired.services
        if repaired.text is not None:
            content = repaired.text.encode("utf-8", "surrogateescape")
            files.append(File(path=file.path, content=content))
    added_notes = [
        added_note
        for added_note in added
        if added_note.kind is Kind.ADDED and _service_named(added_note) in changed
    ]
    beside = (replace(file, path=shown + file.path) for file in _files_beside(view))
    return Repair((*files, *beside), (*added_notes, *notes))


def _mend(view: View) -> tuple[Stack, tuple[Note, ...]]:
    """The stack after the rules that edit: each adds what is missing, no port, volume, network or image is touched."""
    stack, context = view.main.stack, view.main.context
    editing = [rule for rule in registry() if rule.edit]
    first = apply_all(stack, [rule for rule in editing if not _edits_order(rule)], context)
    # Who waits for health must be sure of it: a service that cannot be written to keeps what it has.
    fixed = {name for file in view.files for name in _fixed_services(file)}
    pairs = zip(stack.services, first.stack.services, strict=True)
    services = [old if old.name in fixed else new for old, new in pairs]
    waiting = apply_all(
        with_services(first.stack, services), filter(_edits_order, editing), context
    )
    return waiting.stack, (*first.notes, *waiting.notes)


def _edits_order(rule: Rule) -> bool:
    return "depends_on" in rule.edit


def _service_named(added_note: Note) -> str:
    return added_note.subject.service_name or ""


def _service_entries(file: ComposeFile) -> tuple[Child, ...]:
    """The services of a file, which must be one YAML document."""
    root = file.roots[0] if len(file.roots) == 1 else None
    services = root.child("services") if isinstance(root, Branch) else None
    return services.node.children if services and isinstance(services.node, Branch) else ()


def _fixed_services(file: ComposeFile) -> Iterator[str]:
    """The services of a file that lines cannot be added to."""
    for child in _service_entries(file):
        if not in_block_style(child, list(file.lines)):
            yield str(child.key)


def _repair_file(file: ComposeFile, view: View, mended: Stack) -> _RepairedFile:
    """The file with the services that first stand in it put right."""
    entries = {
        str(child.key): child
        for child in _service_entries(file)
        if _first_file(view, str(child.key)) == file.path
    }
    changes = {name: _changed_keys(view, mended, name) for name in entries}
    text = "\n".join(file.lines)
    edits: list[Edit] = list(_share_logging(file, text, changes))
    notes: list[Note] = []
    changed: set[str] = set()
    fixed = set(_fixed_services(file))
    for name, child in entries.items():
        if name in fixed:
            subject = ModelPath.service(name)
            notes.append(note("TC778", child.span, subject=subject, service=name))
        elif changes[name]:
            edits += _edit_service(child, file, changes[name])
            changed.add(name)
    edits += _drop_version(file)
    if not edits:
        return _RepairedFile(None, notes)
    result = edited(text, edits)
    if not _is_same_otherwise(file, result):
        return _RepairedFile(None, [])
    return _RepairedFile(result, notes, frozenset(changed))


def _first_file(view: View, name: str) -> str:
    """The file that a service first stands in."""
    for file in view.files:
        if any(str(child.key) == name for child in _service_entries(file)):
            return file.path
    return ""


def _changed_keys(view: View, mended: Stack, name: str) -> dict[str, Any]:
    """The keys of the service that the rules add, and its dependencies where their conditions change."""
    service, better = view.main.stack.service(name), mended.service(name)
    if service is None or better is None:
        return {}
    old, new = service_body(service), service_body(better)
    changes: dict[str, Any] = {}
    for key in ("restart", "healthcheck", "logging"):
        if key not in old and key in new:
            changes[key] = new[key]
    targets = {edge.service for edge in service.depends_on}
    same_order = targets == {edge.service for edge in better.depends_on}
    if same_order and old.get("depends_on") != new.get("depends_on"):
        changes["depends_on"] = new["depends_on"]
    return changes


def _edit_service(
    child: Child, file: ComposeFile, changes: Mapping[str, Any]
) -> Iterator[Edit]:
    lines = list(file.lines)
    end_line = block_end(lines, child.span.line - 1, child.span.column - 1)
    added: tuple[str, ...] = ()
    for key, value in changes.items():
        key_entry = child.node.child(key) if isinstance(child.node, Branch) else None
        # A key that a merged block brings in stands elsewhere: one of the service's own overrides it.
        is_own = key_entry is not None and key_entry.span.file == file.path
        if (
            key_entry is not None
            and is_own
            and child.span.line < key_entry.span.line <= end_line
        ):
            yield replaced_key(key_entry, lines, key, value)
        else:
            added = (*added, *added_key(child, lines, key, value).lines)
    if added:
        yield Edit(end_line, end_line, added)


def _share_logging(
    file: ComposeFile, text: str, changes: dict[str, dict[str, Any]]
) -> Iterator[Edit]:
    """The edit that writes log settings once which several services need alike; `changes` then name its anchor."""
    users = [keys for keys in changes.values() if "logging" in keys]
    if len(users) < 2 or any(keys["logging"] != users[0]["logging"] for keys in users):
        return
    anchor = _free_anchor(text)
    yield _write_anchor(file, anchor, users[0]["logging"])
    for keys in users:
        keys["logging"] = Alias(anchor)


def _free_anchor(text: str) -> str:
    """A name for the shared log settings that the file does not use yet."""
    names = ("logging", "logging-2", "logging-3")
    taken_anchors = {name for name in names if f"&{name}" in text or f"x-{name}:" in text}
    return unique_name("logging", taken_anchors)


def _write_anchor(file: ComposeFile, anchor: str, value: Any) -> Edit:
    first_lines = [
        child.span.line
        for root in file.roots
        if isinstance(root, Branch)
        for child in root.children
    ]
    start = min(first_lines) - 1
    content = {f"x-{anchor}": Anchored(anchor, value)}
    return Edit(start, start, (*indented(content, 0), ""))


def _drop_version(file: ComposeFile) -> Iterator[Edit]:
    root = file.roots[0] if file.roots else None
    version = root.child("version") if isinstance(root, Branch) else None
    if version is None or version.span.column != 1:
        return
    if version.node.span.line != version.span.line:
        return
    start = version.span.line - 1
    end_line = start + 1
    if end_line < len(file.lines) and not file.lines[end_line].strip():
        end_line += 1
    yield Edit(start, end_line, ())


def _is_same_otherwise(file: ComposeFile, text: str) -> bool:
    """Whether the new text holds all that the old one held: each value is there still, or was put right."""
    reread = read_file(text.encode("utf-8", "surrogateescape"), file.path)
    if reread.notes:
        return False
    old, new = document_of(file), document_of(reread)
    old_services, services = old.get("services") or {}, new.get("services") or {}
    if not isinstance(old_services, dict) or not isinstance(services, dict):
        return False
    for name, body in old_services.items():
        if not _holds_all(body, services.get(name), but=("depends_on",)):
            return False
    return _holds_all(old, new, but=("services", "version"))


def _holds_all(old: Any, new: Any, but: Iterable[str]) -> bool:
    """Whether each value of the first stands in the second; `but` names keys that may differ."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return bool(old == new)
    return all(new.get(key) == old[key] for key in old.keys() - set(but))


def _files_beside(view: View) -> tuple[File, ...]:
    """Lines for `.gitignore` where `.env` is, and names that `.env.example` lacks."""
    if view.names is None:
        return ()
    made = env_files(Stack(name=""), document_variables(view.main.document))
    example = [file for file in made if file.path == ".env.example"]
    secret_files = [File(path=".env", content=b"")] if view.project.exists(".env") else []
    return (*example, *(gitignore(secret_files) if secret_files else ()))


class Edit(NamedTuple):
    """Lines from `start` up to `end` (0-based, exclusive) that are replaced by others."""

    start: int
    end_line: int
    lines: tuple[str, ...]


def edited(text: str, edits: Iterable[Edit]) -> str:
    """The text with all edits, which do not overlap; in its own kind of line breaks."""
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end_line), reverse=True):
        lines[edit.start : edit.end_line] = edit.lines
    return newline.join(lines)


def block_end(lines: list[str], start: int, column: int) -> int:
    """The line after the block whose key stands at `start` in that column (0-based): its last line with content."""
    end_line = start + 1
    for number in range(start + 1, len(lines)):
        text = lines[number].strip()
        indent = len(lines[number]) - len(lines[number].lstrip(" "))
        if text and indent <= column and not (indent == column and text.startswith("- ")):
            break
        if text and (indent > column or not text.startswith("#")):
            end_line = number + 1
    return end_line


def in_block_style(service_entry: Child, lines: list[str]) -> bool:
    """Whether the entry is a map of several lines below its key, to which lines can be added."""
    line = lines[service_entry.span.line - 1]
    rest = line[service_entry.span.end_column - 1 :].partition("#")[0].strip()
    plain_key = rest in (":", "") or (
        rest.startswith(":")
        and rest[1:].strip().startswith("&")
        and " " not in rest[2:].strip()
    )
    return (
        isinstance(service_entry.node, Branch)
        and plain_key
        and not line.lstrip().startswith(("-", "?", "{"))
    )


def added_key(service_entry: Child, lines: list[str], key: str, value: Any) -> Edit:
    """The edit that adds a key at the end of a map in block style."""
    column = service_entry.span.column - 1
    end_line = block_end(lines, service_entry.span.line - 1, column)
    key_column = _first_column(service_entry, lines)
    return Edit(end_line, end_line, tuple(indented({key: value}, key_column)))


def replaced_key(key_column: Child, lines: list[str], key: str, value: Any) -> Edit:
    """The edit that replaces a key and all below it; comments that stood there go in front of it."""
    column = key_column.span.column - 1
    start = key_column.span.line - 1
    end_line = block_end(lines, start, column)
    split_lines = (line.partition("#") for line in lines[start:end_line])
    comments = [" " * column + f"#{text}".rstrip() for _, sign, text in split_lines if sign]
    return Edit(start, end_line, (*comments, *indented({key: value}, column)))


def _first_column(service_entry: Child, lines: list[str]) -> int:
    """The column of the map's own keys: that of the first line below its key."""
    start = service_entry.span.line
    column = service_entry.span.column - 1
    for line in lines[start:]:
        text = line.strip()
        if text and not text.startswith("#"):
            return len(line) - len(line.lstrip(" "))
    return column + 2


def indented(content: Mapping[str, Any], column: int) -> list[str]:
    """The lines of a map, moved to a column."""
    return [
        " " * column + line if line else line
        for line in render(content).rstrip("\n").replace("\n\n", "\n").split("\n")
    ]
