"""The official images of languages: which tags there are for a version, and on which Debian release each is built."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tocompose.tables import load

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
            is_built = numbers[:size] >= _numbers(str(row["from"]))
        else:
            is_built = _reaches(numbers[size:], _numbers(since))
        if is_built:
            return str(release)
    return ""


def _numbers(text: str) -> tuple[int, ...]:
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
