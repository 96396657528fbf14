"""Which version of a language an image needs, from the files by which version managers and platforms are told."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from tocompose.importers.procfile.repository import Repository
from tocompose.ledger import Cursor
from tocompose.patterns import regex
from tocompose.readers.lines import read_lines
from tocompose.syntax.units import is_whole_number

# Long-term support lines of Node.js, newest first, with the names that .nvmrc may use.
NODE_LTS = {
    24: "krypton",
    22: "jod",
    20: "iron",
    18: "hydrogen",
    16: "gallium",
    14: "fermium",
    12: "erbium",
} | {
    10: "dubnium",
    8: "carbon",
    6: "boron",
    4: "argon",
}
_NEWEST = 40
_COMPARATOR = regex(
    r"(>=|<=|>|<|=|\^|~>|~)?\s*v?(\d{1,9}|\*|x)(?:\.(\d{1,9}|x|\*))?(?:\.(\d{1,9}|x|\*))?[\w.+-]*"
)
# From the start of a word on: tried at each of its letters, a long one costs the square of its length.
_HYPHEN_RANGE = regex(r"(?<!\S)(\S+)\s+-\s+(\S+)")
_FAR = 999


class Version(NamedTuple):
    """A version for an image's tag, and in words where it comes from."""

    text: str
    why: str


class File(NamedTuple):
    """A one-line file of a version manager; its leaf is settled when its version is chosen."""

    path: str
    pattern: str


def from_files(
    repository: Repository, files: Iterable[File], tool: str
) -> Iterator[tuple[Version, Cursor]]:
    """The versions that small files state, in order: `.nvmrc`, `.ruby-version`, `.tool-versions` …"""
    for file in files:
        tree = repository.open(file.path, read_lines, "lines")
        for line in tree:
            text = line.peek() or ""
            if file.path == ".tool-versions" and text.split()[0] not in tool.split("|"):
                line.skip("it names a tool that the image does not need")
                continue
            match = re.search(file.pattern, text)
            if match:
                yield Version(match[1], f"{file.path} says so"), line
            else:
                line.skip("it names no version that an image could have")


def choose(
    candidates: Iterable[tuple[Version, Cursor | None]],
    default: Version,
    clean: Callable[[str], str],
) -> Version:
    """The first version that can be used; the leaves of the files that come later are settled as outranked."""
    chosen: Version | None = None
    for version, cursor in candidates:
        text = clean(version.text)
        if chosen is None and text:
            chosen = version._replace(text=text)
            if cursor is not None:
                cursor.take(to="files.Dockerfile")
        elif cursor is not None:
            cursor.skip("another file that names the version goes before it")
    return chosen or default


def node_version(text: str) -> str:
    """The tag for what `.nvmrc`, `.node-version` or `engines.node` says; empty when it says nothing usable."""
    text = text.strip().removeprefix("v")
    name = text.lower().removeprefix("lts/")
    if text.lower() in ("lts/*", "node", "stable", "*", "latest", "current"):
        return str(next(iter(NODE_LTS)))
    if name in NODE_LTS.values():
        return next(str(major) for major, known in NODE_LTS.items() if known == name)
    text = text.removeprefix("=").strip().removeprefix("v")
    if re.fullmatch(r"\d{1,9}\.\d{1,9}\.\d{1,9}", text):
        return text
    # `~18.12.1` allows no other minor release, and Yarn checks that.
    if patches := re.fullmatch(
        r"~>?\s*v?(\d{1,9}\.\d{1,9})(?:\.[\dx*]{1,9})?|\^(0\.\d{1,9})(?:\.\d{1,9})?", text
    ):
        return patches[1] or patches[2]
    if re.fullmatch(r"\d{1,9}(\.(\d{1,9}|x|\*))*", text):
        return re.sub(r"\.[x*].*$", "", text)
    return _newest_fitting(text)


def _newest_fitting(text: str) -> str:
    """The newest long-term line that a range allows in full; else one it allows in part; else a number it names."""
    for extreme in (_FAR, 0):
        for major in NODE_LTS:
            if satisfies((major, extreme, extreme), text):
                return str(major)
    match = re.search(r"\d{1,9}", text)
    # A number beyond all releases is a mistake, and no image has it.
    return match[0] if match and int(match[0]) <= _NEWEST else ""


def satisfies(version: tuple[int, int, int], text: str) -> bool:
    """Whether a version fits an npm range: comparators, `^`, `~`, `x`, `a - b`, `||`."""
    for part in text.split("||"):
        joined = _HYPHEN_RANGE.sub(r">=\1 <=\2", part)
        found = list(_COMPARATOR.finditer(joined))
        if found and all(_fits(version, match) for match in found):
            return True
    return False


def _fits(version: tuple[int, int, int], match: re.Match[str]) -> bool:
    numbers = [int(part) for part in match.groups()[1:] if part and is_whole_number(part)]
    operator = match[1] or "="
    if not numbers:
        return True
    low = tuple([*numbers, 0, 0, 0][:3])
    prefix = version[: len(numbers)] == tuple(numbers)
    if operator in (">=", ">"):
        return (
            version >= low
            if operator == ">=" or len(numbers) == 3
            else version[: len(numbers)] > tuple(numbers)
        )
    if operator == "<=":
        return version <= low or prefix
    if operator == "<":
        return version < low
    if operator == "^":
        return version >= low and version[0] == numbers[0]
    if operator in ("~", "~>"):
        return (
            version >= low
            and version[: max(1, min(2, len(numbers)))]
            == low[: max(1, min(2, len(numbers)))]
        )
    return prefix


def dotted(text: str) -> str:
    """`3.12.1`, `3.12` or `3` out of a version as written; empty for a range without a lower bound."""
    match = re.search(r"(\d{1,9}(?:\.\d{1,9}){0,2})", text)
    if match is None or text.strip().startswith("<"):
        return ""
    return match[1]


def line_of(text: str) -> str:
    """The minor line (`3.12`) for a range, the full version for an exact one."""
    number = dotted(text)
    exact = (
        re.fullmatch(r"[^\d<>~^*!]*\d{1,9}\.\d{1,9}(\.\d{1,9})?", text.strip()) is not None
    )
    return number if exact else ".".join(number.split(".")[:2])
