"""How messages are worded: broken into lines, with what somebody may have meant by an unknown name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def wrap_text(text: str, width: int) -> list[str]:
    """The text in lines of at most `width` characters, broken at spaces only; a longer word stands alone.

    The standard library's textwrap compiles five patterns at import, for more than is needed.
    """
    lines: list[str] = []
    for text_word in text.split():
        if lines and len(lines[-1]) + 1 + len(text_word) <= width:
            lines[-1] += f" {text_word}"
        else:
            lines.append(text_word)
    return lines


def listed_names(names: Sequence[str], most: int) -> str:
    """The names after each other, of many the first with the number of the others."""
    shown = ", ".join(names[:most])
    hidden = len(names) - most
    return f"{shown} and {hidden} more" if hidden > 0 else shown


def enumerated(words: Sequence[str]) -> str:
    """The words as a sentence enumerates them: `a, b and c`."""
    *first_words, last_word = words
    return f"{', '.join(first_words)} and {last_word}" if first_words else last_word


def enumerated_up_to(names: Sequence[str], most: int) -> str:
    """The names as a sentence enumerates them, of more than so many the first with the number of the others."""
    return listed_names(names, most) if len(names) > most else enumerated(names)


_SIBILANTS = ("ss", "us", "x", "z", "ch", "sh")


def plural(noun: str) -> str:
    """The plural of a noun, such as the kind of an object (`NetworkPolicies`, `Ingresses`); `Endpoints` is one."""
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{noun[:-1]}ies"
    if noun.endswith(_SIBILANTS):
        return f"{noun}es"
    return noun if noun.endswith("s") else f"{noun}s"


def counted(number: int, noun: str) -> str:
    """So many of something, in words: `1 NetworkPolicy`, `2 NetworkPolicies`."""
    return f"{number} {noun if number == 1 else plural(noun)}"


def closest_name(
    misspelt: str, known_names: Iterable[str], cutoff: float = 0.6
) -> str | None:
    """The known name that is spelt almost so; None where none is as alike as `cutoff` (1.0 is the same)."""
    # At its first use: a run without a misspelt name does without it.
    from difflib import get_close_matches

    return next(
        iter(get_close_matches(misspelt, list(known_names), n=1, cutoff=cutoff)), None
    )


def did_you_mean(
    misspelt: str, known_names: Iterable[str], otherwise: str, cutoff: float = 0.6
) -> str:
    """`did you mean X?` for the closest of the known names, something else where none is close."""
    close = closest_name(misspelt, known_names, cutoff)
    return f"did you mean {close}?" if close else otherwise


def spelling_hint(misspelt: str, known_names: Iterable[str], cutoff: float = 0.6) -> str:
    """`; did you mean X?`, or nothing when no known name is close."""
    by_lower = {name.lower(): name for name in known_names}
    close = closest_name(misspelt.lower(), by_lower, cutoff)
    return f"; did you mean {by_lower[close]}?" if close else ""


def one_line(text: str) -> str:
    """A server's own words, on one line and of bounded length."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= 300 else f"{line[:300]}…"
