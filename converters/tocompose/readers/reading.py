"""What a tolerant reader hands back: the tree, and each place where the text strays from its format."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from tocompose.notes import Note, note
from tocompose.record import NamedTuple
from tocompose.source import Branch, Child, Leaf, Span
from tocompose.tables import load


class Oddity(NamedTuple):
    """A place where the text strays from its format; `kind` is the reader's own word, `facts` are for the note."""

    kind: str
    span: Span
    facts: Mapping[str, str]


class Reading(NamedTuple):
    """A tree and the oddities that were met on the way, in source order."""

    tree: Branch
    oddities: tuple[Oddity, ...] = ()


# What a letter behind a backslash stands for in C, and in all that took it from there.
# https://en.cppreference.com/w/c/language/escape
C_ESCAPES = {
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
}
# Of UTF-16 in both orders, and of UTF-8.
BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")


def decode(content: bytes) -> str:
    """The text of a file: UTF-8 without its byte order mark, UTF-16, else Latin-1."""
    # PowerShell's `>` writes UTF-16, which pip reads in a list of requirements.
    if encoding := _wide_encoding(content):
        return content.decode(encoding, "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _wide_encoding(content: bytes) -> str:
    """UTF-16 by its byte order mark, or by the zero bytes of its first two characters; empty for any other."""
    if content.startswith(BYTE_ORDER_MARKS[:2]):
        return "utf-16"
    if b"\0" not in content[:4] or len(content) < 4:
        return ""
    # https://datatracker.ietf.org/doc/html/rfc4627#section-3
    is_zero = tuple(byte == 0 for byte in content[:4])
    if is_zero == (False, True, False, True):
        return "utf-16-le"
    return "utf-16-be" if is_zero == (True, False, True, False) else ""


def encoding_oddities(content: bytes, file: str) -> tuple[Oddity, ...]:
    """What is odd in how the characters of a file are written: `bom`, `utf-16`, `not-utf-8`."""
    start = Span(file, 1, 1, 1, 1)
    if _wide_encoding(content):
        return (Oddity("utf-16", start, {}),)
    if content.startswith(BYTE_ORDER_MARKS[2]):
        return (Oddity("bom", start, {}),)
    try:
        content.decode()
    except UnicodeDecodeError as problem:
        return (Oddity("not-utf-8", byte_span(content, problem.start, file), {}),)
    return ()


def zeros(content: bytes, file: str) -> tuple[Oddity, ...]:
    """The first of the zero bytes of a text, which no program reads as it stands there."""
    plain = in_utf8(content)
    offset = plain.find(b"\0")
    return () if offset < 0 else (Oddity("zero", byte_span(plain, offset, file), {}),)


def byte_span(content: bytes, offset: int, file: str) -> Span:
    """The place of a byte in a file that is read as Latin-1."""
    line = content.count(b"\n", 0, offset) + 1
    column = offset - content.rfind(b"\n", 0, offset)
    return Span(file, line, column, line, column + 1)


def oddity_notes(family: str, oddities: Iterable[Oddity]) -> Iterator[Note]:
    """A note for each oddity of a reader; of a kind that repeats itself in a file, the first with how many follow."""
    every_oddity = list(oddities)
    if not every_oddity:
        return
    table = load("oddities")
    codes: Mapping[str, str] = table["codes"][family]
    by_first: dict[tuple[str, str] | int, list[Oddity]] = {}
    for index, oddity in enumerate(every_oddity):
        is_once = oddity.kind in table["once"]
        key = (oddity.kind, oddity.span.file) if is_once else index
        by_first.setdefault(key, []).append(oddity)
    for first, *others in by_first.values():
        if code := codes.get(first.kind):
            more = f" (and {len(others)} more)" if others else ""
            language = table["formats"].get(family, "JSON")
            facts = {"more": more, "format": language, "file": first.span.file, "name": ""}
            facts |= {"what": described_oddity(first), **first.facts}
            yield note(code, first.span, **facts)


def described_oddity(oddity: Oddity) -> str:
    """The oddity in words."""
    words: str = load("oddities")["words"].get(oddity.kind, oddity.kind)
    return words.format_map(oddity.facts)


def in_utf8(content: bytes) -> bytes:
    """The bytes of a file for those who look for words in them: UTF-8 without a byte order mark where it had one.

    Editors and PowerShell of Windows write such marks, and UTF-16.
    """
    if content.startswith(BYTE_ORDER_MARKS) or _wide_encoding(content):
        return decode(content).encode("utf-8", "surrogatepass")
    return content


def read_lines(content: bytes, file: str) -> Reading:
    """A `lines` branch of a file such as Aptfile or runtime.txt: `line N` to the line without outer blanks.

    Empty lines and `#` comments are left out.
    """
    children: list[Child] = []
    lines = decode(content).replace("\r\n", "\n").split("\n")
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if text and not text.startswith("#"):
            start = line.index(text) + 1
            span = Span(file, number, start, number, start + len(text))
            children.append(Child(f"line {number}", span, Leaf(text, span, "line")))
    return Reading(
        Branch("lines", tuple(children), Span(file, 1, 1, len(lines), len(lines[-1]) + 1))
    )
