"""Where a text of JSON or TOML stops being one, as every message of ours says a place: `line:column: what is wrong`."""

from __future__ import annotations

import json

from tocompose.patterns import regex
from tocompose.record import NamedTuple

_TOML_PLACE = regex(r"(?P<problem>.*) \(at line (?P<line>\d+), column (?P<column>\d+)\)")
_TOML_END = " (at end of document)"


class ParseFault(NamedTuple):
    """The place and the words of a parser's error; the first place where it names none."""

    line: int
    column: int
    problem: str


def parse_fault(problem: ValueError, text: str) -> ParseFault:
    """Where a text does not parse, and why."""
    if isinstance(problem, json.JSONDecodeError):
        return ParseFault(problem.lineno, problem.colno, _lowered(problem.msg))
    words = str(problem)
    if match := _TOML_PLACE.fullmatch(words):
        line, column = int(match["line"]), int(match["column"])
        return ParseFault(line, column, _lowered(match["problem"]))
    if words.endswith(_TOML_END):
        last_line = text.count("\n") + 1
        column = len(text) - (text.rfind("\n") + 1) + 1
        return ParseFault(last_line, column, _lowered(words.removesuffix(_TOML_END)))
    return ParseFault(1, 1, _lowered(words))


def described_fault(problem: ValueError, text: str) -> str:
    """The fault as `line:column: what is wrong`."""
    fault = parse_fault(problem, text)
    return f"{fault.line}:{fault.column}: {fault.problem}"


def _lowered(words: str) -> str:
    return words[:1].lower() + words[1:]
