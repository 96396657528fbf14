"""`.env` files in the dialect of foreman, whose users wrote them.

The two regular expressions are foreman's own (lib/foreman/env.rb); what they drop is kept apart, so that it can be
reported: other readers of `.env` files (Compose, dotenv, node-foreman) take some of those lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tocompose.patterns import regex
from tocompose.readers.reading import C_ESCAPES, Oddity, Reading, decode
from tocompose.source import Branch, Child, Leaf, Span
from tocompose.syntax.env_lines import (
    entries_by_name,
    entry_text,
    env_entries,
    filled_names,
)
from tocompose.syntax.interpolation import literal, substitute

_FOREMAN = regex(r"([A-Za-z_0-9]+)=(.*)")
_EXPORT = regex(r"(?:export[ \t]+)([A-Za-z_][A-Za-z_0-9]*)=(.*)")
_SPACED = regex(r"[ \t]*([A-Za-z_][A-Za-z_0-9]*)[ \t]*=[ \t]*(.*)")
_COLON = regex(r"([A-Za-z_][A-Za-z_0-9]*):[ \t]+(.*)")
_INTERPOLATED = regex(r"\$(?:\$|\{|[A-Za-z_])")
_QUOTED = regex(r"""(?s)(["']).*\1\s*""")
_BARE = regex(r"[A-Za-z_][A-Za-z_0-9]*")

# compose-go, dotenv/parser.go, expandEscapes: other signs keep their backslash, and so does `\\c`.
_ESCAPE = regex(r'\\(?:(?P<sign>[abcfnrtv$"\\])|0(?P<digits>\d{0,3}))')
_ESCAPED = {**C_ESCAPES, **{sign: sign for sign in '$"\\'}}
# A comment of signs alone, which frames the heading of a section, and a heading in a frame of its own.
_RULER = regex(r"#[\W_]{2,}")
_HEADING = regex(r"\s(?:#+|[=*~+-]{2,})$")
_OCTAL = regex(r"[0-3][0-7]{2}")


def read_dotenv(content: bytes, file: str = ".env") -> Reading:
    """A `dotenv` branch: name to value, styles `foreman`, `export`, `spaced`, `colon`; other lines are `unparsed`.

    Oddities: bom, export, spaced, colon, bare, unparsed, duplicate, and multiline and dialect for what Compose reads
    otherwise. None carries a value.
    """
    text = decode(content)
    lines = text.replace("\r\n", "\n").split("\n")
    whole = Span(file, 1, 1, len(lines), len(lines[-1]) + 1)
    children: list[Child] = []
    oddities = (
        [Oddity("bom", whole, {"file": file})]
        if content.startswith(b"\xef\xbb\xbf")
        else []
    )
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.lstrip().startswith("#"):
            child, oddity = _read_line(line, file, number)
            children.append(child)
            oddities += oddity
    oddities += _duplicate_oddities(children)
    return Reading(Branch("dotenv", tuple(children), whole), tuple(oddities))


def compose_values(content: bytes) -> dict[str, str]:
    """The values that docker compose reads: a comment ends a bare value, variables of earlier lines are filled in."""
    values: dict[str, str] = {}
    for match in env_entries(decode(content).replace("\r\n", "\n")):
        value = entry_text(match)
        if match["single"] is not None:
            value = value.replace("\\'", "'")
        elif match["double"] is not None:
            value = substitute(_ESCAPE.sub(_unescaped, value), values)
        else:
            value = substitute(value, values)
        values[match["name"]] = value
    return values


def _unescaped(escape: re.Match[str]) -> str:
    """What a backslash in double quotes stands for, in a template of Compose."""
    digits = escape["digits"]
    if digits is None:
        return literal(_ESCAPED.get(escape["sign"], escape[0]))
    return chr(int(digits, 8)) if _OCTAL.fullmatch(digits) else f"\\{digits}"


def comments(content: bytes) -> dict[str, str]:
    """For each name, what the comment lines right above it say, without headings; for `.env.example` files."""
    comments_by_name: dict[str, str] = {}
    comment_lines: list[str] = []
    for line in decode(content).splitlines():
        text = line.strip()
        if text.startswith("#"):
            remark = text.lstrip("#").strip()
            # An entry that is commented out explains nothing and can hold a secret; what stands above it is about it.
            if _RULER.fullmatch(text) or filled_names(remark):
                comment_lines = []
            elif not _HEADING.search(remark):
                comment_lines.append(remark)
            continue
        for name in entries_by_name(text) if comment_lines else ():
            explanation = " ".join(filter(None, comment_lines))
            comments_by_name.setdefault(name, explanation)
        comment_lines = []
    return comments_by_name


def _read_line(line: str, file: str, number: int) -> tuple[Child, list[Oddity]]:
    whole = Span(file, number, 1, number, len(line.rstrip()) + 1)
    for style, pattern in (
        ("foreman", _FOREMAN),
        ("export", _EXPORT),
        ("spaced", _SPACED),
        ("colon", _COLON),
    ):
        match = pattern.fullmatch(line)
        if match is None:
            continue
        span = Span(file, number, match.start(2) + 1, number, len(line) + 1)
        key = Span(file, number, match.start(1) + 1, number, match.end(1) + 1)
        child = Child(match[1], key, Leaf(unquote(match[2]), span, style))
        return child, [
            *_style_oddity(style, whole, match[1]),
            *_read_otherwise(match[2], whole, match[1]),
        ]
    kind = "bare" if _BARE.fullmatch(line.strip()) else "unparsed"
    name = line.strip() if kind == "bare" else ""
    return Child(f"line {number}", whole, Leaf(line, whole, "unparsed")), [
        Oddity(kind, whole, {"name": name})
    ]


def _style_oddity(style: str, span: Span, name: str) -> Iterator[Oddity]:
    if style != "foreman":
        yield Oddity(style, span, {"name": name})


def _read_otherwise(value: str, span: Span, name: str) -> Iterator[Oddity]:
    """Says why Compose would make another value of the line; measured with docker compose 2.40."""
    quote = value[:1] if value[:1] in ("'", '"') else ""
    if quote and not _QUOTED.fullmatch(value):
        what = "its quotes do not close on its line"
        yield Oddity("multiline", span, {"name": name, "what": what})
    elif what := _dialect_of(value, quote):
        yield Oddity("dialect", span, {"name": name, "what": what})


def _dialect_of(value: str, quote: str) -> str:
    """What Compose does with the value, between such quotes, that others do not; empty where it does the same."""
    if _INTERPOLATED.search(value) and quote != "'":
        return "Compose replaces the variable that it sees in it"
    if not quote and (" #" in value or value != value.strip()):
        return "Compose drops a comment and blanks at its end"
    if quote == '"' and re.search(r"\\[^n\"\\]", value):
        return "Compose knows more escapes in double quotes"
    return ""


def unquote(value: str) -> str:
    r"""The value as foreman reads it: quotes off; inside double quotes `\n` is a newline and `\x` is x."""
    if len(value) >= 2 and value[0] == value[-1] == "'":
        return value[1:-1]
    if len(value) >= 2 and value[0] == value[-1] == '"':
        return re.sub(r"\\(.)", r"\1", value[1:-1].replace("\\n", "\n"))
    return value


def _duplicate_oddities(children: list[Child]) -> Iterator[Oddity]:
    last_child = {child.key: child for child in children}
    for child in children:
        if last_child[child.key] is not child:
            yield Oddity(
                "duplicate",
                child.span,
                {"name": str(child.key), "line": str(last_child[child.key].span.line)},
            )
