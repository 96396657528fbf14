"""Keys that services have from a fragment which they share: they are put right there, where all want it alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tocompose.compose.documents import ComposeFile
from tocompose.compose.edits import Edit, block_end, replaced_key
from tocompose.record import NamedTuple
from tocompose.source import Branch, Child


def fragment_edits(
    file: ComposeFile, entries: Mapping[str, Child], changes: dict[str, dict[str, Any]]
) -> Iterator[Edit]:
    """The edits of keys that stand in a fragment which services share and all want alike; `changes` lose them."""
    for shared in _shared_keys(file, entries, changes):
        owners = [name for name in entries if stands_in(shared.entry, entries[name], file)]
        value = changes[shared.users[0]][shared.key]
        shared_changes = (
            changes.get(name, {}).get(shared.key) for name in (*owners, *shared.users)
        )
        if any(other_value != value for other_value in shared_changes):
            continue
        for user in shared.users:
            del changes[user][shared.key]
        if not owners:
            yield replaced_key(shared.entry, list(file.lines), shared.key, value)


class _SharedKey(NamedTuple):
    """A key of a fragment, where it stands, and the services that have it from there and want it changed."""

    key: str
    entry: Child
    users: list[str]


def _shared_keys(
    file: ComposeFile,
    entries: Mapping[str, Child],
    changes: Mapping[str, Mapping[str, Any]],
) -> list[_SharedKey]:
    """The keys of fragments of this file that services want changed."""
    by_line: dict[int, _SharedKey] = {}
    for name, keys in changes.items():
        for key in keys:
            key_entry = key_entry_of(entries[name], key)
            if key_entry is not None and not stands_in(key_entry, entries[name], file):
                shared = _SharedKey(key, key_entry, [])
                by_line.setdefault(key_entry.span.line, shared).users.append(name)
    return [shared for shared in by_line.values() if shared.entry.span.file == file.path]


def key_entry_of(service_entry: Child, key: str) -> Child | None:
    """The entry of a key of a service, in the service itself or in a fragment that it takes in."""
    node = service_entry.node
    return node.child(key) if isinstance(node, Branch) else None


def stands_in(key_entry: Child | None, service_entry: Child, file: ComposeFile) -> bool:
    """Whether the key stands below the service itself, not in a fragment that it takes in."""
    if key_entry is None or key_entry.span.file != file.path:
        return False
    lines = list(file.lines)
    start = service_entry.span.line
    end_line = block_end(lines, start - 1, service_entry.span.column - 1)
    return start < key_entry.span.line <= end_line
