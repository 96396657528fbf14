"""Compose documents as YAML text: byte-stable, quoted so that docker compose reads exactly the same strings.

Compose's parser is a hybrid of YAML 1.1 and 1.2 (gopkg.in/yaml), so a plain scalar is written only where every parser
agrees that it is a string. A small emitter is 50 times faster than ruamel's round-trip dumper and holds no state.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from tocompose.patterns import regex

Path: TypeAlias = tuple[str, ...]
Comments: TypeAlias = Mapping[Path, tuple[str, ...]]

_PLAIN = regex(
    r"(?:[A-Za-z_/$]|\.{1,2}/|\.{1,2}:/|~/)[A-Za-z0-9_./@%+=,:${}?~-]*"
    r"|\.{1,2}"  # this folder, the one above
    r"|[0-9]+(?:ms|s|m|h|[bkKMgG])"  # durations and sizes
)
_RESERVED = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
# YAML readers look no further than 1,024 characters for the colon of a key, unless it is marked as one.
_LONGEST_KEY = 1000
# Printable in YAML and safe in a block scalar; the rest needs the escapes of double quotes.
_BLOCK_SAFE = regex(r"[^\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]*")


class Flow(list[Any]):
    """A list written on one line: `["CMD", "true"]`."""


class Quoted(str):
    """A string written in single quotes whatever it holds (ports: dclint `require-quotes-in-ports`)."""

    __slots__ = ()


class Anchored(dict[str, Any]):
    """A map that carries an anchor, for blocks that several services share."""

    def __init__(self, anchor: str, content: Mapping[str, Any]) -> None:
        super().__init__(content)
        self.anchor = anchor


class Alias(str):
    """A reference to an anchored map."""

    __slots__ = ()


class Tagged(str):
    """A value with a YAML tag of Compose, as it stands in the file: `!reset null`."""

    __slots__ = ()


class MergeKey(str):
    """The key under which a map takes over the entries of an alias; a text `<<` of a source is quoted instead."""

    __slots__ = ()


MERGE = MergeKey("<<")
RESET = Tagged("!reset null")


def render(
    document: Mapping[str, Any],
    comments: Comments | None = None,
    header: tuple[str, ...] = (),
) -> str:
    """The text of a document: two spaces a level, a blank line between top-level blocks and between services."""
    lines = [comment_line(line) for line in header]
    if header:
        lines.append("")
    for index, (key, value) in enumerate(document.items()):
        if index:
            lines.append("")
        lines.extend(_entry_lines(key, value, (key,), 0, comments or {}))
    return "\n".join(lines) + "\n"


def _map_lines(
    content: Mapping[str, Any], path: Path, indent: int, comments: Comments
) -> Iterator[str]:
    spaced = path == ("services",)
    for index, (key, value) in enumerate(content.items()):
        if spaced and index:
            yield ""
        yield from _entry_lines(key, value, (*path, key), indent, comments)


def _entry_lines(
    key: str, value: Any, path: Path, indent: int, comments: Comments
) -> Iterator[str]:
    pad = " " * indent
    for line in comments.get(path, ()):
        yield pad + comment_line(line)
    name = _key_text(key, pad)
    if isinstance(value, Mapping) and value:
        anchor = f" &{value.anchor}" if isinstance(value, Anchored) else ""
        yield f"{pad}{name}:{anchor}"
        yield from _map_lines(value, path, indent + 2, comments)
    elif isinstance(value, list) and value and not isinstance(value, Flow):
        yield f"{pad}{name}:"
        yield from _list_lines(value, path, indent + 2, comments)
    elif (lines := _block_lines(value)) is not None:
        yield f"{pad}{name}: |{_chomping_mark(value)}"
        yield from (f"{pad}  {line}" if line else "" for line in lines)
    else:
        yield f"{pad}{name}:" if value is None else f"{pad}{name}: {_inline_value(value)}"


def _key_text(key: str, pad: str) -> str:
    text = key if isinstance(key, MergeKey) else scalar(key)
    return text if len(text) <= _LONGEST_KEY else f"? {text}\n{pad}"


def _list_lines(
    values: list[Any], path: Path, indent: int, comments: Comments
) -> Iterator[str]:
    pad = " " * indent
    for number, value in enumerate(values):
        value_path = (*path, str(number))
        for line in comments.get(value_path, ()):
            yield pad + comment_line(line)
        if isinstance(value, Mapping) and value:
            body = list(_map_lines(value, value_path, indent + 2, comments))
            yield f"{pad}- {body[0].lstrip()}"
            yield from body[1:]
        else:
            yield f"{pad}- {_inline_value(value)}"


def _inline_value(value: Any) -> str:
    """The value on one line. The order matters: marks are texts, truth values are numbers."""
    match value:
        case Alias():
            return f"*{value}"
        case Tagged():
            return str(value)
        case Quoted() if value.isprintable():
            return "'" + value.replace("'", "''") + "'"
        case Quoted():
            return _double_quoted(value)
        case str():
            return scalar(value)
        case bool():
            return "true" if value else "false"
        case None:
            return "null"
        case Mapping():
            pairs = (f"{scalar(key)}: {_flow_value(held)}" for key, held in value.items())
            return "{" + ", ".join(pairs) + "}"
        case list():
            return "[" + ", ".join(map(_flow_value, value)) + "]"
        case _:
            return str(value)


def _flow_value(value: Any) -> str:
    is_text = isinstance(value, str) and not isinstance(value, Alias)
    return _double_quoted(value) if is_text else _inline_value(value)


def scalar(text: str) -> str:
    """The text as a block-context scalar: plain where every parser reads a string, else in double quotes."""
    if _PLAIN.fullmatch(text) and not text.endswith(":") and text.lower() not in _RESERVED:
        return text
    return _double_quoted(text)


def _double_quoted(text: str) -> str:
    if ('"' in text or "\\" in text) and "'" not in text and text.isprintable():
        return f"'{text}'"
    # JSON's escapes are YAML's, but Compose refuses surrogate pairs: characters beyond ASCII stand as they are,
    # save those that nobody sees or that change the direction of what follows (https://trojansource.codes).
    quoted = json.dumps(text, ensure_ascii=False)
    return quoted if quoted.isprintable() else "".join(map(_escape_hidden, quoted))


def _escape_hidden(char: str) -> str:
    if char.isprintable() or "\ud800" <= char <= "\udfff":
        return char
    return f"\\u{ord(char):04x}" if char <= "\uffff" else f"\\U{ord(char):08x}"


def _block_lines(value: Any) -> list[str] | None:
    """The lines of a text that reads best as a block scalar (several lines, nothing that needs escapes)."""
    if not isinstance(value, str) or isinstance(value, Quoted | Alias):
        return None
    if "\n" not in value.rstrip("\n") or not _BLOCK_SAFE.fullmatch(value):
        return None
    lines = value.removesuffix("\n").split("\n")
    # The first line shows how deep the block is indented; blanks at ends and tabs are lost on people.
    if not lines[0] or lines[0].startswith(" ") or not lines[-1]:
        return None
    if "\t" in value or any(line.endswith(" ") for line in lines):
        return None
    return lines


def _chomping_mark(value: str) -> str:
    return "" if value.endswith("\n") else "-"


def comment_line(line: str) -> str:
    """The comment, which cannot end early: control characters and line breaks of a source become spaces."""
    if not line.isprintable():
        line = "".join(char if char.isprintable() else " " for char in line)
    return f"# {line}".rstrip()
