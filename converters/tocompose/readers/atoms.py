"""Takes one shell word apart: quoted and unquoted text, parameters, command substitutions; nothing is evaluated."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from tocompose.patterns import regex
from tocompose.readers.reading import C_ESCAPES
from tocompose.readers.words import PLACEHOLDER, Unbalanced, dollar_end, double_quote_end
from tocompose.record import NamedTuple

_NAME = regex(r"[A-Za-z_][A-Za-z0-9_]*|[0-9@*#?$!-]")
_BODY = regex(
    r"(?P<mark>[#!](?=[A-Za-z0-9_@*]))?(?P<name>[A-Za-z_][A-Za-z0-9_]*|[0-9]+|[@*#?$!-])(?:\[(?P<index>[^\]]*)\])?"
    r"(?P<op>:[-=?+]|[-=?+]|##?|%%?|//?|\^\^?|,,?|:|@)?",
)
_DEFAULTING = frozenset({":-", "-", ":=", "=", ":+", "+", ":?", "?"})
_BARE_QUOTE = regex(r'(?<!\\)"')
_NAMES_BY_PREFIX = regex(r"!([A-Za-z_]\w*)([@*])")
# What never closes, and what opens more expansions than can be held at once.
UNREADABLE = (Unbalanced, RecursionError)
_STOP = regex(r"[\\'\"`$<]")
_QUOTED_STOP = regex(r"[\\`$]")
_ESCAPES = {**C_ESCAPES, "e": "\x1b", "E": "\x1b"}
_ANSI = regex(
    r"\\(?:x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{1,4})|U([0-9A-Fa-f]{1,8})|([0-7]{1,3})|c(.)|(.))",
    re.DOTALL,
)


# More words than this no brace expansion makes; a larger one stays as it stands.
MOST_WORDS = 1000
# Longer words, and words with more braces, are data that nobody meant to be several words.
LONGEST_BRACED, MOST_BRACES = 20_000, 50


class Atom(NamedTuple):
    """A part of a word.

    `kind` is `text`, `parameter` (`text` is the name, `item` what stands in brackets, `operator` and `argument` what
    follows), `command` (`text` is the code inside), `arithmetic` or `placeholder` (`text` is the name inside `<…>`).
    `quoted` parts are not split. `offset` is where it starts in the word.
    """

    kind: str
    text: str
    quoted: bool
    offset: int = 0
    item: str = ""
    operator: str = ""
    argument: str = ""


def word_atoms(raw: str, *, quoted: bool = False, assigned: bool = False) -> Iterator[Atom]:
    """The parts of a word, or with `quoted` of what stands between double quotes or in a here-document.

    With `assigned` the word is the value of an assignment.
    """
    atoms = _atoms_between(raw, 0, len(raw), quoted)
    if quoted or "~" not in raw:
        return atoms
    assignment = _ASSIGNED.match(raw)
    if assigned or assignment:
        value_start = 0 if assigned or assignment is None else assignment.end()
        return _with_home(list(atoms), value_start, len(raw))
    return atoms


# What looks like an assignment: there a tilde counts behind the first `=` and every `:` too, wherever the word stands.
# https://www.gnu.org/software/bash/manual/html_node/Tilde-Expansion.html
_ASSIGNED = regex(r"[A-Za-z_]\w*\+?=")
_TILDE = regex(r"~(?=[/:]|\Z)")


def _with_home(atoms: list[Atom], value_start: int, end_offset: int) -> Iterator[Atom]:
    for atom in atoms:
        if atom.kind != "text" or atom.quoted:
            yield atom
            continue
        done, text = 0, atom.text
        for tilde in _TILDE.finditer(text):
            begins = atom.offset + tilde.start() == value_start
            # What is quoted right behind a tilde belongs to the name of a user.
            is_cut = tilde.end() == len(text) and atom.offset + tilde.end() != end_offset
            if is_cut or not (begins or text[: tilde.start()].endswith(":")):
                continue
            yield atom._replace(text=text[done : tilde.start()])
            yield Atom("parameter", "HOME", True, atom.offset + tilde.start())
            done = tilde.end()
        if done < len(text):
            yield atom._replace(text=text[done:], offset=atom.offset + done)


def _atoms_between(raw: str, index: int, end_offset: int, quoted: bool) -> Iterator[Atom]:
    if (
        not quoted
        and raw.startswith("~", index)
        and raw[index + 1 : index + 2] in ("", "/")
    ):
        yield Atom("parameter", "HOME", True, index)
        index += 1
    stop = _QUOTED_STOP if quoted else _STOP
    while index < end_offset:
        special = stop.search(raw, index, end_offset)
        if special is None:
            yield Atom("text", raw[index:end_offset], quoted, index)
            return
        if special.start() > index:
            yield Atom("text", raw[index : special.start()], quoted, index)
        index = special.start()
        following, special_atoms = _special_atoms(raw, index, end_offset, quoted)
        yield from special_atoms
        index = following


def _special_atoms(
    raw: str, index: int, end_offset: int, quoted: bool
) -> tuple[int, list[Atom]]:
    """What starts at `index` with a quote, a backslash, a dollar or a bracket, and where it ends."""
    char = raw[index]
    if char == "\\":
        return index + 2, _escaped_atoms(raw[index + 1 : index + 2], quoted, index)
    if char == "$":
        return _dollar_atoms(raw, index, end_offset, quoted)
    if char == "`":
        close = _closing_backtick(raw, index, end_offset)
        code = re.sub(r"\\([\\`$])", r"\1", raw[index + 1 : close])
        return close + 1, [Atom("command", code, quoted, index + 1)]
    if char in "'\"":
        return _quoted_atoms(raw, index, end_offset)
    if char == "<" and not quoted and raw.startswith("<(", index):
        # `<(command)`: the path of a pipe that there is only while the script runs.
        return _process_substitution(raw, index, end_offset)
    if placeholder := PLACEHOLDER.match(raw, index, end_offset):
        return placeholder.end(), [Atom("placeholder", placeholder[0][1:-1], True, index)]
    return index + 1, [Atom("text", char, quoted, index)]


def _quoted_atoms(raw: str, index: int, end_offset: int) -> tuple[int, list[Atom]]:
    """What stands between the quotes of which the first is at `index`, and where they end."""
    if raw[index] == "'":
        close = raw.find("'", index + 1, end_offset)
        close = end_offset if close == -1 else close
        return close + 1, [Atom("text", raw[index + 1 : close], True, index)]
    close = _double_end(raw, index, end_offset)
    inner_atoms = map(
        _without_inner_quotes, _atoms_between(raw, index + 1, close - 1, True)
    )
    return close, list(inner_atoms) or [Atom("text", "", True, index)]


def _without_inner_quotes(atom: Atom) -> Atom:
    """The atom without the double quotes around its default, which a here-document alone would keep."""
    if atom.kind != "parameter" or '"' not in atom.argument:
        return atom
    is_code = "$(" in atom.argument or "`" in atom.argument
    if is_code or atom.operator not in _DEFAULTING:
        return atom
    return atom._replace(argument=_BARE_QUOTE.sub("", atom.argument))


def _escaped_atoms(char: str, quoted: bool, index: int) -> list[Atom]:
    if char == "\n":
        return []
    if quoted and char not in ("$", "`", '"', "\\"):
        return [Atom("text", "\\" + char, True, index)]
    return [Atom("text", char, True, index)]


def _double_end(raw: str, index: int, end_offset: int) -> int:
    try:
        return double_quote_end(raw, index, end_offset)
    except UNREADABLE:
        return end_offset + 1


def _closing_backtick(raw: str, index: int, end_offset: int) -> int:
    position = index + 1
    while position < end_offset and raw[position] != "`":
        position += 2 if raw[position] == "\\" else 1
    return min(position, end_offset)


def _dollar_atoms(
    raw: str, index: int, end_offset: int, quoted: bool
) -> tuple[int, list[Atom]]:
    following = raw[index + 1 : index + 2]
    if following in ("(", "{") or (following in ("'", '"') and not quoted and following):
        try:
            close = dollar_end(raw, index, end_offset)
        except UNREADABLE:
            return end_offset, [Atom("text", raw[index:end_offset], quoted, index)]
        return close, _dollar_group(raw, index, close, following, quoted)
    if name := _NAME.match(raw, index + 1, end_offset):
        return name.end(), [Atom("parameter", name[0], quoted, index)]
    return index + 1, [Atom("text", "$", quoted, index)]


def _process_substitution(raw: str, index: int, end_offset: int) -> tuple[int, list[Atom]]:
    try:
        close = dollar_end(raw, index, end_offset)
    except UNREADABLE:
        return end_offset, [Atom("text", raw[index:end_offset], False, index)]
    return close, [Atom("process", raw[index + 2 : close - 1], True, index)]


def _dollar_group(
    raw: str, index: int, close: int, opener: str, quoted: bool
) -> list[Atom]:
    content = raw[index + 2 : close - 1]
    if opener == "'":
        return [Atom("text", ansi_c(content), True, index)]
    if opener == '"':
        return list(_atoms_between(raw, index + 2, close - 1, True)) or [
            Atom("text", "", True, index)
        ]
    if opener == "(":
        if content.startswith("(") and content.endswith(")"):
            return [Atom("arithmetic", content[1:-1], quoted, index)]
        return [Atom("command", content, quoted, index + 2)]
    return [_braced_parameter(content, quoted, index)]


def _braced_parameter(content: str, quoted: bool, index: int) -> Atom:
    if names := _NAMES_BY_PREFIX.fullmatch(content):
        return Atom("parameter", names[1], quoted, index, names[2], "prefix")
    match = _BODY.match(content)
    if match is None or (match["op"] is None and match.end() != len(content)):
        return Atom("parameter", content, quoted, index, operator="unknown")
    if match["mark"] and match["op"] not in (None, ":-", "-"):
        return Atom("parameter", content, quoted, index, operator="unknown")
    operator, argument = match["op"] or "", content[match.end() :]
    if match["mark"]:
        operator = {"#": "length", "!": "indirect"}[match["mark"]]
    return Atom(
        "parameter", match["name"], quoted, index, match["index"] or "", operator, argument
    )


def ansi_c(text: str) -> str:
    """The text of a `$'…'` string with its escapes undone."""
    return _ANSI.sub(_ansi_char, text)


def _ansi_char(match: re.Match[str]) -> str:
    byte, short, long, octal, control, char = match.groups()
    if code := byte or short or long:
        return chr(min(int(code, 16), 0x10FFFF))
    if octal:
        return chr(int(octal, 8) & 0xFF)
    if control:
        return chr(ord(control) & 0x1F)
    return str(_ESCAPES.get(char, char if char in "\\'\"?" else "\\" + char))


def expand_braces(raw: str) -> list[str]:
    """The words that `{a,b}` and `{1..3}` make of one word; the word itself when it has none, or far too many."""
    if "{" not in raw or len(raw) > LONGEST_BRACED:
        return [raw]
    pairs = _brace_pairs(raw)
    for opened, closed in pairs if len(pairs) <= MOST_BRACES else ():
        choices = _brace_choices(raw[opened + 1 : closed])
        if choices is not None:
            tails = expand_braces(raw[closed + 1 :])
            middles = [middle for choice in choices for middle in expand_braces(choice)]
            if len(middles) * len(tails) > MOST_WORDS:
                return [raw]
            return [raw[:opened] + middle + tail for middle in middles for tail in tails]
    return [raw]


def _unquoted_offsets(raw: str, characters: str) -> Iterator[int]:
    """Offsets of these characters outside quotes and expansions."""
    index = 0
    while index < len(raw):
        if raw[index] in characters:
            yield index
        index = _next_offset(raw, index)


def _next_offset(raw: str, index: int) -> int:
    """The offset behind the character, quote or expansion at `index`."""
    char = raw[index]
    try:
        if char == "$":
            return dollar_end(raw, index, len(raw))
        if char == '"':
            return double_quote_end(raw, index, len(raw))
    except UNREADABLE:
        return len(raw)
    if char in "'`":
        close = raw.find(char, index + 1)
        return len(raw) if close == -1 else close + 1
    return index + (2 if char == "\\" else 1)


def _brace_pairs(raw: str) -> list[tuple[int, int]]:
    """Where braces open and close, the outer before the inner."""
    pairs, opened = [], list[int]()
    for index in _unquoted_offsets(raw, "{}"):
        if raw[index] == "{":
            opened.append(index)
        elif opened:
            pairs.append((opened.pop(), index))
    return sorted(pairs)


def _brace_choices(content: str) -> list[str] | None:
    commas = [
        offset
        for offset in _unquoted_offsets(content, ",")
        if _brace_depth(content, offset) == 0
    ]
    if commas:
        bounds = [-1, *commas, len(content)]
        return [content[start + 1 : stop] for start, stop in pairwise(bounds)]
    if steps := re.fullmatch(r"(-?\d{1,9})\.\.(-?\d{1,9})(?:\.\.(-?\d{1,9}))?", content):
        return _number_words(*steps.groups())
    if letters := re.fullmatch(r"([A-Za-z])\.\.([A-Za-z])", content):
        return _letter_words(ord(letters[1]), ord(letters[2]))
    return None


def _letter_words(first_code: int, last_code: int) -> list[str]:
    step = 1 if last_code >= first_code else -1
    return [chr(code) for code in range(first_code, last_code + step, step)]


def _brace_depth(content: str, offset: int) -> int:
    return content.count("{", 0, offset) - content.count("}", 0, offset)


def _number_words(first_text: str, last_text: str, step: str | None) -> list[str] | None:
    start, stop = int(first_text), int(last_text)
    stride = abs(int(step or 1)) or 1
    if abs(stop - start) // stride > 10_000:
        return None
    width = (
        max(len(first_text.lstrip("-")), len(last_text.lstrip("-")))
        if re.match(r"-?0\d", first_text)
        else 0
    )
    numbers = (
        range(start, stop + 1, stride) if stop >= start else range(start, stop - 1, -stride)
    )
    return [f"{number:0{width}d}" for number in numbers]
