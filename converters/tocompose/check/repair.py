"""What an audit can put right by itself: only what adds, changes no data and loses nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from tocompose.check.edits import (
    Edit,
    added_key,
    block_end,
    edited,
    in_block_style,
    indented,
    replaced_key,
)
from tocompose.check.scene import Scene, scene
from tocompose.compose.write import service_body
from tocompose.exporters.dotenv import env_files, gitignore
from tocompose.exporters.yaml_text import Alias, Anchored
from tocompose.importers.compose.reading import ComposeFile, document_of, read_file
from tocompose.model import File, Service, Stack
from tocompose.notes import Kind, Note, note
from tocompose.project import Project
from tocompose.record import replace
from tocompose.rules import apply_all, select
from tocompose.source import Branch, Child
from tocompose.syntax.interpolation import document_variables
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import unique

# Each adds what is missing and leaves what is there: no port, volume, network or image is touched.
SAFE = "HC-EVERY,HC-PARAM,RESTART,LOG"
WAITING = "DEP-COND"
_ADDED = ("restart", "healthcheck", "logging")


class Repair(NamedTuple):
    """The files as they would be, without those that stay the same, and what was done and could not be done."""

    files: tuple[File, ...]
    notes: tuple[Note, ...]


def repair(project: Project, paths: tuple[str, ...] = ()) -> Repair | None:
    """What is safe to put right in the named files, or in those of the folder; None where there is no compose file.

    Nothing is written: the files are for `writing.plan` and `writing.write`.
    """
    found = scene(project, paths)
    if found is None:
        return None
    alone = apply_all(found.main.stack, select(SAFE), found.context)
    # Who waits for health must be sure of it: a service that cannot be written to keeps what it has.
    fixed = {name for file in found.files for name in _fixed_services(file)}
    services = tuple(
        old if old.name in fixed else new
        for old, new in zip(found.main.stack.services, alone.stack.services, strict=True)
    )
    waiting = apply_all(
        replace(alone.stack, services=services), select(WAITING), found.context
    )
    files: list[File] = []
    told: list[Note] = []
    done: set[str] = set()
    for file in found.files:
        text, said, repaired = _repaired(file, found, waiting.stack)
        told += said
        done |= repaired
        if text is not None:
            files.append(
                File(path=file.path, content=text.encode("utf-8", "surrogateescape"))
            )
    added = [
        item
        for item in (*alone.notes, *waiting.notes)
        if item.kind is Kind.ADDED and _service(item) in done
    ]
    return Repair((*files, *_beside(found)), (*added, *told))


def _service(item: Note) -> str:
    return item.subject.service_name or ""


def _entries(file: ComposeFile) -> tuple[Child, ...]:
    """The services of a file, which must be one YAML document."""
    root = file.roots[0] if len(file.roots) == 1 else None
    services = root.child("services") if isinstance(root, Branch) else None
    return services.node.children if services and isinstance(services.node, Branch) else ()


def _fixed_services(file: ComposeFile) -> Iterator[str]:
    """The services of a file that lines cannot be added to."""
    for child in _entries(file):
        if not in_block_style(child, list(file.lines)):
            yield str(child.key)


def _repaired(
    file: ComposeFile, found: Scene, wanted: Stack
) -> tuple[str | None, list[Note], frozenset[str]]:
    """The text of the file with the services that first stand in it put right, what to say, and the services changed.

    The text is None when nothing changes.
    """
    own = [
        child for child in _entries(file) if _first_file(found, str(child.key)) == file.path
    ]
    changes = {str(child.key): _changes(found, wanted, str(child.key)) for child in own}
    text = "\n".join(file.lines)
    edits: list[Edit] = []
    notes: list[Note] = []
    done: set[str] = set()
    logged = [given["logging"] for given in changes.values() if "logging" in given]
    if len(logged) > 1 and all(item == logged[0] for item in logged):
        anchor = _anchor(text)
        edits.append(_shared_logging(file, anchor, logged[0]))
        changes = {
            name: given | ({"logging": Alias(anchor)} if "logging" in given else {})
            for name, given in changes.items()
        }
    fixed = set(_fixed_services(file))
    for child in own:
        name = str(child.key)
        if name in fixed:
            notes.append(
                note("TC778", child.span, subject=ModelPath.service(name), service=name)
            )
        elif changes[name]:
            edits += _edits(child, file, changes[name])
            done.add(name)
    edits += _without_version(file)
    result = edited(text, edits)
    if edits and _same_otherwise(file, result):
        return result, notes, frozenset(done)
    return None, notes if not edits else [], frozenset()


def _first_file(found: Scene, name: str) -> str:
    """The file that a service first stands in."""
    return next(
        (
            file.path
            for file in found.files
            if any(str(child.key) == name for child in _entries(file))
        ),
        "",
    )


def _changes(found: Scene, wanted: Stack, name: str) -> dict[str, Any]:
    """The keys of the service that the practices add, and its dependencies where their conditions change."""
    before, after = found.main.stack.service(name), wanted.service(name)
    if before is None or after is None:
        return {}
    old, new = service_body(before), service_body(after)
    changes = {key: new[key] for key in _ADDED if key not in old and key in new}
    if old.get("depends_on") != new.get("depends_on") and _plain_order(before, after):
        changes["depends_on"] = new["depends_on"]
    return changes


def _plain_order(before: Service, after: Service) -> bool:
    return {item.service for item in before.depends_on} == {
        item.service for item in after.depends_on
    }


def _edits(child: Child, file: ComposeFile, changes: dict[str, Any]) -> Iterator[Edit]:
    lines = list(file.lines)
    end = block_end(lines, child.span.line - 1, child.span.column - 1)
    added: tuple[str, ...] = ()
    for key, value in changes.items():
        inner = child.node.child(key) if isinstance(child.node, Branch) else None
        # A key that a merged block brings in stands elsewhere: one of the service's own overrides it.
        if (
            inner is not None
            and inner.span.file == file.path
            and child.span.line < inner.span.line <= end
        ):
            yield replaced_key(inner, lines, key, value)
        else:
            added = (*added, *added_key(child, lines, key, value).lines)
    if added:
        yield Edit(end, end, added)


def _anchor(text: str) -> str:
    """A name for the shared log settings that the file does not use yet."""
    taken = {
        word
        for word in ("logging", "logging-2", "logging-3")
        if f"&{word}" in text or f"x-{word}:" in text
    }
    return unique("logging", taken)


def _shared_logging(file: ComposeFile, anchor: str, value: Any) -> Edit:
    first = (
        min(
            child.span.line
            for root in file.roots
            if isinstance(root, Branch)
            for child in root.children
        )
        - 1
    )
    return Edit(first, first, (*indented({f"x-{anchor}": Anchored(anchor, value)}, 0), ""))


def _without_version(file: ComposeFile) -> Iterator[Edit]:
    root = file.roots[0] if file.roots else None
    version = root.child("version") if isinstance(root, Branch) else None
    if (
        version is None
        or version.node.span.line != version.span.line
        or version.span.column != 1
    ):
        return
    start = version.span.line - 1
    end = start + 1
    if end < len(file.lines) and not file.lines[end].strip():
        end += 1
    yield Edit(start, end, ())


def _same_otherwise(file: ComposeFile, text: str) -> bool:
    """Whether the new text holds all that the old one held: each value is there still, or was put right."""
    before = document_of(file)
    again = read_file(text.encode("utf-8", "surrogateescape"), file.path)
    if again.notes:
        return False
    after = document_of(again)
    services, now = before.get("services") or {}, after.get("services") or {}
    if not isinstance(services, dict) or not isinstance(now, dict):
        return False
    if not all(_same_service(body, now.get(name)) for name, body in services.items()):
        return False
    return all(
        after.get(key) == value
        for key, value in before.items()
        if key not in ("services", "version")
    )


def _same_service(before: Any, after: Any) -> bool:
    if not isinstance(before, dict) or not isinstance(after, dict):
        return bool(before == after)
    return all(
        after.get(key) == value for key, value in before.items() if key != "depends_on"
    )


def _beside(found: Scene) -> tuple[File, ...]:
    """Lines for `.gitignore` where `.env` is, and names that `.env.example` lacks."""
    if found.found is None:
        return ()
    example = (
        item
        for item in env_files(Stack(name=""), document_variables(found.main.document))
        if item.path == ".env.example"
    )
    ignored = (
        gitignore([File(path=".env", content=b"")]) if found.project.exists(".env") else ()
    )
    return (*example, *ignored)
