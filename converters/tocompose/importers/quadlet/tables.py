"""The rows of every key of Quadlet's groups and of systemd's sections: `mappings/quadlet/`."""

from __future__ import annotations

from functools import cache

from tocompose.importers.field_tables import FieldTables

# The shapes of which each line is a list of words.
_LISTS = frozenset(
    {
        "words",
        "capabilities",
        "devices",
        "env-files",
        "exec",
        "mounts",
        "arguments",
        "secrets",
        "unmask",
        "units",
        "installed",
        "surroundings",
        "network-options",
        "manifests",
    }
)


@cache
def field_tables() -> FieldTables:
    """The rows by group: Container, Pod, Network … and systemd's Unit, Service, Install."""
    return FieldTables.load("quadlet/units", "quadlet/systemd")


def is_list_of_words(section: str, key: str) -> bool:
    """Whether a key of a group takes words, several a line."""
    rows = field_tables().get(section.removeprefix("X-"))
    row = rows.get(key) if rows else None
    return row is not None and row.shape in _LISTS
