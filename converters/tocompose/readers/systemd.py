"""Reads a systemd unit: sections, settings, and command lines by systemd's own rules of quoting."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TypeAlias

from tocompose.patterns import regex
from tocompose.readers.atoms import Atom
from tocompose.readers.reading import C_ESCAPES
from tocompose.readers.text import Text, Unreadable, without_returns
from tocompose.source import Branch, Child, Leaf, Node

_SECTION = regex(r"[ \t]*\[(?P<name>[^\]\n]+)\][ \t]*$")
_SETTING = regex(r"[ \t]*(?P<key>[A-Za-z][\w-]*)[ \t]*=[ \t]*(?P<value>.*)$", re.DOTALL)
_COMMANDS = regex(r"Exec\w+$")
_LISTS = frozenset(
    {
        "Environment",
        "After",
        "Requires",
        "Wants",
        "BindsTo",
        "Requisite",
        "PartOf",
        "Before",
        "Upholds",
    }
)
# https://www.freedesktop.org/software/systemd/man/latest/systemd.syntax.html#Quoting
_ESCAPE = regex(
    r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.))", re.DOTALL
)
_CHARS = {**C_ESCAPES, "s": " "}
_VARIABLE = regex(r"\$\$|\$\{([A-Za-z_]\w*)\}|%(.)", re.DOTALL)
_WORD = regex(r"(?:\\\n|[^\s\"'\\]|\\.|\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')+", re.DOTALL)


# Whether a setting of a section is a list of words.
WordSettings: TypeAlias = Callable[[str, str], bool]


def _is_list_of_systemd(section: str, key: str) -> bool:
    return key in _LISTS


def read(
    source: Text, is_list: WordSettings = _is_list_of_systemd, *, lenient: bool = False
) -> Branch:
    """A `unit` of one branch a section; command lines are `command`s of leaves of style `systemd`, other lists `words`.

    Raises Unreadable for a quote that is never closed; where `lenient` the setting is one leaf of style `error` then.
    """
    text = without_returns(source)
    sections: list[Child] = []
    name = ""
    settings: list[Child] = []
    for start, line_end in _logical_lines(text.text):
        line = text.text[start:line_end]
        if section := _SECTION.match(line):
            sections += _section_children(name, settings)
            name, settings = section["name"], []
        elif setting := _SETTING.match(line):
            settings.append(_read_setting(text, start, setting, name, is_list, lenient))
        elif line.strip():
            span = text.span(start, line_end)
            settings.append(Child("?", span, Leaf(line.strip(), span, "error")))
    sections += _section_children(name, settings)
    return Branch("unit", tuple(sections), text.span(0, len(text.text)))


def _section_children(name: str, settings: list[Child]) -> list[Child]:
    if not settings:
        return []
    span = settings[0].span.to(settings[-1].node.span)
    return [Child(name, span, Branch("section", tuple(settings), span))]


def _logical_lines(text: str) -> Iterator[tuple[int, int]]:
    """Lines with those that a backslash joins to them; comment lines between them are passed over by systemd."""
    start = 0
    while start < len(text):
        line_end = _logical_end(text, start)
        head = text[start:line_end].lstrip()
        if not head.startswith(("#", ";")):
            while (
                text[line_end - 1 : line_end] == "\\"
                and line_end < len(text)
                and line_end > start
            ):
                line_end = _logical_end(
                    text, line_end + 1 + _without_comments(text, line_end + 1)
                )
            yield start, line_end
        start = line_end + 1


def _without_comments(text: str, start: int) -> int:
    """How many characters the comment lines at `start` take."""
    match = re.compile(r"(?:[ \t]*[#;][^\n]*\n)*").match(text, start)
    return match.end() - start if match else 0


def _logical_end(text: str, start: int) -> int:
    newline = text.find("\n", start)
    return len(text) if newline == -1 else newline


def _read_setting(
    text: Text,
    start: int,
    setting: re.Match[str],
    section: str,
    is_list: WordSettings,
    lenient: bool,
) -> Child:
    key = setting["key"]
    value_start, value_end = start + setting.start("value"), start + setting.end("value")
    span = text.span(start + setting.start("key"), start + setting.end("key"))
    if not _COMMANDS.match(key) and not is_list(section, key):
        value = re.sub(r"[ \t]*\\\n[ \t]*", " ", text.text[value_start:value_end]).strip()
        return Child(key, span, Leaf(value, text.span(value_start, value_end), "plain"))
    kind = "command" if _COMMANDS.match(key) else "words"
    if kind == "command" and (
        prefix := re.compile(r"[@\-:+!|]+").match(text.text, value_start, value_end)
    ):
        value_start = prefix.end()
    try:
        nodes = list(_read_words(text, value_start, value_end))
    except Unreadable:
        if not lenient:
            raise
        value_span = text.span(value_start, value_end)
        return Child(key, span, Leaf(text.text[value_start:value_end], value_span, "error"))
    children = tuple(Child(index, node.span, node) for index, node in enumerate(nodes))
    return Child(key, span, Branch(kind, children, text.span(value_start, value_end)))


def _read_words(text: Text, start: int, value_end: int) -> Iterator[Node]:
    plain = re.sub(
        r"\\\n(?:[ \t]*[#;][^\n]*\n)*",
        lambda match: " " * len(match[0]),
        text.text[start:value_end],
    )
    index = 0
    while index < len(plain):
        if plain[index].isspace():
            index += 1
            continue
        match = _WORD.match(plain, index)
        if match is None or (match.end() < len(plain) and not plain[match.end()].isspace()):
            at = match.end() if match else index
            raise Unreadable(
                text.span(start + at, start + at + 1),
                "this quote is never closed; add the closing one",
            )
        yield Leaf(match[0], text.span(start + index, start + match.end()), "systemd")
        index = match.end()


def unquoted(raw: str) -> str:
    """The word without its quotes, its escapes undone."""
    plain_texts: list[str] = []
    for match in re.finditer(
        r"\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)'|((?:[^\"'\\]|\\.)+)", raw, re.DOTALL
    ):
        plain_texts.append(
            _ESCAPE.sub(_undo_escape, match[1] or match[2] or match[3] or "")
        )
    return "".join(plain_texts)


def _undo_escape(match: re.Match[str]) -> str:
    byte, short, long, octal, char = match.groups()
    if code := byte or short or long:
        return chr(min(int(code, 16), 0x10FFFF))
    if octal:
        return chr(int(octal, 8) & 0xFF)
    return _CHARS.get(char, char if char in "\\\"' ;" else "\\" + char)


def atoms(raw: str, *, variables: bool = True) -> Iterator[Atom]:
    """The parts of a word of a unit: text, `${NAME}`, `%x`; a word that is `$NAME` alone is split where it is used."""
    return plain_atoms(unquoted(raw), variables=variables)


def plain_atoms(text: str, *, variables: bool = True) -> Iterator[Atom]:
    """The parts of a word whose quotes are gone already."""
    if variables and (alone := re.fullmatch(r"\$([A-Za-z_]\w*)", text)):
        yield Atom("parameter", alone[1], False)
        return
    done = 0
    for match in _VARIABLE.finditer(text):
        if not variables and match[0].startswith("$"):
            continue
        yield Atom("text", text[done : match.start()], True)
        done = match.end()
        if match[0] in ("$$", "%%"):
            yield Atom("text", match[0][0], True)
        else:
            yield Atom("parameter", match[1] or f"%{match[2]}", True)
    yield Atom("text", text[done:], True)
