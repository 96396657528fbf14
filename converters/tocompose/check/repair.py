"""What an audit can put right by itself: only what changes no data and loses nothing that has an effect."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tocompose.check.fragments import fragment_edits, key_entry_of, stands_in
from tocompose.check.kept_values import REMOVED, holds_what_it_held
from tocompose.check.score import audit
from tocompose.check.selection import EVERYTHING, RuleSelection
from tocompose.check.shared_logging import share_logging
from tocompose.compose.documents import ComposeFile
from tocompose.compose.edits import (
    Edit,
    added_key,
    block_end,
    edited,
    in_block_style,
    removed_key,
    replaced_key,
)
from tocompose.compose.write import service_body
from tocompose.exporters.dotenv import env_files, gitignore
from tocompose.model import File, Stack
from tocompose.notes import Note, note
from tocompose.project import Project, normal_path
from tocompose.record import NamedTuple, replace
from tocompose.rules import Rule, View, apply_all, registry, with_services
from tocompose.rules.opened_files import open_view
from tocompose.rules.simulated_up import rehearse
from tocompose.source import Branch, Child
from tocompose.syntax.interpolation import document_variables
from tocompose.syntax.model_path import ModelPath


class Repair(NamedTuple):
    """The files as they would be, without those that stay the same, and what was done and could not be done.

    `fixes` has a note for each change of the compose files, `unfixed` one for each service that stays as it is.
    """

    files: tuple[File, ...]
    fixes: tuple[Note, ...]
    unfixed: tuple[Note, ...] = ()

    @property
    def notes(self) -> tuple[Note, ...]:
        """What was done, then what could not be done."""
        return (*self.fixes, *self.unfixed)


class _RepairedFile(NamedTuple):
    """The new text of a file (None where nothing changes), what to say, and the keys of services that are written."""

    text: str | None
    fixes: tuple[Note, ...] = ()
    unfixed: tuple[Note, ...] = ()
    written_keys: frozenset[tuple[str, str]] = frozenset()


# What a rule says that a key of a service would put right, by being there or, of ports, by going.
_CODES_OF_KEYS = {
    "restart": "TC707",
    "healthcheck": "TC706",
    "logging": "TC709",
    "depends_on": "TC720",
    "ports": "TC546",
}


def repair(
    project: Project,
    paths: tuple[str, ...] = (),
    shown: str = "",
    selection: RuleSelection = EVERYTHING,
) -> Repair | None:
    """What is safe to put right in the named files, or in those of the folder; None where there is no compose file.

    Nothing is written: the files are for `writing.plan` and `writing.write`. `shown` stands in front of their paths.
    What a comment or the selection leaves alone stays, and so does all if the stack would no longer start.
    """
    view = open_view(project, paths, shown)
    findings = audit(project, paths, shown)
    if view is None or findings is None:
        return None
    left_alone = {
        (ignored.note.subject.service_name or "", ignored.note.code)
        for ignored in findings.ignored
    }
    chosen_keys = {key for key, code in _CODES_OF_KEYS.items() if selection.includes(code)}
    troubles = _troubles_of(view)
    for keys in (chosen_keys, chosen_keys - {"depends_on"}):
        plan = _RepairPlan(view, frozenset(keys), frozenset(left_alone))
        result = _repair_files(plan, selection)
        edited_project = _EditedProject(project, result.files, shown)
        edited_view = open_view(edited_project, paths, shown)
        if edited_view is not None and _troubles_of(edited_view) <= troubles:
            beside = (replace(f, path=shown + f.path) for f in _files_beside(view))
            return result._replace(files=(*result.files, *beside))
    return Repair((), ())


class _RepairPlan(NamedTuple):
    """The files, the keys that may be put right, and the findings of services that are left alone."""

    view: View
    keys: frozenset[str]
    left_alone: frozenset[tuple[str, str]]

    def puts_right(self, service_name: str, key: str) -> bool:
        """Whether that key of the service may be changed."""
        is_left = (service_name, _CODES_OF_KEYS[key]) in self.left_alone
        return key in self.keys and not is_left

    def drops_version(self, selection: RuleSelection) -> bool:
        """Whether the obsolete version of the files may go."""
        return selection.includes("TC701") and ("", "TC701") not in self.left_alone


def _troubles_of(view: View) -> frozenset[tuple[str, str]]:
    """What `docker compose up` stumbles over, also with the production file."""
    views = (view, view.together) if view.together else (view,)
    troubles = (note for one_view in views for note in rehearse(one_view).troubles)
    return frozenset((note.code, str(note.subject)) for note in troubles)


class _EditedProject:
    """A project in which some files have another text."""

    def __init__(self, project: Project, files: Iterable[File], shown: str) -> None:
        self._project = project
        self._contents = {file.path.removeprefix(shown): file.content for file in files}
        self.name, self.named, self.skipped = project.name, project.named, project.skipped
        self.earlier_runs = project.earlier_runs
        self.files, self.exists, self.below = project.files, project.exists, project.below

    def read(self, path: str) -> bytes | None:
        """The new content of a file that was edited, and that of any other."""
        return self._contents.get(normal_path(path) or "") or self._project.read(path)


def _repair_files(plan: _RepairPlan, selection: RuleSelection) -> Repair:
    """The compose files with the keys of the plan put right."""
    mended, added = _mend(plan.view)
    files: list[File] = []
    fixes: list[Note] = []
    unfixed: list[Note] = []
    written_keys: set[tuple[str, str]] = set()
    for file in plan.view.files:
        repaired = _repair_file(file, plan, mended, selection)
        fixes += repaired.fixes
        unfixed += repaired.unfixed
        written_keys |= repaired.written_keys
        if repaired.text is not None:
            content = repaired.text.encode("utf-8", "surrogateescape")
            files.append(File(path=file.path, content=content))
    of_keys = [told for told in added if told.subject[1:3] in written_keys]
    return Repair(tuple(files), (*of_keys, *fixes), tuple(unfixed))


def _mend(view: View) -> tuple[Stack, tuple[Note, ...]]:
    """The stack after the rules that edit: each adds what is missing, no published port, volume, network or image is
    touched."""
    stack, context = view.main.stack, view.main.context
    editing = [rule for rule in registry() if rule.edit]
    unordered = [rule for rule in editing if not _edits_order(rule)]
    mended = apply_all(stack, unordered, context)
    # Who waits for health must be sure of it: a service that cannot be written to keeps what it has.
    fixed = {name for file in view.files for name in _fixed_services(file)}
    pairs = zip(stack.services, mended.stack.services, strict=True)
    services = [old if old.name in fixed else new for old, new in pairs]
    waiting = apply_all(
        with_services(mended.stack, services), filter(_edits_order, editing), context
    )
    return waiting.stack, (*mended.notes, *waiting.notes)


def _edits_order(rule: Rule) -> bool:
    return "depends_on" in rule.edit


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


def _repair_file(
    file: ComposeFile, plan: _RepairPlan, mended: Stack, selection: RuleSelection
) -> _RepairedFile:
    """The file with the services that first stand in it put right."""
    entries = _entries_begun_in(file, plan.view)
    fixed = set(_fixed_services(file))
    unfixed = tuple(_notes_on_fixed(entries, fixed))
    changes = {
        name: keys
        for name, child in entries.items()
        if name not in fixed and (keys := _changed_keys(plan, mended, name, child, file))
    }
    written_keys = frozenset((name, key) for name, keys in changes.items() for key in keys)
    text = "\n".join(file.lines)
    edits = [*share_logging(file, text, changes), *fragment_edits(file, entries, changes)]
    for name, keys in changes.items():
        edits += _edit_service(entries[name], file, keys)
    version = _version_entry(file) if plan.drops_version(selection) else None
    if version is not None:
        edits.append(_deleted_line(version, file))
    if not edits:
        return _RepairedFile(None, (), unfixed)
    result = edited(text, edits)
    if not holds_what_it_held(file, result, changes):
        return _RepairedFile(None)
    fixes = () if version is None else (_note_on_version(version, file),)
    return _RepairedFile(result, fixes, unfixed, written_keys)


def _notes_on_fixed(entries: Mapping[str, Child], fixed: set[str]) -> Iterator[Note]:
    for name, child in entries.items():
        if name in fixed:
            yield note("TC778", child.span, subject=ModelPath.service(name), service=name)


def _entries_begun_in(file: ComposeFile, view: View) -> dict[str, Child]:
    """The services that first stand in the file."""
    return {
        str(child.key): child
        for child in _service_entries(file)
        if _first_file(view, str(child.key)) == file.path
    }


def _first_file(view: View, name: str) -> str:
    """The file that a service first stands in."""
    for file in view.files:
        if any(str(child.key) == name for child in _service_entries(file)):
            return file.path
    return ""


def _changed_keys(
    plan: _RepairPlan, mended: Stack, name: str, service_entry: Child, file: ComposeFile
) -> dict[str, Any]:
    """The keys of the service that the rules add, its dependencies where nothing states their conditions, and the ports
    that have no effect."""
    service, better = plan.view.main.stack.service(name), mended.service(name)
    if service is None or better is None:
        return {}
    old, new = service_body(service), service_body(better)
    changes: dict[str, Any] = {
        key: new[key]
        for key in ("restart", "healthcheck", "logging")
        if plan.puts_right(name, key) and key not in old and key in new
    }
    is_stated_here = all(_is_stated_in(key, service_entry, file) for key in _PORT_KEYS)
    loses_ports = is_stated_here and "ports" not in new
    if loses_ports and plan.puts_right(name, "ports"):
        changes["ports"] = REMOVED
    if plan.puts_right(name, "depends_on"):
        better_order = _order_with_conditions(service_entry, old, new)
        if better_order is not None:
            changes["depends_on"] = better_order
    return changes


# Ports go only where the mode that discards them stands beside them.
_PORT_KEYS = ("ports", "network_mode")


def _is_stated_in(key: str, service_entry: Child, file: ComposeFile) -> bool:
    """Whether the service itself states the key, in this file."""
    return stands_in(key_entry_of(service_entry, key), service_entry, file)


def _order_with_conditions(
    service_entry: Child, old: Mapping[str, Any], new: Mapping[str, Any]
) -> Any:
    """What is waited for in the place of a bare list; None where it is none, or stays as it is."""
    stated = key_entry_of(service_entry, "depends_on")
    if stated is None or getattr(stated.node, "kind", "") != "list":
        return None
    order, better_order = old.get("depends_on") or {}, new.get("depends_on") or {}
    # Compose reads a variable in a list, and as a key of a map it leaves it as it is.
    if order == better_order or any("$" in target for target in order):
        return None
    return better_order if set(order) == set(better_order) else None


def _edit_service(
    child: Child, file: ComposeFile, changes: Mapping[str, Any]
) -> Iterator[Edit]:
    lines = list(file.lines)
    end_line = block_end(lines, child.span.line - 1, child.span.column - 1)
    added: tuple[str, ...] = ()
    for key, value in changes.items():
        key_entry = child.node.child(key) if isinstance(child.node, Branch) else None
        # A key that a merged block brings in stands elsewhere: one of the service's own overrides it.
        if key_entry is not None and value is REMOVED:
            yield removed_key(key_entry, lines)
        elif key_entry is not None and stands_in(key_entry, child, file):
            yield replaced_key(key_entry, lines, key, value)
        else:
            added = (*added, *added_key(child, lines, key, value).lines)
    if added:
        yield Edit(end_line, end_line, added)


def _version_entry(file: ComposeFile) -> Child | None:
    """The obsolete version of a file, where it is one whole line."""
    root = file.roots[0] if file.roots else None
    version = root.child("version") if isinstance(root, Branch) else None
    if version is None or version.span.column != 1:
        return None
    return version if version.node.span.line == version.span.line else None


def _deleted_line(entry: Child, file: ComposeFile) -> Edit:
    """The edit that deletes the line of an entry, and an empty one below it."""
    start = entry.span.line - 1
    end_line = start + 1
    if end_line < len(file.lines) and not file.lines[end_line].strip():
        end_line += 1
    return Edit(start, end_line, ())


def _note_on_version(version: Child, file: ComposeFile) -> Note:
    subject = ModelPath.of("files", file.path)
    return note("TC544", version.span, subject=subject, file=file.path)


def _files_beside(view: View) -> tuple[File, ...]:
    """Lines for `.gitignore` where `.env` is, and names that `.env.example` lacks."""
    if view.names is None:
        return ()
    written_files = env_files(Stack(name=""), document_variables(view.main.document))
    example = [file for file in written_files if file.path == ".env.example"]
    secret_files = [File(path=".env", content=b"")] if view.project.exists(".env") else []
    return (*example, *(gitignore(secret_files) if secret_files else ()))
