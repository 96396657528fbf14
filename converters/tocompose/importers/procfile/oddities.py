"""From what a tolerant reader found odd to the notes that say so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tocompose.ledger import Ledger
from tocompose.notes import note
from tocompose.readers.reading import Oddity

# By format: the reader's word to the code of the note. What is not named here needs no note of its own.
CODES: Mapping[str, Mapping[str, str]] = {
    "procfile": {
        "bom": "TC300",
        "crlf": "TC300",
        "indented": "TC301",
        "no-colon": "TC302",
        "tight-colon": "TC303",
        "spaced-colon": "TC303",
        "name-length": "TC378",
        "duplicate": "TC305",
        "continuation": "TC306",
        "empty-command": "TC307",
        "yaml-block": "TC308",
        "unparsed": "TC309",
        "comment-slashes": "TC309",
        "empty-file": "TC310",
    },
    "json": {
        "bom": "TC300",
        "comment": "TC312",
        "trailing-comma": "TC312",
        "missing-comma": "TC312",
        "missing-colon": "TC312",
        "missing-value": "TC312",
        "single-quotes": "TC312",
        "bare-word": "TC312",
        "duplicate": "TC313",
        "unclosed": "TC314",
        "extra": "TC314",
        "too-deep": "TC314",
        "not-an-object": "TC314",
        "empty-file": "TC314",
    },
    "dotenv": {
        "bom": "TC300",
        "export": "TC316",
        "spaced": "TC316",
        "colon": "TC316",
        "bare": "TC317",
        "unparsed": "TC317",
        "multiline": "TC318",
        "dialect": "TC318",
        "duplicate": "TC319",
    },
    "lines": {},
}
_WORDS = {
    "bom": "begins with a byte order mark",
    "crlf": "has Windows line ends",
    "tight-colon": "has no blank behind the colon",
    "spaced-colon": "has a blank before the colon",
    "comment": "a comment",
    "trailing-comma": "a comma without a value behind it",
    "missing-comma": "a missing comma",
    "missing-colon": "a missing colon",
    "missing-value": "a key without a value",
    "single-quotes": "single quotes",
    "bare-word": "a word without quotes",
    "unclosed": "a bracket is never closed",
    "extra": "there is more behind the end of the object",
    "too-deep": "it is nested too deeply",
    "not-an-object": "it is not an object",
    "empty-file": "it is empty",
    "export": "begins with `export`",
    "spaced": "has blanks around the name or the sign",
    "colon": "has a colon instead of `=`",
}
# Where the first says it all: an unclosed bracket leaves all that surround it open.
_ONCE = frozenset({"unclosed", "crlf"})


def tell(ledger: Ledger, family: str, oddities: Iterable[Oddity]) -> None:
    """Says one note for each oddity of a reader; of a kind that repeats itself, the last (innermost) only."""
    seen: set[str] = set()
    for oddity in oddities:
        code = CODES[family].get(oddity.kind)
        if code is None or (oddity.kind in _ONCE and oddity.kind in seen):
            continue
        seen.add(oddity.kind)
        what = _WORDS.get(oddity.kind, oddity.kind)
        facts: dict[str, Any] = {
            "file": oddity.span.file,
            "what": what,
            "name": "",
            **oddity.facts,
        }
        ledger.say(note(code, oddity.span, **facts))
