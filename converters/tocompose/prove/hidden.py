"""Values that no report may show."""

from __future__ import annotations

from typing import TypeAlias

# Each value with the name that stands for it, the longest first.
Hidden: TypeAlias = tuple[tuple[str, str], ...]

SHORTEST = 5  # a shorter value (true, 80) is hidden only where it is the whole text


def hidden_values(dotenv: bytes) -> Hidden:
    """The values of an `.env` file with their names."""
    lines = [line.partition("=") for line in dotenv.decode(errors="replace").splitlines() if not line.startswith("#")]
    found = [(value.strip().strip("'\""), name.strip()) for name, equals, value in lines if equals]
    return tuple(sorted((pair for pair in found if pair[0]), key=lambda pair: -len(pair[0])))


def masked(text: str, hidden: Hidden) -> str:
    """The text with every hidden value replaced by `${NAME}`."""
    for value, name in hidden:
        if text == value or len(value) >= SHORTEST:
            text = text.replace(value, f"${{{name}}}")
    return text
