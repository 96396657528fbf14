"""Patterns of the shell in the form that fnmatch reads: `[^a-z]`, `[[:alnum:]]`."""

from __future__ import annotations

import re

_CLASSES = {
    "alnum": "a-zA-Z0-9",
    "alpha": "a-zA-Z",
    "blank": " \t",
    "digit": "0-9",
    "lower": "a-z",
    "space": " \t\n\r\f\v",
    "upper": "A-Z",
    "xdigit": "0-9a-fA-F",
}


def for_fnmatch(glob: str) -> str:
    """The pattern with `!` for `^` at the head of a set, and with the characters of each class."""
    negated = re.sub(r"\[\^", "[!", glob)
    return re.sub(
        r"\[:([a-z]+):\]", lambda match: _CLASSES.get(match[1], match[0]), negated
    )
