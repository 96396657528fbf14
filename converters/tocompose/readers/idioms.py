"""What people put into shell text that no shell would read as they mean it: prompts, output, comments in mid-command.

Everything is blanked in place, so that columns stay true.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable

from tocompose.patterns import regex
from tocompose.readers.prompts import without_prompts
from tocompose.readers.text import Text
from tocompose.readers.typography import WEB_BLANKS
from tocompose.readers.words import Unbalanced, tokens
from tocompose.record import NamedTuple

# `-e A=1 \` + "`#comment`": an empty command substitution, the trick of image documentation.
_BACKTICK_COMMENT = regex(r"(?<!\S)`[ \t]*#[^`\n]*`(?!\S)")
_QUOTES = regex(r"\\.|'[^']*('|\Z)|\"(?:[^\"\\]|\\.)*(\"|\Z)", re.DOTALL)
# A backslash that was meant to be the last character of its line.
_TAILED_BACKSLASH = regex(r"(?<!\\)\\([ \t]+(?:#[^\n]*)?)(?=\n)")
_JOINED_COMMENT = regex(r"\\\n((?:[ \t]*#[^\n]*\n)+)(?=[ \t]*(\S*))")
_ELLIPSIS = regex(r"^[ \t]*(?:\.\.\.|…|\[\.\.\.\]|\[…\])[ \t]*\\?$", re.MULTILINE)
_WEB_BLANK = regex(f"[{WEB_BLANKS}]")

# `-e A=x|y \\`: an operator in a value without quotes, where options in the next line go on with the command.
_LOOSE_VALUE = regex(
    r"\\\n[ \t]+(?:-e|--env|-l|--label)[ =]([A-Za-z_][\w.-]*=[^\s'\"`$\\()<>]*)"
    r"(?=[ \t]*(?:`[^`\n]*`)?[ \t]*\\\n[ \t]*-)"
)


class Aside(NamedTuple):
    """A stretch that is not code; `kind` is `output`, `comment` (inside a command) or `ellipsis`."""

    kind: str
    start: int
    end_offset: int


class Cleaned(NamedTuple):
    """The text with everything blanked that is not code, and what was blanked and must be accounted for."""

    text: Text
    asides: tuple[Aside, ...]


def cleaned(source: Text, *, documentation: bool = False) -> Cleaned:
    """The code in a piece of shell text; in `documentation` `# ` may be a prompt."""
    text, outputs = without_prompts(source.text, documentation)
    text = _WEB_BLANK.sub(" ", text) if documentation else text
    text = _outside_quotes(_BACKTICK_COMMENT, _blank_out, text)
    asides = [Aside("output", start, end) for start, end in outputs]
    asides += _blank_ellipses(text)
    text = _ELLIPSIS.sub(lambda match: _blank_keeping(match[0], "\\"), text)
    text, comments = _without_joined_comments(_without_tails(text))
    return Cleaned(
        source.masked(text),
        tuple(sorted((*asides, *comments), key=lambda aside: aside.start)),
    )


def continued_lines(text: str) -> str:
    """The text with each backslash at the end of its line that the author plainly meant there; of the same length."""
    return _without_joined_comments(_without_tails(text))[0]


def _without_tails(text: str) -> str:
    return _outside_quotes(
        _TAILED_BACKSLASH, lambda match: " " * len(match[1]) + "\\", text
    )


def loose_operators(text: str) -> list[int]:
    """Where a `|`, `;` or `&` stands inside the value of an option, whose command plainly goes on in the next line."""
    values = ((match.start(1), match[1]) for match in _LOOSE_VALUE.finditer(text))
    return [
        start + at
        for start, value in values
        for at, char in enumerate(value)
        if char in "|;&"
    ]


def _outside_quotes(
    pattern: re.Pattern[str], replacement: Callable[[re.Match[str]], str], text: str
) -> str:
    """The text with each match replaced that does not stand inside a word, where quotes make it mean itself."""
    if not pattern.search(text):
        return text
    try:
        inside = [
            (token.start, token.end_offset)
            for token in tokens(text)
            if token.kind in ("word", "heredoc")
        ]
    except Unbalanced:
        return pattern.sub(
            lambda match: match[0] if _is_quoted(match) else replacement(match), text
        )
    starts = [start for start, _ in inside]

    def replaced(match: re.Match[str]) -> str:
        index = bisect_left(starts, match.start()) - 1
        return (
            match[0]
            if index >= 0 and match.start() < inside[index][1]
            else replacement(match)
        )

    return pattern.sub(replaced, text)


def _is_quoted(match: re.Match[str]) -> bool:
    """Whether a match stands inside quotes that its command opens before it."""
    start = match.start()
    while (line := match.string.rfind("\n", 0, start)) > 0 and match.string[
        line - 1
    ] == "\\":
        start = line
    line_start_text = match.string[line + 1 : match.start()]
    return any(
        quote[0][0] != "\\" and not (quote[1] or quote[2])
        for quote in _QUOTES.finditer(line_start_text)
    )


def _blank_out(match: re.Match[str]) -> str:
    return " " * len(match[0])


def _blank_keeping(text: str, keep: str) -> str:
    return "".join(char if char in (keep, "\n") else " " for char in text)


def _blank_ellipses(text: str) -> list[Aside]:
    return [
        Aside("ellipsis", *_trim_range(text, match.start(), match.end()))
        for match in _ELLIPSIS.finditer(text)
    ]


def _trim_range(text: str, start: int, end_offset: int) -> tuple[int, int]:
    content = text[start:end_offset]
    return start + len(content) - len(content.lstrip()), end_offset - len(content) + len(
        content.rstrip(" \t\\")
    )


def _without_joined_comments(text: str) -> tuple[str, list[Aside]]:
    """Comment lines after a backslash, which end the command in a shell, where the author plainly goes on below."""
    asides: list[Aside] = []

    def replaced(match: re.Match[str]) -> str:
        lines = match[1].removesuffix("\n").split("\n")
        goes_on = match[2].startswith("-") or lines[-1].rstrip().endswith("\\")
        offset = match.start(1)
        for line in lines if goes_on else ():
            asides.append(Aside("comment", *_trim_range(text, offset, offset + len(line))))
            offset += len(line) + 1
        blank = [
            " " * (len(line) - 1) + "\\" if goes_on else " " * len(line) for line in lines
        ]
        return "\\\n" + "\n".join(blank) + "\n"

    return _JOINED_COMMENT.sub(replaced, text), asides
