"""Writes what PowerShell has of its own as a POSIX shell says it: blocks, lists, splatting, the call operator.

What is neither stays as it stands. Places are kept, since each stretch is replaced where it stands.
https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_language_keywords
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from tocompose.patterns import regex
from tocompose.readers.text import Edit, Text

_QUOTED = r"\"(?:[^\"`]|`.)*\"|'[^']*'"
_ITEM = rf"(?:{_QUOTED}|[\w./:=@-]+)"
_WITHIN_ITEM = regex(r"[\w./:=-]")
_LIST = rf"{_ITEM}(?:\s*,\s*{_ITEM})+"
_VALUES = rf"(?P<values>@\([^()]*\)|{_LIST}|-?\w+\.\.\$?\w+|\$\w+)"
_FOREACH = regex(rf"foreach\s*\(\s*\$(?P<name>\w+)\s+in\s+{_VALUES}\s*\)\s*\{{", re.I)
_PIPED = regex(rf"{_VALUES}\s*\|\s*(?:ForEach-Object|foreach|%)\s*\{{", re.I)
_COUNT = regex(
    r"for\s*\(\s*\$(?P<name>\w+)\s*=\s*(?P<first>-?\d+)\s*;\s*\$(?P=name)\s*-(?P<sign>lt|le|gt|ge|ne)\s*"
    r"(?P<last>\$?\w+)\s*;\s*\$(?P=name)\s*(?P<step>\+\+|--|[+-]=\s*\d+)\s*\)\s*\{",
    re.I,
)
_IF = regex(r"(?P<word>if|while)\s*\((?P<condition>(?:[^()]|\([^()]*\))*)\)\s*\{", re.I)
_ELSE_IF = regex(r"\}\s*elseif\s*\((?P<condition>(?:[^()]|\([^()]*\))*)\)\s*\{", re.I)
_ELSE = regex(r"\}\s*else\s*\{", re.I)
_FUNCTION = regex(r"function\s+(?P<name>[\w-]+)\s*(?:\([^()]*\)\s*)?\{", re.I)
_ARRAY = regex(
    rf"\$(?P<name>\w+)\s*(?P<sign>\+?=)\s*(?P<values>@\([^()]*\)|{_LIST}|\d+\.\.\d+)"
)
_CALL = regex(r"&\s*(?P<quote>[\"']?)(?=(?:docker|podman|nerdctl)\b)", re.I)
_EXPANDED = regex(r"(?<=[ \t])(?P<sign>[@$])(?P<name>[A-Za-z_]\w*)(?=\s|;|\}|\Z)")
_SUBEXPRESSION = regex(r"\$\(\$(?P<name>\w+)\)")
_SKIPPED = regex(rf"{_QUOTED}|#[^\n]*")
_SIGNS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "ne": "!="}
_PIPED_NAME = "PIPED"


def as_posix(source: Text) -> Text:
    """The text with the blocks, lists and calls of a POSIX shell; any other text as it is."""
    source = source.edited(_Blocks(source.text).edits())
    return source.edited(
        (match.start(), match.end(), f"${{{match['name']}}}")
        for match in _SUBEXPRESSION.finditer(source.text)
    )


class _Blocks:
    """Goes through a script statement by statement, and remembers which block it is in."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._closers: list[str | None] = []
        self._arrays: set[str] = set()
        self._is_piped = False

    def edits(self) -> Iterator[Edit]:
        """What is replaced, in the order of the text."""
        position, is_start, follows_comma = 0, True, False
        while position < len(self._text):
            edit = self._statement_edit(position) if is_start else None
            edit = edit or self._edit_at(position)
            if edit is not None:
                yield edit
                position, is_start = edit[1], edit[2].endswith((" ", "\n"))
                continue
            char = self._text[position]
            skipped = _SKIPPED.match(self._text, position)
            if skipped is not None:
                position, is_start, follows_comma = skipped.end(), False, False
                continue
            is_start = self._begins_after(position, follows_comma) or (
                is_start and char in " \t"
            )
            if not char.isspace():
                follows_comma = char == ","
            if char == "{":
                self._closers.append(None)
            position += 1

    def _begins_after(self, position: int, follows_comma: bool) -> bool:
        """Whether a statement or a value may begin behind the sign that stands here.

        Nothing begins within a list: its items would be read anew from each of them.
        """
        char = self._text[position]
        if char == "\n":
            return not follows_comma
        if char == "=":
            return _WITHIN_ITEM.match(self._text, position + 1) is None
        return char in ";{}|"

    def _statement_edit(self, position: int) -> Edit | None:
        """The edit of what begins a statement here."""
        for pattern, opening in _OPENINGS:
            if match := pattern.match(self._text, position):
                text, closer = opening(match)
                self._closers.append(closer)
                self._is_piped |= pattern is _PIPED
                return match.start(), match.end(), text
        if array := _ARRAY.match(self._text, position):
            self._arrays.add(array["name"])
            values = " ".join(_items_of(array["values"]))
            text = f"{array['name']}{array['sign']}({values})"
            return array.start(), array.end(), text
        if call := _CALL.match(self._text, position):
            return call.start(), call.end(), call["quote"]
        return None

    def _edit_at(self, position: int) -> Edit | None:
        """The edit of what may stand anywhere in a statement."""
        char = self._text[position]
        if char == "}" and self._closers:
            return self._close_block(position)
        match = _EXPANDED.match(self._text, position)
        if match and (match["sign"] == "@" or match["name"] in self._arrays):
            return match.start(), match.end(), f'"${{{match["name"]}[@]}}"'
        if self._is_piped and self._text.startswith("$_", position):
            return position, position + 2, f"${{{_PIPED_NAME}}}"
        return None

    def _close_block(self, position: int) -> Edit | None:
        closer = self._closers.pop()
        if closer is None:
            return None
        if closer == "fi":
            if match := _ELSE_IF.match(self._text, position):
                self._closers.append("fi")
                text = f"\nelif {_condition(match['condition'])}; then "
                return match.start(), match.end(), text
            if match := _ELSE.match(self._text, position):
                self._closers.append("fi")
                return match.start(), match.end(), "\nelse "
        return position, position + 1, f"\n{closer}"


def _items_of(values: str) -> list[str]:
    """The words of a list, a range or a variable that holds one."""
    bare = values.removeprefix("@(").removesuffix(")") if values[:1] == "@" else values
    if ".." in bare and re.fullmatch(r"-?\w+\.\.\$?\w+", bare):
        first, _, last = bare.partition("..")
        return [f"$(seq {first} {last})" if "$" in last else f"{{{first}..{last}}}"]
    if re.fullmatch(r"\$\w+", bare):
        return [f'"${{{bare[1:]}[@]}}"']
    return [match[0] for match in re.finditer(rf"{_QUOTED}|[^\s,]+", bare)]


def _open_each(match: re.Match[str]) -> tuple[str, str]:
    item_words = " ".join(_items_of(match["values"]))
    return f"for {match.groupdict().get('name', _PIPED_NAME)} in {item_words}; do ", "done"


def _open_count(match: re.Match[str]) -> tuple[str, str]:
    name, sign = match["name"], _SIGNS[match["sign"].lower()]
    header = f"{name} = {match['first']}; {name} {sign} {match['last']}"
    return f"for (({header}; {name}{match['step']})); do ", "done"


def _open_condition(match: re.Match[str]) -> tuple[str, str]:
    condition = _condition(match["condition"])
    if match["word"].lower() == "if":
        return f"if {condition}; then ", "fi"
    return f"while {condition}; do ", "done"


def _open_function(match: re.Match[str]) -> tuple[str, str]:
    return f"{match['name']}() {{ ", "}"


_OPENINGS: tuple[
    tuple[re.Pattern[str], Callable[[re.Match[str]], tuple[str, str]]], ...
] = (
    (_FOREACH, _open_each),
    (_COUNT, _open_count),
    (_IF, _open_condition),
    (_FUNCTION, _open_function),
    (_PIPED, _open_each),
)
_VARIABLE = r"\$(?:env:)?(\w+)"
_IS_SET = regex(_VARIABLE, re.I)
_IS_EMPTY = regex(rf"(?:-not|!)\s*\(?\s*{_VARIABLE}\s*\)?", re.I)
_COMPARED = regex(
    rf"{_VARIABLE}\s+-(eq|ne|lt|le|gt|ge)\s+(\"[^\"]*\"|'[^']*'|\$?\w+)", re.I
)


def _condition(text: str) -> str:
    """The test of a shell for a condition; a command that is not known for any other."""
    text = text.strip()
    if match := _IS_SET.fullmatch(text):
        return f'[ -n "${{{match[1]}}}" ]'
    if match := _IS_EMPTY.fullmatch(text):
        return f'[ -z "${{{match[1]}}}" ]'
    if match := _COMPARED.fullmatch(text):
        name, sign, operand = match.groups()
        if sign.lower() in ("eq", "ne") and not operand.isdigit():
            sign = "=" if sign.lower() == "eq" else "!="
            return f'[ "${{{name}}}" {sign} {operand} ]'
        return f'[ "${{{name}}}" -{sign.lower()} {operand} ]'
    quoted = text.replace("'", '"').replace("\n", " ")
    return f"pwsh -c '{quoted}'"
