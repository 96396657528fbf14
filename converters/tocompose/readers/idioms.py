"""What people put into shell text that no shell would read as they mean it: prompts, output, comments in mid-command.

Everything is blanked in place, so that columns stay true.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable
from typing import NamedTuple

from tocompose.readers.text import Text
from tocompose.readers.typography import WEB_BLANKS
from tocompose.readers.words import Unbalanced, tokens

# `-e A=1 \` + "`#comment`": an empty command substitution, the trick of image documentation.
_BACKTICK_COMMENT = re.compile(r"(?<!\S)`[ \t]*#[^`\n]*`(?!\S)")
_QUOTES = re.compile(r"\\.|'[^']*('|\Z)|\"(?:[^\"\\]|\\.)*(\"|\Z)", re.DOTALL)
# A backslash that was meant to be the last character of its line.
_TAILED_BACKSLASH = re.compile(r"(?<!\\)\\([ \t]+(?:#[^\n]*)?)(?=\n)")
_JOINED_COMMENT = re.compile(r"\\\n((?:[ \t]*#[^\n]*\n)+)(?=[ \t]*(\S*))")
_PROMPT = re.compile(
    r"^[ \t]*(?:\(\w+\) ?)?"
    r"(?:\[?[\w.-]+@[\w.-]+[^$#>\n]{0,40}[$#]\]?|[a-z][\w-]*\$|[$%❯➜]"
    r"|PS [A-Za-z]:[^>\n]*>|[A-Za-z]:\\[^>\n]*>)[ \t]+(?=\S)"
)
_ROOT_PROMPT = re.compile(r"^[ \t]*#[ \t]+(?=\S)")
_CONTINUED_PROMPT = re.compile(r"^[ \t]*>(?:[ \t]|$)")
_COMMAND = re.compile(r"(?:sudo[ \t]+(?:-\w+[ \t]+)*)?(?:docker|podman|nerdctl)[ \t]")
_ELLIPSIS = re.compile(r"^[ \t]*(?:\.\.\.|…|\[\.\.\.\]|\[…\])[ \t]*\\?$", re.MULTILINE)
_WEB_BLANK = re.compile(f"[{WEB_BLANKS}]")

# `-e A=x|y \\`: an operator in a value without quotes, where options in the next line go on with the command.
_LOOSE_VALUE = re.compile(
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
    text, prompted = _without_prompts(source.text, documentation)
    text = _WEB_BLANK.sub(" ", text) if documentation else text
    text = _outside_quotes(_BACKTICK_COMMENT, _blank_out, text)
    asides = [*prompted, *_blank_ellipses(text)]
    text = _ELLIPSIS.sub(lambda match: _blank_keeping(match[0], "\\"), text)
    text = _outside_quotes(
        _TAILED_BACKSLASH, lambda match: " " * len(match[1]) + "\\", text
    )
    text, comments = _without_joined_comments(text)
    return Cleaned(
        source.masked(text),
        tuple(sorted((*asides, *comments), key=lambda aside: aside.start)),
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


class _Line(NamedTuple):
    start: int
    text: str
    continued: bool  # The line before ends with a backslash.


def _split_lines(text: str) -> list[_Line]:
    lines, start, continued = [], 0, False
    for line in text.split("\n"):
        lines.append(_Line(start, line, continued))
        continued = _continues_line(line)
        start += len(line) + 1
    return lines


def _continues_line(line: str) -> bool:
    return bool(re.search(r"\\[ \t]*(?:#.*)?$", line)) and not line.lstrip().startswith("#")


def _without_prompts(text: str, root_prompts: bool) -> tuple[str, list[Aside]]:
    lines = _split_lines(text)
    prompt, whole = _prompt_of(lines, root_prompts)
    if prompt is None:
        return text, []
    asides: list[Aside] = []
    return "\n".join(_without_prompt(line, prompt, whole, asides) for line in lines), asides


def _prompt_of(
    lines: list[_Line], root_prompts: bool
) -> tuple[re.Pattern[str] | None, bool]:
    """The prompt in front of the commands, and whether lines without it are output (the first line of code has it)."""
    heads = [line.text for line in lines if line.text.strip() and not line.continued]
    code = [head for head in heads if not head.lstrip().startswith("#")]
    if any(_shows_command(_PROMPT, head) for head in code):
        return _PROMPT, bool(_PROMPT.match(code[0]))
    if code and all(_PROMPT.match(head) for head in code):
        return _PROMPT, True
    if root_prompts and _shows_root_prompts(heads):
        return _ROOT_PROMPT, True
    return None, False


def _shows_command(prompt: re.Pattern[str], line: str) -> bool:
    """Whether a command stands behind the prompt."""
    match = prompt.match(line)
    return match is not None and _COMMAND.match(line, match.end()) is not None


def _shows_root_prompts(heads: list[str]) -> bool:
    """Whether commands stand behind root's prompt, which a comment looks like, and none without one."""
    if any(_COMMAND.match(head.lstrip()) for head in heads):
        return False
    rooted = any(_shows_command(_ROOT_PROMPT, head) for head in heads)
    return rooted and _ROOT_PROMPT.match(heads[0]) is not None


def _without_prompt(
    line: _Line, prompt: re.Pattern[str], whole: bool, asides: list[Aside]
) -> str:
    if line.continued:
        secondary = _CONTINUED_PROMPT.match(line.text)
        return _blanked_line(line.text, secondary.end()) if secondary else line.text
    if prompt_match := prompt.match(line.text):
        return _blanked_line(line.text, prompt_match.end())
    stripped = line.text.strip()
    if not whole or not stripped or stripped.startswith("#") or _COMMAND.match(stripped):
        return line.text
    start = line.start + line.text.index(stripped[0])
    asides.append(Aside("output", start, start + len(stripped)))
    return _blanked_line(line.text, len(line.text))


def _blanked_line(line: str, length: int) -> str:
    return " " * length + line[length:]
