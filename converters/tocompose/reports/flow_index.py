"""Where scripts and Makefiles set variables and hand arguments over: to scripts, functions and macros."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cached_property

from tocompose.patterns import regex
from tocompose.record import NamedTuple
from tocompose.reports.flow_expressions import (
    ANY,
    Stretch,
    expression_end,
    name_pattern,
)

_NAME = r"(?:[A-Za-z_]|\$[({]\w+[)}])(?:\w|\$[({]?\w+[)}]?)*"
_MAKE_NAME = r"(?:[\w.-]|\$[({]?[\w.-]+[)}]?)+"
_WORD = (
    r"(?:\"(?:[^\"\\]|\\.)*\"|'[^']*'|\$\((?:[^()]|\([^()]*\))*\)|\\.|[^\s\"'\\;|&<>()])"
)
_SETS = regex(
    rf"(?<![\w$.{{(/-])(?P<name>{_NAME})(?:\[[^\]\s]{{1,99}}\])?\+?=(?P<value>{_WORD}+)",
    hints=[["="]],
)
_MACRO = regex(
    r"^(?!\t)[ ]*(?:[^\s:=#$][^:=#]*:(?![:=])[ \t]*)?(?:(?:export|override|private)[ \t]+)*"
    rf"(?P<name>{_MAKE_NAME})[ \t]*(?::{{0,3}}|\?|\+|!)=[ \t]*(?P<value>.+)$",
    hints=[["="]],
)
_EVALUATED = regex(
    rf"\$\(eval[ \t]+(?:(?:export|override)[ \t]+)*(?P<name>{_MAKE_NAME})[ \t]*[:?+]{{0,3}}=[ \t]*(?P<value>.*)$",
    hints=[["eval"]],
)
_FOREACH = regex(
    r"\$\(foreach[ \t]+(?P<name>\w+)[ \t]*,(?P<value>[^,]*)", hints=[["foreach"]]
)
_LOOP = regex(r"\bfor[ \t]+(?P<name>\w+)[ \t]+in[ \t]+(?P<value>[^;\n]+)", hints=[["for"]])
_READ = regex(rf"\bread\b(?P<name>[^<|;&\n]*)<<<\s*(?P<value>{_WORD}+)", hints=[["<<<"]])
_PRINTED = regex(
    r"\bprintf[ \t]+-v[ \t]+(?P<name>\w+)[ \t]+(?P<value>[^;|&\n]+)", hints=[["printf"]]
)
_SETTING = (_SETS, _LOOP, _FOREACH, _READ, _PRINTED)
_DEFINED = regex(r"^\s*(?:(?:export|override|private)\s+)*define\s+(?P<name>[\w.-]+)")
_FUNCTION = regex(r"^(?P<indent>\s*)(?:function\s+)?(?P<name>[A-Za-z_][\w-]*)\s*\(\)\s*\{?")
# Behind options of the shell (`set -eo pipefail`) and `--`, which may be left out where no argument looks like one.
_SET = regex(
    r"\bset[ \t]+(?>[-+](?:\w*o[ \t]+\w+|\w*[a-np-zA-Z])[ \t]+)*(?:--[ \t]+|(?![-+]))(?P<arguments>[^;|&<>\n]+)",
    hints=[["set"]],
)
_CALLED = regex(r"\$\(call[ \t]+(?P<name>[\w.-]+)[ \t]*,", hints=[["call"]])
_MOVES = regex(r"\b(?:shift|getopts)\b")
_ARGUMENT = regex(rf"{_WORD}+")
_COMMAND_START = r"(?:^|[;&|({!]|\b(?:then|do|else|if|while|until|exec|eval)[ \t])[ \t@+-]*"
_MAKEFILE = regex(r"(?i)(?:.*[./])?(?:gnu)?makefile[^/]*|.*\.(?:mk|make)")
_POSITIONAL = regex(r"\$\W?[0-9@*]|\bOPTARG\b")


class Passage(NamedTuple):
    """A stretch of one line of a file; `line` counts from 0."""

    path: str
    line: int
    stretch: Stretch


class CallScope(NamedTuple):
    """What has arguments of its own: a script (`name` is empty), a function or a macro in it."""

    path: str
    name: str = ""


class FlowIndex:
    """The passages of some texts that give a variable its value, and those that are the arguments of a call."""

    def __init__(self, texts: Mapping[str, Sequence[str]]) -> None:
        self._texts = texts
        self._scopes: dict[str, list[str]] = {}

    def text_of(self, passage: Passage) -> str:
        """What stands in a passage."""
        return self._texts[passage.path][passage.line][slice(*passage.stretch)]

    def values_of(self, name: str) -> Iterator[Passage]:
        """The passages that may be the value of a variable; a `*` in the name stands for anything."""
        if not name.strip(ANY):
            return
        if ANY not in name:
            yield from self._values.get(name, ())
            candidates = self._computed
        else:
            candidates = list(self._values)
        for candidate in candidates:
            if fnmatchcase(name, candidate) or fnmatchcase(candidate, name):
                yield from self._values[candidate]

    def scope_at(self, passage: Passage) -> CallScope:
        """What a passage stands in."""
        if passage.path not in self._scopes:
            lines = self._texts[passage.path]
            self._scopes[passage.path] = list(_scope_names(lines, passage.path))
        return CallScope(passage.path, self._scopes[passage.path][passage.line])

    def arguments_of(self, scope: CallScope, number: str) -> Iterator[Passage]:
        """The passages that may be the argument with that number, which is no digit for any of them."""
        is_fixed = number.isdigit() and number != "0" and scope.path not in self._moving
        for arguments in self._calls.get(scope.name or scope.path.rpartition("/")[2], ()):
            position = int(number) - 1 if is_fixed else -1
            is_among = 0 <= position < len(arguments)
            yield from arguments[position : position + 1] if is_among else arguments

    @cached_property
    def _moving(self) -> frozenset[str]:
        """The paths of the texts in which arguments change their numbers."""
        return frozenset(
            path for path, lines in self._texts.items() if any(map(_MOVES.search, lines))
        )

    @cached_property
    def _values(self) -> Mapping[str, list[Passage]]:
        values: dict[str, list[Passage]] = {}
        for path, lines in self._texts.items():
            for name, passage in _values_in(lines, path):
                values.setdefault(name, []).append(passage)
        return values

    @cached_property
    def _computed(self) -> list[str]:
        return [name for name in self._values if ANY in name]

    @cached_property
    def _calls(self) -> Mapping[str, list[list[Passage]]]:
        """The arguments of each call by what is called: the name of a script, a function or a macro."""
        calls: dict[str, list[list[Passage]]] = {}
        pattern = self._call_pattern()
        for path, lines in self._texts.items():
            for number, line in enumerate(lines):
                for match in _CALLED.finditer(line):
                    stop = expression_end(line, match.start()) - 1
                    stretches = _macro_arguments(line, match.end(), stop)
                    passages = [Passage(path, number, each) for each in stretches]
                    calls.setdefault(match["name"], []).append(passages)
                for match in _SET.finditer(line):
                    scope = self.scope_at(Passage(path, number, Stretch(0, 0)))
                    callee = scope.name or path.rpartition("/")[2]
                    passages = list(_shell_arguments(path, number, match))
                    calls.setdefault(callee, []).append(passages)
                for match in pattern.finditer(line) if pattern else ():
                    passages = list(_shell_arguments(path, number, match))
                    callee = match["script"] or match["function"]
                    calls.setdefault(callee, []).append(passages)
        return calls

    def _call_pattern(self) -> re.Pattern[str] | None:
        """What finds calls of the scripts and functions that take arguments."""
        taking = [
            path
            for path, lines in self._texts.items()
            if any(_POSITIONAL.search(line) for line in lines)
        ]
        scripts = {path.rpartition("/")[2] for path in taking}
        functions = {
            match["name"]
            for path in taking
            for line in self._texts[path]
            if (match := _FUNCTION.match(line))
        }
        if not taking:
            return None
        return re.compile(
            rf"(?:(?<![\w.-])(?P<script>{_any_of(scripts)})"
            rf"|{_COMMAND_START}(?P<function>{_any_of(functions)}))"
            r"[ \t]+(?P<arguments>[^;|&<>\n]+)"
        )


def _any_of(names: Iterable[str]) -> str:
    return "|".join(map(re.escape, sorted(names, key=len, reverse=True))) or "(?!)"


def _values_in(lines: Sequence[str], path: str) -> Iterator[tuple[str, Passage]]:
    """The values that lines give to variables, each with the name."""
    is_makefile = _MAKEFILE.fullmatch(path) is not None
    defined = ""
    for number, line in enumerate(lines):
        if is_makefile and (match := _DEFINED.match(line)):
            defined = match["name"]
            continue
        if line.strip() == "endef":
            defined = ""
        if defined:
            yield defined, Passage(path, number, Stretch(0, len(line)))
        if match := _MACRO.match(line) if is_makefile else None:
            yield from _named_values(match, path, number, match.end("value"))
        for match in _EVALUATED.finditer(line):
            stop = expression_end(line, match.start()) - 1
            yield from _named_values(match, path, number, stop)
        for pattern in _SETTING:
            for match in pattern.finditer(line):
                yield from _named_values(match, path, number, match.end("value"))


def _named_values(
    match: re.Match[str], path: str, line: int, stop: int
) -> Iterator[tuple[str, Passage]]:
    """The value of a match for each name that takes it."""
    passage = Passage(path, line, Stretch(match.start("value"), stop))
    for name in match["name"].split():
        yield name_pattern(name), passage


def _scope_names(lines: Sequence[str], path: str) -> Iterator[str]:
    """For each line the function or the macro that it stands in; empty for the script itself."""
    is_makefile = _MAKEFILE.fullmatch(path) is not None
    name, closing_line = "", ""
    for line in lines:
        if name:
            yield name
            name = "" if line.rstrip() == closing_line else name
        elif is_makefile:
            defined = _DEFINED.match(line)
            name, closing_line = (defined["name"], "endef") if defined else ("", "")
            macro = _MACRO.match(line)
            yield macro["name"] if macro and not defined else name
        else:
            match = _FUNCTION.match(line)
            yield match["name"] if match else ""
            if match and line.count("{") != line.count("}"):
                name, closing_line = match["name"], match["indent"] + "}"


def _shell_arguments(path: str, line: int, match: re.Match[str]) -> Iterator[Passage]:
    for word in _ARGUMENT.finditer(match.string, *match.span("arguments")):
        yield Passage(path, line, Stretch(*word.span()))


def _macro_arguments(line: str, start: int, stop: int) -> Iterator[Stretch]:
    """The arguments of a call in make, which commas part outside of further expressions."""
    offset = start
    while offset < stop:
        if line[offset] == "$":
            offset = max(expression_end(line, offset), offset + 1)
            continue
        if line[offset] == ",":
            yield Stretch(start, offset)
            start = offset + 1
        offset += 1
    yield Stretch(start, max(start, stop))
