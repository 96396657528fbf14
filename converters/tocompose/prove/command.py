"""Docker commands made fit for a recording: what would leave the recording engine is taken out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

# The options of `docker` itself that take a value; none of them may choose another engine or configuration.
GLOBAL_VALUES = (
    "-H",
    "--host",
    "-c",
    "--context",
    "--config",
    "-l",
    "--log-level",
    "--tlscacert",
    "--tlscert",
    "--tlskey",
)
CREATING = (
    ("run",),
    ("create",),
    ("network", "create"),
    ("network", "connect"),
    ("volume", "create"),
    ("pull",),
)
# The flags of `docker run --help` (28.5) that take no value; every other flag does.
SWITCHES = re.compile(
    "-[Pdiqt]|--(detach|disable-content-trust|help|init|interactive|no-healthcheck|oom-kill-disable|privileged"
    "|publish-all|quiet|read-only|rm|sig-proxy|tty|use-api-socket)"
)


class Command(NamedTuple):
    """One docker command as its words, `docker` first; `service` is the Compose service that it became, if known."""

    argv: tuple[str, ...]
    service: str = ""


def verb(words: Sequence[str]) -> tuple[str, ...]:
    """The verb that the words after `docker` start with, without `container`; empty when it creates nothing."""
    plain = tuple(words[1:] if words[:1] == ["container"] else words)
    return next((known for known in CREATING if plain[: len(known)] == known), ())


def words_for_recording(argv: Sequence[str]) -> list[str]:
    """The words after `docker`, without its global options and without `--cidfile`, a file on the client."""
    words = _without_globals(list(argv[1:]))
    known = verb(words)
    if known not in (("run",), ("create",)):
        return words
    start = words.index(known[0]) + 1
    return words[:start] + _without_cidfile(words[start:])


def _without_globals(words: list[str]) -> list[str]:
    while words and words[0].startswith("-"):
        words = words[2:] if words[0] in GLOBAL_VALUES else words[1:]
    return words


def _without_cidfile(words: list[str]) -> list[str]:
    kept: list[str] = []
    index = 0
    while (
        index < len(words)
        and words[index].startswith("-")
        and words[index] not in ("-", "--")
    ):
        length = 2 if _takes_next(words[index]) else 1
        if words[index].partition("=")[0] != "--cidfile":
            kept += words[index : index + length]
        index += length
    return kept + words[index:]


def _takes_next(word: str) -> bool:
    """Whether the value of a flag is the next word."""
    if word.startswith("--"):
        return "=" not in word and not SWITCHES.fullmatch(word)
    for position, letter in enumerate(word[1:], 1):
        if not SWITCHES.fullmatch(f"-{letter}"):
            return position == len(word) - 1
        if word[position + 1 : position + 2] == "=":
            return False
    return False
