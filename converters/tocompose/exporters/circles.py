"""Services that need each other in a circle: docker compose refuses the whole file.

https://github.com/compose-spec/compose-go/blob/main/graph/cycle.go
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tocompose.compose.shapes import as_map
from tocompose.compose.start_order import ImpliedNeed, needs_of_keys


def closing_needs(services: Mapping[str, Any]) -> Iterator[tuple[str, ImpliedNeed]]:
    """The needs, each with its service, without which there is no circle; `depends_on` is in none by now."""
    needs = {name: tuple(needs_of_keys(as_map(body))) for name, body in services.items()}
    done: set[str] = set()
    for start in needs:
        open_needs = {} if start in done else {start: iter(needs[start])}
        while open_needs:
            name, pending_needs = next(reversed(open_needs.items()))
            need = next(pending_needs, None)
            if need is None:
                done.add(name)
                del open_needs[name]
            elif need.target == name:
                continue
            elif need.target in open_needs:
                yield name, need
            elif need.target in needs and need.target not in done:
                open_needs[need.target] = iter(needs[need.target])
