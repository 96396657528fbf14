"""The forms that values of a compose file have: what a value of another form is, and how it would be written."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from tocompose.patterns import regex
from tocompose.syntax.units import parse_byte_size, parse_duration
from tocompose.wording import did_you_mean

_PROBLEMS = {
    "size": "sizes are written 512m or 1g, without the i of Kubernetes",
    "duration": "durations have a unit, such as 30s",
    "text": "it must be text: put it in quotes",
    "restart": "it must be no, always, unless-stopped or on-failure",
    "decimal": "it is a decimal number, such as 0.5",
}
# The last of them may say how often.
_RESTART_WORDS = ("no", "always", "unless-stopped", "on-failure")
_RESTART = regex(rf"{'|'.join(_RESTART_WORDS)}(?::\d+)?|.*\$.*")
_DECIMAL = regex(r"\d*\.?\d+")


def _is_size(value: Any) -> bool:
    text = str(value)
    return isinstance(value, int) or "$" in text or parse_byte_size(text) is not None


def _is_duration(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    return "$" in value or parse_duration(value) is not None


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_restart(value: Any) -> bool:
    return _matches(_RESTART, value)


def _is_decimal(value: Any) -> bool:
    return "$" in str(value) or _matches(_DECIMAL, value)


def _matches(pattern: re.Pattern[str], value: Any) -> bool:
    return pattern.fullmatch(str(value)) is not None


_FORMS: Mapping[str, Callable[[Any], bool]] = {
    "size": _is_size,
    "duration": _is_duration,
    "text": _is_text,
    "restart": _is_restart,
    "decimal": _is_decimal,
}


def has_form(value: Any, form: str) -> bool:
    """Whether the value is of that form: `size`, `duration`, `text`, `restart` or `decimal`."""
    return _FORMS[form](value)


def problem_of(form: str) -> str:
    """What is wrong with a value that is not of that form."""
    return _PROBLEMS[form]


def how_to_write(value: Any, form: str) -> str:
    """What to write in the place of a value that is not of that form, as near to it as can be told."""
    text = str(value)
    if form == "restart":
        return f"Correct it: {did_you_mean(text, _RESTART_WORDS, _TO_RESTART)}"
    if form == "size" and text.removesuffix("i") != text:
        return f"Write {text.removesuffix('i').lower()}."
    if form == "duration" and text.isdecimal():
        return f"Write {text}s, if seconds are meant."
    return _HOW[form]


_TO_RESTART = "with unless-stopped the engine restarts the service always."
_HOW = {
    "size": "Write the number with its unit.",
    "duration": "Write each number with its unit: ms, s, m or h.",
    "text": "Put the value in quotes.",
    "decimal": "Write the number without a unit.",
}
