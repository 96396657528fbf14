"""Which version of a language an image needs, and which tags of official images there are for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from tocompose.knowledge.versions import default_version
from tocompose.patterns import regex
from tocompose.readers.reading import read_lines
from tocompose.repository import Repository, StatedVersion
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.units import is_whole_number
from tocompose.tables import load

Numbers = tuple[int, ...]

_NEWEST_NODE = 40
_COMPARATOR = regex(
    r"(>=|<=|>|<|=|\^|~>|~)?\s*v?(\d{1,9}|\*|x)(?:\.(\d{1,9}|x|\*))?(?:\.(\d{1,9}|x|\*))?[\w.+-]*"
)
# From the start of a word on: tried at each of its letters, a long one costs the square of its length.
_HYPHEN_RANGE = regex(r"(?<!\S)(\S+)\s+-\s+(\S+)")
_FAR = 999
_OUTRANKED = "another file, which takes precedence, states the version"
_UNNAMED = "the source names no version"
_UNUSABLE = "it names no version that an image could have"


def read_version_files(
    repository: Repository, language: str, *paths: str
) -> Iterator[StatedVersion]:
    """The versions that small files state, in order: `.nvmrc`, `.ruby-version`, `.tool-versions` …

    All files of the language, or those of `paths` alone. Their leaves are settled when a version is chosen.
    """
    patterns: dict[str, str] = load("languages")[language]["version_files"]
    for path in paths or patterns:
        for line in repository.open(path, read_lines, "lines"):
            text = line.peek() or ""
            match = re.search(patterns[path], text)
            if match:
                yield StatedVersion(match[1], f"{path} says so", line)
            elif path == ".tool-versions" and not text.startswith(language):
                line.skip("it names a tool that the image does not need")
            else:
                line.skip(_UNUSABLE)


def choose_version(
    repository: Repository,
    language: str,
    candidates: Iterable[StatedVersion],
    clean: Callable[[str], str],
) -> StatedVersion | None:
    """The first version that can be used, that of the platform's own files before all; the leaves of files that come
    later are settled as outranked."""
    chosen_version: StatedVersion | None = None
    for candidate in chain(platform_versions(repository, language), candidates):
        number = clean(candidate.number)
        if chosen_version is None and number:
            chosen_version = candidate._replace(number=number)
            if candidate.cursor is not None:
                candidate.cursor.take(to=ModelPath.of("files", "Dockerfile"))
        elif candidate.cursor is not None:
            candidate.cursor.skip(_OUTRANKED if number else _UNUSABLE)
    return chosen_version


def use_default(
    repository: Repository, language: str, reason: str = "", number: str = ""
) -> StatedVersion:
    """The default, or the number that is given; a note says that it was chosen since no file names a version."""
    row = load("languages")[language]
    number = number or default_version(language)
    for unusable in platform_versions(repository, language):
        statement = unusable.reason.removesuffix(" so")
        reason = f"{statement} {unusable.number}, which is no version that an image has"
    reason = reason or _UNNAMED
    repository.add_note(
        "TC356",
        subject=ModelPath.of("files", "Dockerfile"),
        language=row["title"],
        version=number,
        why=reason,
        file=row["version_file"],
    )
    return StatedVersion(number, "")


def platform_versions(repository: Repository, language: str) -> Iterator[StatedVersion]:
    """The version that the platform's own files state for a language, if any."""
    if language in repository.versions:
        yield repository.versions[language]


def _node_lines() -> dict[int, str]:
    """The long-term support lines of Node.js, newest first, with the names that .nvmrc may use."""
    lines: dict[int, str] = load("languages")["node"]["lines"]
    return lines


def node_version(text: str) -> str:
    """The tag for what `.nvmrc`, `.node-version` or `engines.node` says; empty when it says nothing usable."""
    text = text.strip().removeprefix("v")
    name = text.lower().removeprefix("lts/")
    if text.lower() in ("lts/*", "node", "stable", "*", "latest", "current"):
        return default_version("node")
    for major, codename in _node_lines().items():
        if codename == name:
            return str(major)
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
        for major in _node_lines():
            if satisfies((major, extreme, extreme), text):
                return str(major)
    match = re.search(r"\d{1,9}", text)
    # A number beyond all releases is a mistake, and no image has it.
    return match[0] if match and int(match[0]) <= _NEWEST_NODE else ""


def satisfies(version: tuple[int, int, int], text: str) -> bool:
    """Whether a version fits an npm range: comparators, `^`, `~`, `x`, `a - b`, `||`."""
    for alternative in text.split("||"):
        joined = _HYPHEN_RANGE.sub(r">=\1 <=\2", alternative)
        comparators = list(_COMPARATOR.finditer(joined))
        if comparators and all(_fits(version, match) for match in comparators):
            return True
    return False


def _fits(version: Numbers, match: re.Match[str]) -> bool:
    numbers = tuple(
        int(text) for text in match.groups()[1:] if text and is_whole_number(text)
    )
    return not numbers or _COMPARISONS[match[1] or "="](version, numbers)


def _lowest(numbers: Numbers) -> Numbers:
    """The first release of a line."""
    return (*numbers, 0, 0, 0)[:3]


def _is_beyond(version: Numbers, numbers: Numbers) -> bool:
    if len(numbers) == 3:
        return version >= numbers
    return version[: len(numbers)] > numbers


def _is_in_line(version: Numbers, numbers: Numbers) -> bool:
    return version[: len(numbers)] == numbers


def _is_in_minor_line(version: Numbers, numbers: Numbers) -> bool:
    """As `~` allows: the minor line of two numbers or more, the major line of one."""
    return version >= _lowest(numbers) and _is_in_line(version, numbers[:2])


_COMPARISONS: dict[str, Callable[[Numbers, Numbers], bool]] = {
    "=": _is_in_line,
    ">": _is_beyond,
    ">=": lambda version, numbers: version >= _lowest(numbers),
    "<": lambda version, numbers: version < _lowest(numbers),
    "<=": lambda version, numbers: (
        version <= _lowest(numbers) or _is_in_line(version, numbers)
    ),
    "^": lambda version, numbers: version >= _lowest(numbers) and version[0] == numbers[0],
    "~": _is_in_minor_line,
    "~>": _is_in_minor_line,
}


def dotted(text: str) -> str:
    """`3.12.1`, `3.12` or `3` out of a version as written; empty for a range without a lower bound."""
    match = re.search(r"(\d{1,9}(?:\.\d{1,9}){0,2})", text)
    if match is None or text.strip().startswith("<"):
        return ""
    return match[1]


def minor_line(text: str) -> str:
    """The minor line (`3.12`) for a range, the full version for an exact one."""
    number = dotted(text)
    if re.fullmatch(r"[^\d<>~^*!]*\d{1,9}\.\d{1,9}(\.\d{1,9})?", text.strip()):
        return number
    return ".".join(number.split(".")[:2])


# --- official images: on which Debian release each is built ------------------------------------------------------


_NEWEST_PATCH = 9999


def debian_release(language: str, version: str) -> str:
    """The newest Debian release on which there are images of a version (`18.12.1`, `3.1`); empty for none known.

    A version without its last numbers stands for the newest of its line.
    """
    size = 1 if language == "node" else 2
    numbers = tuple(int(number) for number in re.findall(r"\d{1,9}", version))
    line = ".".join(map(str, numbers[:size]))
    for release, row in load("languages")[language]["debian"].items():
        since = row["since"].get(line)
        if since is None:
            is_built = _reaches(numbers[:size], numbers_of(str(row["from"])))
        else:
            is_built = _reaches(numbers[size:], numbers_of(since))
        if is_built:
            return str(release)
    return ""


def numbers_of(text: str) -> Numbers:
    """The numbers of a version such as `3.12`."""
    return tuple(int(number) for number in text.split("."))


def _reaches(patch: tuple[int, ...], since: tuple[int, ...]) -> bool:
    return (*patch, *(_NEWEST_PATCH for _ in since))[: len(since)] >= since


def slim_image(language: str, version: str) -> str:
    """The slim image of a version, with its Debian release where one is known: `ruby:3.1.2-slim-bullseye`."""
    release = debian_release(language, version)
    if not release:
        return f"{language}:{version}-slim"
    if language == "node":
        return f"node:{version}-{release}-slim"
    return f"{language}:{version}-slim-{release}"


def is_archived(image: str) -> bool:
    """Whether the packages of an image's Debian release may be on archive.debian.org alone."""
    name, _, tag = image.partition(":")
    if any(release in tag for release in load("debian")["archived"]):
        return True
    has_releases = "debian" in load("languages").get(name, {})
    is_old_elixir = re.fullmatch(r"elixir:1\.(?:\d|1[01])-slim", image) is not None
    return (has_releases or is_old_elixir) and tag.endswith("-slim")


def package_names(image: str, names: Iterable[str]) -> tuple[str, ...]:
    """The packages under the names that they have on the image's Debian release."""
    renamed: dict[str, dict[str, str]] = load("debian")["renamed"]
    for release, new_names in renamed.items():
        if release in image:
            return tuple(new_names.get(name, name) for name in names)
    return tuple(names)
