"""Names that Compose and shells accept, and those that are taken: what a shell, a language or Compose sets itself."""

from __future__ import annotations

from collections.abc import Container
from enum import Enum
from zlib import crc32

from tocompose.patterns import regex

# Those that take a command line behind `-c` and follow POSIX.
SHELLS = frozenset({"ash", "bash", "dash", "ksh", "sh", "zsh"})


class SetBy(Enum):
    """Who gives a variable its value, so that nobody else needs to."""

    SYSTEM = "every session, for the programs that it starts"
    SESSION = "most sessions, for the programs that they start"
    SOME_SESSIONS = "the sessions of some systems"
    SCREEN = "sessions with a screen or keys"
    SHELL = "the shell, for itself"
    COMPOSE = "docker compose"
    PLATFORM = "the platform that runs a program"
    LANGUAGE = "the images and tools of a language"


_SETTERS = {
    SetBy.SYSTEM: ("HOME", "PATH", "PWD", "USER"),
    SetBy.SESSION: ("LANG", "LOGNAME", "MAIL", "SHELL", "TERM", "TMPDIR"),
    SetBy.SOME_SESSIONS: ("HOST", "USERNAME"),
    SetBy.SCREEN: ("DISPLAY", "SSH_AUTH_SOCK", "XAUTHORITY", "XDG_RUNTIME_DIR"),
    SetBy.SHELL: ("HOSTNAME", "IFS", "RANDOM", "SECONDS"),
    SetBy.COMPOSE: ("COMPOSE_PROJECT_NAME",),
    SetBy.PLATFORM: ("CI", "DYNO", "PORT"),
    SetBy.LANGUAGE: ("MIX_ENV", "NODE_ENV", "RACK_ENV", "RAILS_ENV"),
}


def names_set_by(*setters: SetBy) -> frozenset[str]:
    """The variables that these set."""
    return frozenset(name for setter in setters for name in _SETTERS[setter])


# Docker Compose finds a value for these wherever it runs.
ALWAYS_SET = names_set_by(SetBy.SYSTEM, SetBy.COMPOSE)
SET_BY_THE_SHELL = names_set_by(SetBy.SYSTEM, SetBy.SESSION, SetBy.SHELL)
# Docker Compose prefers what these have in the user's shell to what `.env` says.
SHADOWED_BY_THE_SHELL = SET_BY_THE_SHELL | names_set_by(SetBy.SOME_SESSIONS)
_NOT_IN_NAME = regex(r"[^a-z0-9_-]+")
# https://github.com/compose-spec/compose-spec/blob/main/schema/compose-spec.json, networks and volumes
_KEY = regex(r"[a-zA-Z0-9._-]+")
_NOT_IN_VARIABLE = regex(r"[^A-Z0-9_]+")


def identifier(text: str, fallback: str = "app") -> str:
    """A name that Compose accepts for projects, services and volumes: `[a-z0-9][a-z0-9_-]*`."""
    return _NOT_IN_NAME.sub("-", text.lower()).strip("-_") or fallback


_NOT_OLD = regex(r"[^a-z0-9]")


def old_project_name(folder: str) -> str:
    """The project name that Compose before 1.21 made of a folder: its small letters and digits alone."""
    return _NOT_OLD.sub("", folder.lower()) or "default"


def is_key(name: str) -> bool:
    """Whether a service, network, volume, config or secret may be called so."""
    return _KEY.fullmatch(name) is not None


def resource_key(name: str) -> str:
    """The key for what the engine calls so: the name itself where Compose takes it as a key.

    The engine takes any text as a network's name. Two names that differ only in signs that no key has get two keys.
    """
    if is_key(name):
        return name
    return f"{identifier(name, 'other')}-{crc32(name.encode('utf-8', 'replace')):08x}"


def variable_name(text: str) -> str:
    """A name for an environment variable: upper case letters, digits and `_`."""
    name = _NOT_IN_VARIABLE.sub("_", text.upper()).strip("_") or "VALUE"
    return f"_{name}" if name[0].isdigit() else name


def free_name(name: str, taken_names: Container[str], joint: str = "-") -> str:
    """The name, or the first of `name-2`, `name-3` … that is free."""
    candidate, number = name, 2
    while candidate in taken_names:
        candidate, number = f"{name}{joint}{number}", number + 1
    return candidate


def unique_name(name: str, taken_names: set[str]) -> str:
    """The name that is free, which is added to `taken_names`."""
    unique = free_name(name, taken_names)
    taken_names.add(unique)
    return unique


def is_shell(program: str) -> bool:
    """Whether the program, a name or a path, is a shell."""
    return program.rpartition("/")[2] in SHELLS
