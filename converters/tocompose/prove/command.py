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


def creating_verb(arguments: Sequence[str]) -> tuple[str, ...]:
    """The verb that the words after `docker` start with, without `container`; empty when it creates nothing."""
    plain = tuple(arguments[1:] if arguments[:1] == ["container"] else arguments)
    return next(
        (verb_words for verb_words in CREATING if plain[: len(verb_words)] == verb_words),
        (),
    )


def recordable_arguments(argv: Sequence[str]) -> list[str]:
    """The words after `docker`, without its global options and without `--cidfile`, a file on the client."""
    arguments = _without_globals(list(argv[1:]))
    verb_words = creating_verb(arguments)
    if verb_words not in (("run",), ("create",)):
        return arguments
    start = arguments.index(verb_words[0]) + 1
    return arguments[:start] + _without_cidfile(arguments[start:])


def _without_globals(arguments: list[str]) -> list[str]:
    while arguments and arguments[0].startswith("-"):
        arguments = arguments[2:] if arguments[0] in GLOBAL_VALUES else arguments[1:]
    return arguments


def _without_cidfile(arguments: list[str]) -> list[str]:
    harmless: list[str] = []
    index = 0
    while (
        index < len(arguments)
        and arguments[index].startswith("-")
        and arguments[index] not in ("-", "--")
    ):
        length = 2 if _takes_next(arguments[index]) else 1
        if arguments[index].partition("=")[0] != "--cidfile":
            harmless += arguments[index : index + length]
        index += length
    return harmless + arguments[index:]


def _takes_next(flag: str) -> bool:
    """Whether the value of a flag is the next word."""
    if flag.startswith("--"):
        return "=" not in flag and not SWITCHES.fullmatch(flag)
    for position, letter in enumerate(flag[1:], 1):
        if not SWITCHES.fullmatch(f"-{letter}"):
            return position == len(flag) - 1
        if flag[position + 1 : position + 2] == "=":
            return False
    return False
