"""Splits a docker command line into options and arguments, as the CLI's own parser (spf13/pflag) does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from tocompose.importers.docker_run.invocation import Word
from tocompose.tables import Row, table

_COLUMNS = {"short", "aliases", "flag", "target", "path", "shape", "note", "ignore"}
_BOOLEANS = {"1": True, "t": True, "true": True, "0": False, "f": False, "false": False}


class Option(NamedTuple):
    """One flag as given; `row` is None for a flag that no table knows. `value` is what it was given, if anything."""

    name: str
    row: Row | None
    value: Word


class CommandLine(NamedTuple):
    """The flags in order, and what stands after them."""

    options: tuple[Option, ...]
    arguments: tuple[Word, ...]


@cache
def flags(*names: str) -> Mapping[str, Row]:
    """The rows of the tables `mappings/docker/<name>.yaml` by every spelling of each flag."""
    found: dict[str, Row] = {}
    for name in reversed(names):
        for flag, row in table(f"docker/{name}", required=set(), optional=_COLUMNS).items():
            spellings = [
                flag,
                *row.get("aliases", ()),
                *([f"-{row['short']}"] if "short" in row else []),
            ]
            found.update({spelling: {**row, "name": flag} for spelling in spellings})
    return found


def parse(
    words: tuple[Word, ...], known: Mapping[str, Row], interspersed: bool = False
) -> CommandLine:
    """Options and arguments of a command.

    `docker run` stops at its first argument (the image); `interspersed` goes on looking for flags, as others do.
    """
    options: list[Option] = []
    arguments: list[Word] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word.text == "--":
            word.skip("it ends the options")
            arguments += rest
            break
        if word.text.startswith("--"):
            options.append(_long(word, rest, known))
        elif word.text.startswith("-") and len(word.text) > 1:
            options += _short(word, rest, known)
        elif not interspersed and _stands_for_options(word, rest):
            word.note(
                "TC155", written=(word.sources[0].peek() or "") if word.sources else ""
            )
        else:
            arguments.append(word)
            if not interspersed:
                arguments += rest
                break
    return CommandLine(tuple(options), tuple(arguments))


def _stands_for_options(word: Word, rest: list[Word]) -> bool:
    """Whether a word is not the image but room for options: an empty variable, or `<options>` in documentation."""
    written = ((word.sources[0].peek() or "") if word.sources else "").strip()
    if not rest or (written[:1], written[-1:]) not in (("<", ">"), ("[", "]")):
        return bool(rest) and not word.text
    return (
        rest[0].text.startswith("-")
        or re.search(r"option|flag|param|arg", written, re.IGNORECASE) is not None
    )


def _long(word: Word, rest: list[Word], known: Mapping[str, Row]) -> Option:
    name, equals, value = word.text.partition("=")
    row = known.get(name)
    if equals:
        return Option(name, row, word.part(value))
    if row is not None and row.get("flag"):
        return Option(name, row, word.part("true"))
    if rest and (row is not None or _looks_like_value(rest, known)):
        return Option(name, row, _joined(word, rest.pop(0)))
    return Option(name, row, word.part("true" if row is None else ""))


def _looks_like_value(rest: list[Word], known: Mapping[str, Row]) -> bool:
    """Whether the word after an unknown flag is its value: then a known flag comes right behind it."""
    if rest[0].text.startswith("-") or len(rest) < 2:
        return False
    follower = rest[1].text.partition("=")[0]
    return follower in known or (
        follower[:1] == "-" and follower[:2] in known and not follower.startswith("--")
    )


def _short(word: Word, rest: list[Word], known: Mapping[str, Row]) -> list[Option]:
    """A cluster such as `-it` or `-dp 80:80`: flags without value until one takes the remainder or the next word."""
    found: list[Option] = []
    letters = word.text[1:]
    while letters:
        name, letters = f"-{letters[0]}", letters[1:]
        row = known.get(name)
        if row is not None and row.get("flag"):
            given, letters = _boolean_tail(letters)
            found.append(Option(name, row, word.part(given)))
        elif letters:
            return [*found, Option(name, row, word.part(letters.removeprefix("=")))]
        elif rest and row is not None:
            return [*found, Option(name, row, _joined(word, rest.pop(0)))]
        else:
            found.append(Option(name, row, word.part("")))
    return found


def _boolean_tail(letters: str) -> tuple[str, str]:
    return (letters[1:], "") if letters.startswith("=") else ("true", letters)


def _joined(flag: Word, value: Word) -> Word:
    return Word(value.text, flag.span.to(value.span), (*value.sources, *flag.sources))


def boolean(text: str) -> bool:
    """The truth value as Go's strconv.ParseBool reads it; raises ValueError for other text."""
    try:
        return _BOOLEANS[text.lower()]
    except KeyError:
        raise ValueError("it takes true or false") from None
