"""Changes to real inputs that keep most of their structure: what strange, broken and hostile files look like."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from random import Random
from typing import Any

# Values that readers, practices and exporters have been seen to stumble over, in this project and in others.
NASTY = (
    *(
        "",
        " ",
        "0",
        "-1",
        "1e309",
        "-0.0",
        "NaN",
        ".inf",
        "99999999999999999999",
        "0x1g",
        "08",
        "1:30",
        "٣",
        "１２",
        "9" * 5000,
        "²",
    ),
    *(
        "null",
        "~",
        "true",
        "no",
        "[]",
        "{}",
        "[[]]",
        "{a: [b]}",
        "- x",
        "? x",
        "*a",
        "&a [*a]",
        "!!binary x",
        "!x",
        "<<",
    ),
    *(
        "'",
        '"',
        "`",
        "\\",
        "$",
        "$$",
        "${",
        "${A",
        "${A:-",
        "${A:?x}",
        "$(",
        "$(x",
        "$((1<<99))",
        "`x`",
        "<<EOF",
        "#",
    ),
    *(
        "../x",
        "/",
        "//",
        "C:\\x",
        "CON",
        ".",
        "..",
        "~",
        "a/../../b",
        "@/etc/passwd",
        "x" * 300,
        "é" * 130,
        "a:b:c:d",
    ),
    *(
        "\x00",
        "\x1b[31m",
        "\r",
        "\u2028",
        "\u202e",
        "\ufeff",
        "\ud7ff",
        "\U0001f40b",
        "e\u0301",
        "\x85",
        "\x7f",
    ),
    *(
        "{{ .Values.x }}",
        "{% x %}",
        "-->",
        "]]>",
        "|",
        "<script>",
        "%s",
        "%(x)s",
        "{0}",
        "{x.y}",
        "a=b=c",
        "=",
        ":",
        ",",
    ),
    *(
        "65536",
        "0-99999999",
        "80:80:80",
        "[::1]:80:80",
        "1Gi",
        "1.5.5",
        "100m",
        "-5Mi",
        "1e",
        "PT5S",
        "5d",
        "inf",
        "nan",
    ),
    *(
        "--",
        "-",
        "-p",
        "--name",
        "--name=",
        "docker run",
        "docker",
        "run",
        "\\\n",
        "; ",
        "&& ",
        "| ",
        "done",
        "for i in",
    ),
)
_SCALAR = re.compile(rb"(?m)^(\s*(?:- )?[\w.\"'/-]+:)[ \t]+(\S.*)$")
_WORD = re.compile(rb"\S+")
_NUMBER = re.compile(rb"\d+")


def mutated(
    random: Random, files: dict[str, bytes], donors: tuple[bytes, ...]
) -> dict[str, bytes]:
    """The files with up to six changes in some of them; now and then one is left out or swapped with another."""
    found = dict(files)
    names = sorted(found)
    for _ in range(random.choice((1, 1, 2))):
        name = random.choice(names)
        found[name] = changed(random, found[name], donors)
    if len(names) > 1 and random.random() < 0.1:
        left, right = random.sample(names, 2)
        found[left], found[right] = found[right], found[left]
    if len(names) > 1 and random.random() < 0.1:
        del found[random.choice(names)]
    return found


def changed(random: Random, text: bytes, donors: tuple[bytes, ...]) -> bytes:
    """The text with one to six changes."""
    for _ in range(random.choice((1, 1, 1, 2, 3, 6))):
        text = random.choice(_CHANGES)(random, text, donors)[:200_000]
    return text


def _nasty(random: Random) -> bytes:
    return random.choice(NASTY).encode("utf-8", "surrogatepass")


def _somewhere(random: Random, text: bytes) -> tuple[int, int]:
    start = random.randrange(len(text) + 1)
    return start, min(len(text), start + random.choice((0, 1, 1, 2, 8, 40, 400)))


def _cut(random: Random, text: bytes, donors: tuple[bytes, ...]) -> bytes:
    start, end = _somewhere(random, text)
    return text[:start] + text[end:]


def _double(random: Random, text: bytes, donors: tuple[bytes, ...]) -> bytes:
    start, end = _somewhere(random, text)
    return text[:end] + text[start:end] * random.choice((1, 2, 30)) + text[end:]


def _insert(random: Random, text: bytes, donors: tuple[bytes, ...]) -> bytes:
    start, _ = _somewhere(random, text)
    return text[:start] + _nasty(random) + text[start:]


def _byte(random: Random, text: bytes, donors: tuple[bytes, ...]) -> bytes:
    start, _ = _somewhere(random, text)
    return text[:start] + bytes([random.randrange(256)]) + text[start + 1 :]


def _truncate(random: Random, text: bytes, donors: tuple[bytes, ...]) -> bytes:
    return text[: random.randrange(len(text) + 1)]


def _replaced(
    pattern: re.Pattern[bytes], group: int
) -> Callable[[Random, bytes, tuple[bytes, ...]], bytes]:
    """A change that puts something nasty where one of the pattern's matches is."""

    def change(random: Random, text: bytes, donors: tuple[bytes, ...]) -> bytes:
        found = list(pattern.finditer(text[:20_000]))
        if not found:
            return text
        match = random.choice(found)
        return text[: match.start(group)] + _nasty(random) + text[match.end(group) :]

    return change


def _lines(random: Random, text: bytes, donors: tuple[bytes, ...]) -> bytes:
    """One line deleted, doubled, moved, indented or joined with the next."""
    lines = text.split(b"\n")
    index = random.randrange(len(lines))
    what = random.randrange(6)
    if what == 0:
        del lines[index]
    elif what == 1:
        lines.insert(index, lines[index])
    elif what == 2:
        lines.insert(random.randrange(len(lines)), lines.pop(index))
    elif what == 3:
        lines[index] = b"  " * random.choice((1, 2, 20)) + lines[index]
    elif what == 4:
        lines[index] = lines[index][2:]
    elif index + 1 < len(lines):
        lines[index] += lines.pop(index + 1).lstrip()
    return b"\n".join(lines)


def _spliced(random: Random, text: bytes, donors: tuple[bytes, ...]) -> bytes:
    """Some lines of another real input put in."""
    other = random.choice(donors).split(b"\n")
    first = random.randrange(len(other))
    lines = text.split(b"\n")
    place = random.randrange(len(lines) + 1)
    return b"\n".join(
        [
            *lines[:place],
            *other[first : first + random.choice((1, 2, 5, 20))],
            *lines[place:],
        ]
    )


def _json(random: Random, text: bytes, donors: tuple[bytes, ...]) -> bytes:
    """One value of a JSON text replaced by one of another type; other texts have a scalar of theirs replaced."""
    if text.lstrip()[:1] not in (b"{", b"["):
        return _replaced(_SCALAR, 2)(random, text, donors)
    try:
        value = json.loads(text)
    except ValueError:
        return _insert(random, text, donors)
    odd = (
        None,
        True,
        -1,
        1.5,
        10**30,
        "",
        [],
        {},
        [[]],
        [None],
        {"": None},
        random.choice(NASTY),
    )
    places = list(_places(value))
    if places:
        holder, key = random.choice(places)
        holder[key] = random.choice(odd)
    return json.dumps(value, indent=random.choice((None, 2))).encode(
        "utf-8", "surrogatepass"
    )


def _places(value: Any) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    stack = [value]
    while stack:
        current = stack.pop()
        entries = list(current.items() if isinstance(current, dict) else enumerate(current))
        found += [(current, key) for key, _ in entries]
        stack += [item for _, item in entries if isinstance(item, dict | list)]
    return found


_CHANGES = (
    *(
        _cut,
        _double,
        _insert,
        _insert,
        _byte,
        _truncate,
        _lines,
        _lines,
        _lines,
        _spliced,
        _json,
        _json,
    ),
    *(
        _replaced(_SCALAR, 2),
        _replaced(_SCALAR, 2),
        _replaced(_SCALAR, 1),
        _replaced(_WORD, 0),
        _replaced(_WORD, 0),
    ),
    _replaced(_NUMBER, 0),
)
