"""The Debian release of an official image: which tags there are for a version, and which releases are archived."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tocompose.tables import load

_LAST = 9999


def suite(language: str, version: str) -> str:
    """The newest Debian release on which there are images of a version (`18.12.1`, `3.1`); empty for none known.

    A version without its last numbers stands for the newest of its line.
    """
    size = 1 if language == "node" else 2
    numbers = tuple(int(part) for part in re.findall(r"\d{1,9}", version))
    line = ".".join(map(str, numbers[:size]))
    for name, row in load("suites")[language].items():
        since = row["since"].get(line)
        first = tuple(int(part) for part in str(row["from"]).split("."))
        if (since is None and numbers[:size] >= first) or (
            since is not None and _reaches(numbers[size:], since)
        ):
            return str(name)
    return ""


def _reaches(patch: tuple[int, ...], since: str) -> bool:
    first = tuple(int(part) for part in since.split("."))
    return (*patch, *(_LAST for _ in first))[: len(first)] >= first


def tag(name: str, version: str) -> str:
    """The slim image of a version, with its Debian release where one is known: `ruby:3.1.2-slim-bullseye`."""
    found = suite(name, version)
    if name == "node":
        return f"node:{version}-{found}-slim" if found else f"node:{version}-slim"
    return f"{name}:{version}-slim-{found}" if found else f"{name}:{version}-slim"


def archived(image: str) -> bool:
    """Whether the packages of an image's Debian release may be on archive.debian.org alone."""
    name, _, text = image.partition(":")
    if any(old in text for old in load("suites")["archived"]):
        return True
    plain = (
        name in load("suites")
        or re.fullmatch(r"elixir:1\.(?:\d|1[01])-slim", image) is not None
    )
    return plain and text.endswith("-slim")


def packages(image: str, names: Iterable[str]) -> tuple[str, ...]:
    """The packages under the names that they have on the image's Debian release."""
    tables: dict[str, dict[str, str]] = load("suites")["renamed"]
    renamed = next((row for release, row in tables.items() if release in image), {})
    return tuple(renamed.get(name, name) for name in names)
