"""How much of a format is known: counted from the tables that drive its importer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from tocompose.tables import load

_CARRIED = frozenset({"target", "service", "read", "fields", "image"})


class Coverage(NamedTuple):
    """How many rows carry a value over, answer it with a note, or leave it out for a reason."""

    carried: int
    noted: int
    ignored_by_reason: int

    def __str__(self) -> str:
        total = self.carried + self.noted + self.ignored_by_reason
        return (
            f"{total} names: {self.carried} carried over, {self.noted} with a note, "
            f"{self.ignored_by_reason} left out on purpose"
        )


def count_coverage(tables: Iterable[str]) -> Coverage:
    """The rows of some tables, nested ones too, by what becomes of a value."""
    fate_counts = Counter(fate for name in tables for fate in _row_fates(load(name)))
    return Coverage(fate_counts["carried"], fate_counts["noted"], fate_counts["ignored"])


def _row_fates(rows: Mapping[str, Any]) -> Iterator[str]:
    for row in rows.values():
        if not isinstance(row, Mapping) or _CARRIED & set(row):
            yield "carried"
        elif "note" in row or "ignore" in row:
            yield "noted" if "note" in row else "ignored"
        else:
            yield from _row_fates(row)
