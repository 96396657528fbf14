"""What a variable without a description is for."""

from __future__ import annotations

from collections.abc import Sequence

from tocompose.tables import load
from tocompose.wording import enumerated


def variable_meaning(name: str, users: Sequence[str], resources: Sequence[str] = ()) -> str:
    """What a well-known variable means to the services that use it; of another one, who or which resources do."""
    if not users and resources:
        return f"Used by the {enumerated(resources)}"
    if not users:
        return "Read by docker compose"
    meaning: str = load("variable_meanings").get(name, "Used by {users}")
    return meaning.format(users=enumerated(users))
