"""The newest Python for which the libraries are made that an app pins, where nothing names a version."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from posixpath import dirname, join, normpath

from tocompose.languages.versions import Numbers, numbers_of
from tocompose.patterns import regex
from tocompose.record import NamedTuple
from tocompose.repository import Repository
from tocompose.tables import load

_PIN = regex(
    r"^\s*([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?\s*([^#;]*)",
)
_BOUND = regex(r"(===?|~=|<=?)\s*v?(\d{1,9}(?:\.\d{1,9}){0,3})")
_INCLUDED = regex(r"\s*(?:-r|--requirement)[ =]?\s*(\S+)")


class FittingPython(NamedTuple):
    """A minor line of Python, and in words which library it is chosen for."""

    number: str
    reason: str


def fitting_python(repository: Repository) -> FittingPython | None:
    """The newest line that all pinned libraries of requirements.txt are made for; None where they fit any.

    A library built for an older line than another one needs counts only as far as that one allows.
    """
    lines = load("languages")["python"]["newest_for"]
    needed = load("languages")["python"]["oldest_for"]
    pins = dict(_pinned(repository))
    oldest = max(
        (
            numbers_of(line)
            for name, pin in pins.items()
            if (line := _line_of(needed, name, pin))
        ),
        default=(),
    )
    fitting = [
        FittingPython(line, f"it is the newest that {name} of requirements.txt is made for")
        for name, pin in pins.items()
        if (line := _line_of(lines, name, pin)) and numbers_of(line) >= oldest
    ]
    return min(fitting, key=lambda choice: numbers_of(choice.number), default=None)


def _pinned(repository: Repository) -> Iterator[tuple[str, tuple[str, Numbers]]]:
    """Each library with the bound from above: its sign, and the numbers behind it."""
    for line in _lines_of(repository, "requirements.txt", frozenset()):
        requirement = _PIN.match(line)
        bound = _BOUND.search(requirement[2]) if requirement else None
        if requirement and bound:
            name = re.sub(r"[._-]+", "-", requirement[1]).lower()
            yield name, (bound[1], numbers_of(bound[2]))


def _lines_of(
    repository: Repository, path: str, including: frozenset[str]
) -> Iterator[str]:
    """The lines of a file of requirements, and of the files that it includes.

    https://pip.pypa.io/en/stable/reference/requirements-file-format/#referring-to-other-requirements-files
    """
    for line in (repository.read_text(path) or "").splitlines():
        if not (included := _INCLUDED.match(line)):
            yield line
            continue
        inner_path = normpath(join(dirname(path), included[1]))
        if inner_path not in including:
            yield from _lines_of(repository, inner_path, including | {inner_path})


def _line_of(
    rows: Mapping[str, Mapping[str, str]], name: str, pin: tuple[str, Numbers]
) -> str:
    """The line of the newest row that the pin reaches; empty where the table has none."""
    sign, numbers = pin
    reached = ""
    for since, line in rows.get(name, {}).items():
        first = numbers_of(since)
        is_reached = first < numbers if sign == "<" else first <= numbers
        reached = line if is_reached else reached
    return reached
