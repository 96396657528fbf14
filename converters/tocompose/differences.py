"""What writing would change, as a unified diff in which no secret value can be read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import unified_diff

from tocompose.model import Stack
from tocompose.writing import Change

MASK = "***"
# A value behind a name that says what it is; a reference to a variable is not a value.
_NAMED = re.compile(
    r"""(?ix) ( [\w-]* (?: passw(?:or)?d | passphrase | secret | token | api_?key | private_?key | credential | \bdsn )
              [\w-]* ["']? \s* [:=] \s* ) (?! \s* ["']? \$\{ ) ( [^\s#] .* )"""
)
_IN_URL = re.compile(r"(://[^/\s:@]*:)(?!\$\{)[^/\s@]+(?=@)")
_SHORT = 4  # characters: a shorter value stands in too many harmless places


def hidden_values(stack: Stack) -> tuple[str, ...]:
    """The secret values of a stack, longest first."""
    texts = {item.value for item in stack.settings if item.secret and item.value}
    texts |= {item.content.decode("utf-8", "replace") for item in stack.files if item.secret}
    lines = {line for text in texts for line in (text, *text.splitlines()) if len(line) >= _SHORT}
    return tuple(sorted(lines, key=lambda text: (-len(text), text)))


def diff(changes: Iterable[Change], hidden: Iterable[str] = ()) -> str:
    """The unified diff of all changes that are needed; empty when there is none."""
    values = tuple(hidden)
    return "".join(_one(item, values) for item in changes if item.needed)


def _one(item: Change, hidden: tuple[str, ...]) -> str:
    if item.path.startswith("secrets/"):
        return f"# {item.path}: a new secret file; its content is not shown\n"
    before, after = _lines(item.before or b"", item, hidden), _lines(item.after, item, hidden)
    start = "/dev/null" if item.before is None else f"a/{item.path}"
    lines = list(unified_diff(before, after, start, f"b/{item.path}"))
    return "".join(lines) or f"# {item.path}: only values that are not shown differ\n"


def _lines(content: bytes, item: Change, hidden: tuple[str, ...]) -> list[str]:
    text = content.decode("utf-8", "replace")
    for value in hidden:
        text = text.replace(value, MASK).replace(value.replace("$", "$$"), MASK)
    lines = [masked(line) for line in text.splitlines()]
    if item.path == ".env":
        lines = [re.sub(r"^(\s*(?:export\s+)?\w+\s*=).+", rf"\g<1>{MASK}", line) for line in lines]
    return [f"{line}\n" for line in lines]


def masked(line: str) -> str:
    """The line without the values that stand behind a name such as PASSWORD, or in a URL."""
    return _IN_URL.sub(rf"\g<1>{MASK}", _NAMED.sub(rf"\g<1>{MASK}", line))
