"""What is copied along with a docker command: line numbers, markup, quotes around all of it, entities of HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from itertools import pairwise
from unicodedata import normalize

from tocompose.importers.docker_run.paste.damage import CALL, Damage, sound_tokens
from tocompose.patterns import regex

_ENTITY = regex(
    r"&(?:amp|lt|gt|quot|apos|nbsp|ndash|mdash|[lr][sd]quo|#\d{2,5}|#x[0-9a-f]{2,5});", re.I
)
# Characters without a width, and a soft hyphen: the eye does not see them, and a shell takes them for part of a word.
_INVISIBLE = regex(
    "[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff]"
)
# Line ends of word processors and pagers, for which a shell ends no line.
_WEB_LINE_END = regex("[\v\f\u0085\u2028\u2029]")
# What colours a terminal: https://www.ecma-international.org/publications-and-standards/standards/ecma-48/
_TERMINAL_CODE = regex(r"\x1b\[[0-?]*[ -/]*[@-~]", hints=[["\x1b"]])
# Between the parameters of an address: a shell, which reads no paste, would begin another command.
_PARAMETER_SIGN = regex(r"(?<=[\w%.+-])&(?=[A-Za-z_][\w.-]*=)", hints=[["&"]])
_ADDRESS = regex(r"\S*\?\S*=\S*$")
# Blanks that a shell takes for letters.
_WEB_BLANK = regex("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
# Letters that a PDF sets as one, and those of Chinese and Japanese keyboards; their dash is typography.
_LIGATURE = regex("[\ufb00-\ufb06]")
_FULL_WIDTH = regex("[\uff01-\uff0c\uff0e-\uff5e]")
_TAG = regex(
    r"</?(?:pre|code|p|div|span|strong|em|kbd|samp|tt)(?:[ \t][^<>\n]*)?>"
    r"|\[/?code[^\]\n]*\]|\{(?:code|noformat)[^}\n]*\}",
    re.I,
)
_BREAK_TAG = regex(r"<br[ \t]*/?>", re.I)
_NUMBERED = regex(r"^[ \t]*(\d{1,5})(?:[.:)|]|[ \t]|$)[ \t|]*", re.MULTILINE)
_HISTORY = regex(rf"^[ \t]*\d{{1,5}}\*?[ \t]+(?={CALL})", re.MULTILINE | re.I)
# A bullet, a quotation mark of a mail, the words that introduce a command (`Run: docker …`), the sign of a notebook.
_LEAD = regex(
    rf"^[ \t]*(?:(?:(?:>[ \t]?)+|[-*•·+–][ \t]+|(?:[A-Za-z][\w ]{{0,40}}):[ \t]+|!)(?={CALL})"
    rf"|(?:[-*•·+–][ \t]+)?(?:[A-Za-z][\w ]{{0,40}}:[ \t]+)?(?=[\"']{CALL}))",
    re.MULTILINE | re.I,
)
# What a chat or mail program makes of `nginx:1.27`, which it takes for an address.
_LINKED = regex(r"(?P<before>\[)(?P<text>[^\]\s]+)(?P<behind>\]\(https?://(?P=text)/?\))")
_TABLE_ROW = regex(
    rf"^[ \t]*(?P<before>\|(?:[^|\n]*\|)*?[ \t]*`?){CALL}[^|\n]*?(?P<behind>`?[ \t]*\|[^\n]*)$",
    re.MULTILINE | re.I,
)
_EMPHASIS = regex(
    rf"^[ \t]*(?P<mark>\*\*|__|\*|_|`{{3,}}|``)(?:(?:ba|z)?sh[ \t]+)?(?P<code>[ \t]*{CALL}[^\n]*?)(?P=mark)[ \t.]*$",
    re.MULTILINE | re.I,
)
# Code in a sentence, which begins with a capital letter; a shell runs what it finds in backticks elsewhere.
_SENTENCE = regex(
    rf"^[ \t]*[A-Z][\w ,;:()'-]*[ \t]\(?(?P<mark>`{{1,2}})(?P<code>{CALL}[^`\n]*)(?P=mark)(?!`)[^`\n]*$",
    re.MULTILINE,
    hints=[["`"]],
)
# Code of Trac, MoinMoin and Jira: `{{{docker …}}}`.
_BRACES = regex(
    rf"^[ \t]*\{{\{{\{{(?P<code>[ \t]*{CALL}[^\n]*?)\}}\}}\}}[ \t.]*$",
    re.MULTILINE | re.I,
    hints=[["{{{"]],
)
# What AsciiDoc counts the lines of an example with, and what it says of each.
_CALLOUT = regex(
    r"(?:[ \t]+(?:(?://|#)[ \t]*)?<\d{1,2}>)+[ \t]*$", re.MULTILINE, hints=[["<"]]
)
_CALLOUT_TEXT = regex(r"^<\d{1,2}>[ \t][^\n]*$", re.MULTILINE, hints=[["<"]])
# An address that a chat or a mail has set off: `<https://wiki.lan/>`.
_SET_OFF = regex(r"(?P<before><)https?://[^<>\s|]+(?P<behind>>)", hints=[["<http"]])
# A fence that begins in the line of the command and ends in a later one.
_INLINE_FENCE = regex(
    rf"^[ \t]*(?P<mark>`{{3,}})(?P<code>[ \t]*{CALL}[^`]*?\n[^`]*?)(?P=mark)",
    re.MULTILINE | re.I,
)
# The lines that a comparison adds.
_ADDED_BLOCK = regex(rf"^\+[ \t]*{CALL}[^\n]*(?:\n\+[^\n]*)+", re.MULTILINE | re.I)
_ADDED_LINE = regex(r"^\+[ \t]?", re.MULTILINE)
_QUOTED_LINE = regex(r"^[ \t]*(?:>[ \t]?)+", re.MULTILINE)
_QUOTED_BLOCK = regex(r"^[ \t]*>[^\n]*(?:\n[ \t]*>[^\n]*)*", re.MULTILINE)
_CONTINUED = regex(
    rf"^[ \t]*{CALL}[^\n]*\\\n(?P<rest>(?:[ \t]*>[ \t][^\n]*\\\n)*[ \t]*>[ \t][^\n]*)",
    re.MULTILINE | re.I,
)
# The same where a backslash got lost: an option stands behind the sign, so no output is sent to a file.
_UNCONTINUED = regex(
    rf"^[^\n>]{{0,80}}{CALL}[^\n]*\n(?P<rest>(?:[ \t]*>[ \t][^\n]*(?:\n|\Z))+)",
    re.MULTILINE | re.I,
)
_LOST_BACKSLASH = regex(r"[^\\ \t\n][ \t]*\n[ \t]*>[ \t]+-{1,2}[A-Za-z]")
_PROMPTED = regex(r"^[ \t]*(?P<prompt>>[ \t])[ \t]*(?P<option>-?)", re.MULTILINE)
_QUOTED_CALL = regex(rf"^[ \t]*(?:>[ \t]?)+(?:[-*•$#%][ \t]+)?{CALL}", re.MULTILINE | re.I)
_CURLY = regex(
    rf"^[ \t]*(?:[A-Za-z][\w ]{{0,40}}:[ \t]+)?"
    rf"(?:“(?P<one>{CALL}[^”]*)”|„(?P<two>{CALL}[^“”]*)[“”]|«[ \t\u00a0]?(?P<three>{CALL}[^»]*)»)[ \t.]*$",
    re.MULTILINE | re.I,
)


def unescape_entities(text: str) -> Iterator[Damage]:
    """Entities of HTML as the characters that they stand for, characters that nobody sees, and those of PDF files."""
    for match in _ENTITY.finditer(text):
        yield Damage(*match.span(), _unescaped(text, match), "TC845", f"`{match[0]}`")
    for match in _INVISIBLE.finditer(text):
        code = "" if match.start() == 0 else "TC844"
        yield Damage(*match.span(), "", code, f"the character U+{ord(match[0]):04X}")
    for match in _WEB_LINE_END.finditer(text):
        written = f"the line end U+{ord(match[0]):04X}"
        yield Damage(*match.span(), "\n", "TC844", written)
    for match in _TERMINAL_CODE.finditer(text):
        yield Damage(*match.span(), "", "TC844", "the colour of a terminal")
    for match in _WEB_BLANK.finditer(text):
        if not _is_quoted(text, match):
            written = f"the blank U+{ord(match[0][0]):04X}"
            yield Damage(*match.span(), " " * len(match[0]), "TC844", written)
    for match in _LIGATURE.finditer(text):
        typed = normalize("NFKC", match[0])
        yield Damage(*match.span(), typed, "TC844", f"the ligature `{match[0]}`")
    for match in _FULL_WIDTH.finditer(text):
        if not _is_quoted(text, match):
            typed = normalize("NFKC", match[0])
            yield Damage(*match.span(), typed, "TC844", f"the full-width `{match[0]}`")


def escape_ampersands(text: str) -> Iterator[Damage]:
    """The signs between the parameters of an address, `?x=1&y=2`, each with a backslash."""
    for match in _PARAMETER_SIGN.finditer(text):
        line_start = text.rfind("\n", 0, match.start()) + 1
        is_address = _ADDRESS.search(text, line_start, match.start()) is not None
        if is_address and not _is_quoted(text, match):
            yield Damage(*match.span(), "\\&", "TC844", "`&` in an address")


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
    pattern = _NUMBERED if _counts_lines(text) else _HISTORY
    for match in pattern.finditer(text):
        yield Damage(*match.span(), "", "TC847", f"`{match[0].strip()}`")


def _counts_lines(text: str) -> bool:
    """Whether every line has a number in front, or a column of numbers was copied apart from the lines."""
    lines = [line for line in text.split("\n") if line.strip()]
    numbered = [match for line in lines if (match := _NUMBERED.match(line))]
    numbers = [int(match[1]) for match in numbered]
    if len(numbers) < 2 or not all(a < b for a, b in pairwise(numbers)):
        return False
    return len(numbered) == len(lines) or all(map(_stands_alone, numbered))


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
    line_count = sum(bool(line.strip()) for line in text.split("\n"))
    if quoted_marks and len(quoted_marks) == line_count:
        return
    starts = {start for start, _ in quoted_marks}
    for pattern, typed in ((_TAG, ""), (_BREAK_TAG, "\n")):
        yield from ((*match.span(), typed) for match in pattern.finditer(text))
    leads = (match for match in _LEAD.finditer(text) if match.start() not in starts)
    for match in (*_added_lines(text), *leads):
        yield (*match.span(), "")
    for span in _continuation_prompts(text):
        yield (*span, "")
    yield from _callouts(text)
    yield from _marks_on_both_sides(text)
    yield from _emphasis_marks(text)


def _callouts(text: str) -> Iterator[tuple[int, int, str]]:
    if _CALLOUT.search(text):
        for pattern in (_CALLOUT, _CALLOUT_TEXT):
            yield from ((*match.span(), "") for match in pattern.finditer(text))


def _marks_on_both_sides(text: str) -> Iterator[tuple[int, int, str]]:
    for pattern in (_LINKED, _SET_OFF, _TABLE_ROW):
        for match in pattern.finditer(text):
            yield (*match.span("before"), "")
            yield (*match.span("behind"), "")


def _added_lines(text: str) -> Iterator[re.Match[str]]:
    """The signs in front of the lines that a comparison adds."""
    for block in _ADDED_BLOCK.finditer(text):
        yield from _ADDED_LINE.finditer(text, *block.span())


def _emphasis_marks(text: str) -> Iterator[tuple[int, int, str]]:
    for pattern in (_EMPHASIS, _INLINE_FENCE, _SENTENCE, _BRACES):
        for match in pattern.finditer(text):
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
            return
    for block in _UNCONTINUED.finditer(text):
        if _LOST_BACKSLASH.search(block[0]):
            for match in _PROMPTED.finditer(text, *block.span("rest")):
                yield match.span("prompt")


def strip_quotes(text: str) -> Iterator[Damage]:
    """Quotes around a whole command, which a shell would take for the name of a program."""
    for match in _CURLY.finditer(text):
        group_number = next(index for index in (1, 2, 3) if match[index])
        yield Damage(match.start(), match.start(group_number), "", "TC846", "`“docker …”`")
        yield Damage(match.end(group_number), match.end(), "")
    previous_token = None
    for token in sound_tokens(text):
        starts_line = previous_token is None or previous_token.kind != "word"
        previous_token = token
        quote = token.text[:1]
        is_call = re.match(rf"[ \t]*{CALL}", token.text[1:], re.I) is not None
        if not (starts_line and is_call and quote in "\"'`" and token.text.endswith(quote)):
            continue
        yield Damage(token.start, token.start + 1, "", "TC846", f"`{quote}docker …{quote}`")
        yield from _unescape_quotes(token.text, token.start, quote)
        yield Damage(token.end_offset - 1, token.end_offset, "")


def _unescape_quotes(text: str, start: int, quote: str) -> Iterator[Damage]:
    for match in re.finditer(rf"\\(?={re.escape(quote)})", text) if quote != "'" else ():
        yield Damage(start + match.start(), start + match.end(), "")
