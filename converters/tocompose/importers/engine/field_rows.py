"""The rows of every field of an engine's objects: `mappings/engine/`."""

from __future__ import annotations

from functools import cache

from tocompose.importers.field_tables import FieldTables


@cache
def field_tables() -> FieldTables:
    """The rows by type: Container, Network, Volume, Service and what stands below them."""
    return FieldTables.load("engine/container", "engine/resources", "engine/service")
