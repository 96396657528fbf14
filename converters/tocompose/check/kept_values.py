"""Whether an edited compose file still holds what it held: only what may be put right has another value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tocompose.compose.documents import ComposeFile, document_of, read_file

# The value of a key that goes.
REMOVED = object()


def holds_what_it_held(
    file: ComposeFile, text: str, changes: Mapping[str, Mapping[str, Any]]
) -> bool:
    """Whether the new text holds all that the old one held: each value is there still, or was put right."""
    reread = read_file(text.encode("utf-8", "surrogateescape"), file.path)
    if reread.notes:
        return False
    old, new = document_of(file), document_of(reread)
    fragments = [name for name in old if str(name).startswith("x-")]
    return (
        _holds_services(old.get("services") or {}, new.get("services") or {}, changes)
        and all(
            _holds_all(old[name], new.get(name), but=("depends_on",)) for name in fragments
        )
        and _holds_all(old, new, but=("services", "version", *fragments))
    )


def _holds_services(old: Any, new: Any, changes: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether each service holds its values, but for the keys that a change removes."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return False
    for name, body in old.items():
        keys = changes.get(name, {})
        removed_keys = [key for key, value in keys.items() if value is REMOVED]
        if not _holds_all(body, new.get(name), but=("depends_on", *removed_keys)):
            return False
    return True


def _holds_all(old: Any, new: Any, but: Iterable[str]) -> bool:
    """Whether each value of the first stands in the second; `but` names keys that may differ."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return bool(old == new)
    return all(new.get(key) == old[key] for key in old.keys() - set(but))
