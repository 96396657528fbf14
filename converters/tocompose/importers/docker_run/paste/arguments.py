"""A command that the user's shell has split already: as it stood in the paste, where copying has changed it."""

from __future__ import annotations

import re
import shlex

from tocompose.importers.docker_run.options import tool_of
from tocompose.patterns import regex

# What word processors and web pages make of dashes, quotes and blanks.
_TYPOGRAPHY = regex(
    "[\u00a0\u00ad\u00ab\u00bb\u2007\u200b-\u201f\u202f\u2032\u2033\u2060‐-―−﹘﹣－]"
)
# A blank that stood behind a backslash: `\ --name` is one word to a shell.
_ESCAPED_BLANK = regex(r"[ \t]\S*")
_SPECIAL = regex(r"[\\\"'`$&;|<>()*?\[\]{}!~# \t]")
_ALONE = frozenset({"-", "--", "=", "^", "\\"})


def as_pasted(argv: tuple[str, ...]) -> str | None:
    """The text that a shell would split into these words; None where no word shows that the paste was changed."""
    whole_command = _whole_command(argv)
    if whole_command is not None:
        return whole_command
    if not any(map(_is_changed, argv)) and not _runs_together(argv):
        return None
    return " ".join(map(_as_written, argv))


def _whole_command(argv: tuple[str, ...]) -> str | None:
    """The command that stands in one pair of quotes: all of it, or all that follows `docker`."""
    match argv:
        case (text,) if _begins_command(text):
            return text
        case (tool, text) if tool_of(tool) and re.match(
            r"(?:container\s+)?(?:run|create)\s", text
        ):
            return f"{tool} {text}"
    return None


def _begins_command(text: str) -> bool:
    """Whether a text of several words is a docker command."""
    first_words = re.sub(r"^\W*(?:sudo\s+)?", "", text).split(maxsplit=1)
    return len(first_words) == 2 and tool_of(first_words[0]) != ""


def _is_changed(word: str) -> bool:
    return (
        word in _ALONE
        or _is_escaped_blank(word)
        or (_TYPOGRAPHY.search(word) is not None and " " not in word)
        or (tool_of(word) != "" and word != word.lower())
    )


def _is_escaped_blank(word: str) -> bool:
    return _ESCAPED_BLANK.fullmatch(word) is not None


def _runs_together(argv: tuple[str, ...]) -> bool:
    return sum(bool(tool_of(word)) for word in argv) > 1


def _as_written(word: str) -> str:
    if _is_escaped_blank(word):
        return f"\\{word[0]}{_SPECIAL.sub(_escaped, word[1:])}"
    if _TYPOGRAPHY.search(word) and " " not in word:
        return _SPECIAL.sub(_escaped, word)
    return shlex.quote(word)


def _escaped(match: re.Match[str]) -> str:
    return f"\\{match[0]}"
