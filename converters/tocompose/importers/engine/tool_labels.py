"""Labels that tools put on containers, networks and volumes: `mappings/engine/labels.yaml`."""

from __future__ import annotations

from functools import cache

from tocompose.record import NamedTuple
from tocompose.tables import table


class ToolLabel(NamedTuple):
    """What a tool's label tells (`use`), or why it is not written."""

    use: str = ""
    ignore: str = ""

    @property
    def reason(self) -> str:
        """Why it is not written as a label."""
        return self.ignore or "it tells what tool made the container, and how"


@cache
def _rows() -> dict[str, ToolLabel]:
    rows = table("engine/labels", required=set(), optional={"use", "ignore"})
    return {name: ToolLabel(**row) for name, row in rows.items()}


@cache
def tool_label(label: str) -> ToolLabel | None:
    """The row of a tool's label, the longest that fits; None for a label of the user's own."""
    rows = _rows()
    if label in rows:
        return rows[label]
    prefixes = [
        name
        for name in rows
        if name.endswith("*") and label.startswith(name.removesuffix("*"))
    ]
    return rows[max(prefixes, key=len)] if prefixes else None


def label_names(use: str) -> tuple[str, ...]:
    """The labels that tell something, by its name in the table."""
    return tuple(name for name, row in _rows().items() if row.use == use)
