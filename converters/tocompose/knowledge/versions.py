"""The versions that age, from `mappings/versions.yaml`: what is written where a source states none."""

from __future__ import annotations

from tocompose.tables import table


def default_version(name: str) -> str:
    """The version of a language, a tool or an image."""
    rows = table("versions", required={"version", "looked_up"}, optional=set())
    return str(rows[name]["version"])


def pinned_tool(name: str) -> str:
    """The tool as pip takes it: `poetry==2.1.4`."""
    return f"{name}=={default_version(name)}"
