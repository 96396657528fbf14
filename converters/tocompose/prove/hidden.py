"""Values that no report may show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

# Each value with what is shown in its place, the longest first.
Hidden: TypeAlias = tuple[tuple[str, str], ...]

SHORTEST = 5  # a shorter value (true, 80) is hidden only where it is the whole text


def hidden_values(dotenv: bytes, env: Mapping[str, str]) -> Hidden:
    """The values of an `.env` file and of an environment, with the variables that stand for them."""
    lines = [
        line.partition("=")
        for line in dotenv.decode(errors="replace").splitlines()
        if not line.startswith("#")
    ]
    names_by_value = {
        value.strip().strip("'\""): name.strip() for name, equals, value in lines if equals
    }
    names_by_value.update({value: name for name, value in env.items()})
    return tuple(
        (value, f"${{{name}}}")
        for value, name in sorted(names_by_value.items(), key=_longest_first)
        if value
    )


def _longest_first(pair: tuple[str, str]) -> tuple[int, str]:
    return -len(pair[0]), pair[0]


def mask_hidden(text: str, hidden: Hidden) -> str:
    """The text with every hidden value replaced."""
    for value, shown in hidden:
        if text == value or len(value) >= SHORTEST:
            text = text.replace(value, shown)
    return text
