"""What is copied along with a docker command: line numbers, markup, quotes around all of it, entities of HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from itertools import pairwise

from tocompose.importers.docker_run.paste.damage import Damage, sound_tokens

_ENTITY = re.compile(
    r"&(?:amp|lt|gt|quot|apos|nbsp|ndash|mdash|[lr][sd]quo|#\d{2,5}|#x[0-9a-f]{2,5});", re.I
)
# Characters without a width, and a soft hyphen: the eye does not see them, and a shell takes them for part of a word.
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
# Blanks that a shell takes for letters.
_WEB_BLANK = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
_CALL = r"(?:sudo[ \t]+)?(?:docker|podman)(?:\.exe)?[ \t]"
_TAG = re.compile(
    r"</?(?:pre|code|p|div|span|strong|em|kbd|samp|tt)(?:[ \t][^<>\n]*)?>"
    r"|\[/?code[^\]\n]*\]|\{(?:code|noformat)[^}\n]*\}",
    re.I,
)
_BREAK_TAG = re.compile(r"<br[ \t]*/?>", re.I)
_NUMBERED = re.compile(r"^[ \t]*(\d{1,5})(?:[.:)|]|[ \t]|$)[ \t|]*", re.MULTILINE)
_HISTORY = re.compile(rf"^[ \t]*\d{{1,5}}\*?[ \t]+(?={_CALL})", re.MULTILINE | re.I)
# A bullet, a quotation mark of a mail, or the words that introduce a command: `Run: docker …`.
_LEAD = re.compile(
    rf"^[ \t]*(?:(?:>[ \t]?)+|[-*•·+–][ \t]+|(?:[A-Za-z][\w ]{{0,40}}):[ \t]+)(?={_CALL})",
    re.MULTILINE | re.I,
)
_EMPHASIS = re.compile(
    rf"^[ \t]*(?P<mark>\*\*|__|\*|_|`{{3,}}|``)(?P<code>[ \t]*{_CALL}[^\n]*?)(?P=mark)[ \t.]*$",
    re.MULTILINE | re.I,
)
_QUOTED_LINE = re.compile(r"^[ \t]*(?:>[ \t]?)+", re.MULTILINE)
_QUOTED_BLOCK = re.compile(r"^[ \t]*>[^\n]*(?:\n[ \t]*>[^\n]*)*", re.MULTILINE)
_CONTINUED = re.compile(
    rf"^[ \t]*{_CALL}[^\n]*\\\n(?P<rest>(?:[ \t]*>[ \t][^\n]*\\\n)*[ \t]*>[ \t][^\n]*)",
    re.MULTILINE | re.I,
)
_PROMPTED = re.compile(r"^[ \t]*(?P<prompt>>[ \t])[ \t]*(?P<option>-?)", re.MULTILINE)
_QUOTED_CALL = re.compile(
    rf"^[ \t]*(?:>[ \t]?)+(?:[-*•$#%][ \t]+)?{_CALL}", re.MULTILINE | re.I
)
_CURLY = re.compile(
    rf"^[ \t]*(?:“(?P<one>{_CALL}[^”]*)”|„(?P<two>{_CALL}[^“”]*)[“”]|«[ \t\u00a0]?(?P<three>{_CALL}[^»]*)»)[ \t.]*$",
    re.MULTILINE | re.I,
)


def unescape_entities(text: str) -> Iterator[Damage]:
    """Entities of HTML as the characters that they stand for, and characters that nobody sees."""
    for match in _ENTITY.finditer(text):
        yield Damage(*match.span(), _unescaped(text, match), "TC845", f"`{match[0]}`")
    for match in _INVISIBLE.finditer(text):
        code = "" if match.start() == 0 else "TC844"
        yield Damage(*match.span(), "", code, f"the character U+{ord(match[0]):04X}")
    for match in _WEB_BLANK.finditer(text):
        if not _is_quoted(text, match):
            written = f"the blank U+{ord(match[0][0]):04X}"
            yield Damage(*match.span(), " " * len(match[0]), "TC844", written)


def _unescaped(text: str, match: re.Match[str]) -> str:
    """The character; an ampersand inside a word, which no shell would leave there, with a backslash."""
    char = unescape(match[0]).replace("\u00a0", " ")
    around = text[match.start() - 1 : match.start()] + text[match.end() : match.end() + 1]
    is_inside = re.fullmatch(r"[\w/?=.%+-]{2}", around) is not None
    return (
        f"\\{char}" if char == "&" and is_inside and not _is_quoted(text, match) else char
    )


def _is_quoted(text: str, match: re.Match[str]) -> bool:
    line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
    return line.count('"') % 2 == 1 or line.count("'") % 2 == 1


def strip_line_numbers(text: str) -> Iterator[Damage]:
    """The numbers in front of the lines, where each has one and they rise, as web pages and `history` show them."""
    lines = [line for line in text.split("\n") if line.strip()]
    numbered = [match for line in lines if (match := _NUMBERED.match(line))]
    numbers = [int(match[1]) for match in numbered]
    rises = all(first < second for first, second in pairwise(numbers))
    is_list = len(numbered) == len(lines) > 1 and rises
    is_column = len(numbers) > 1 and rises and all(_stands_alone(m) for m in numbered)
    pattern = _NUMBERED if is_list or is_column else _HISTORY
    for match in pattern.finditer(text):
        yield Damage(*match.span(), "", "TC847", f"`{match[0].strip()}`")


def _stands_alone(match: re.Match[str]) -> bool:
    return match.string.strip() == match[1]


def strip_markup(text: str) -> Iterator[Damage]:
    """Tags, bullets, emphasis and quotation marks of mails around the commands of a paste."""
    marks = list(_markup(text))
    for start, end_offset, typed in marks:
        written = f"`{text[start:end_offset].strip()}`"
        code = "TC848" if text[start:end_offset].strip() else ""
        yield Damage(start, end_offset, typed, code, written)


def _markup(text: str) -> Iterator[tuple[int, int, str]]:
    quoted_marks = list(_quotation_marks(text))
    yield from ((start, end_offset, "") for start, end_offset in quoted_marks)
    if quoted_marks and len(quoted_marks) == sum(
        bool(line.strip()) for line in text.split("\n")
    ):
        return
    starts = {start for start, _ in quoted_marks}
    for pattern, typed in ((_TAG, ""), (_BREAK_TAG, "\n")):
        yield from ((*match.span(), typed) for match in pattern.finditer(text))
    leads = (match for match in _LEAD.finditer(text) if match.start() not in starts)
    yield from ((*match.span(), "") for match in leads)
    yield from (
        (start, end_offset, "") for start, end_offset in _continuation_prompts(text)
    )
    for match in _EMPHASIS.finditer(text):
        yield match.start(), match.start("code"), ""
        yield match.end("code"), match.end(), ""


def _quotation_marks(text: str) -> Iterator[tuple[int, int]]:
    """Where the quotation marks of a mail stand, in each run of quoted lines that holds a command.

    A mail program breaks long lines, so what follows a command in the same quotation may be a part of it.
    """
    for block in _QUOTED_BLOCK.finditer(text):
        if _QUOTED_CALL.search(block[0]):
            for match in _QUOTED_LINE.finditer(text, *block.span()):
                yield match.span()


def _continuation_prompts(text: str) -> Iterator[tuple[int, int]]:
    """Where a shell asks for the rest of a command whose own prompt was not copied.

    One such line alone may as well send the output to a file, unless an option stands there.
    """
    for block in _CONTINUED.finditer(text):
        prompts = list(_PROMPTED.finditer(text, *block.span("rest")))
        if len(prompts) > 1 or any(match["option"] for match in prompts):
            yield from (match.span("prompt") for match in prompts)


def strip_quotes(text: str) -> Iterator[Damage]:
    """Quotes around a whole command, which a shell would take for the name of a program."""
    for match in _CURLY.finditer(text):
        inner = next(index for index in (1, 2, 3) if match[index])
        yield Damage(match.start(), match.start(inner), "", "TC846", "`“docker …”`")
        yield Damage(match.end(inner), match.end(), "")
    previous = None
    for token in sound_tokens(text):
        starts_line = previous is None or previous.kind != "word"
        previous = token
        quote = token.text[:1]
        is_call = re.match(rf"[ \t]*{_CALL}", token.text[1:], re.I) is not None
        if not (starts_line and is_call and quote in "\"'`" and token.text.endswith(quote)):
            continue
        yield Damage(token.start, token.start + 1, "", "TC846", f"`{quote}docker …{quote}`")
        yield from _unescape_quotes(token.text, token.start, quote)
        yield Damage(token.end_offset - 1, token.end_offset, "")


def _unescape_quotes(text: str, start: int, quote: str) -> Iterator[Damage]:
    for match in re.finditer(rf"\\(?={re.escape(quote)})", text) if quote != "'" else ():
        yield Damage(start + match.start(), start + match.end(), "")
