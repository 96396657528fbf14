"""The language of a program, and the interpreter that an image must hold for it to start."""

from __future__ import annotations

from tocompose.tables import load

# The program that runs what each language's commands are written in; pip puts python3 beside every script it installs.
_INTERPRETERS = {"python": "python3", "ruby": "ruby", "node": "node", "php": "php"}
# Of the commands of a language, those that are programs of their own.
_STANDALONE = frozenset({"bun"})


def interpreter_of(program: str) -> str | None:
    """The interpreter of a program, which may be a path; None for one that needs none, or that nobody knows."""
    name = program.rpartition("/")[2]
    return None if name in _STANDALONE else _INTERPRETERS.get(language_of(name))


def language_of(program: str) -> str:
    """The language that a program by that name is written in, or written for; empty where nobody knows."""
    return str((load("commands").get(program) or {}).get("language", ""))
