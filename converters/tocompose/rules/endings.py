"""Whether a command does its work and ends, or goes on for ever, told from its words; a shell's from its script."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache

from tocompose.knowledge.servers import client_programs
from tocompose.model import Service
from tocompose.patterns import regex
from tocompose.readers.commands import RESERVED
from tocompose.readers.words import REDIRECTIONS, Unbalanced, tokens
from tocompose.syntax.names import is_shell
from tocompose.tables import load

# Programs that run and end, beside the clients of servers.
OTHER_CLIENTS = frozenset({"certbot", "curl", "htpasswd", "wget"})
_FOREVER = regex(
    r"(?:^|[\s;&|])(?:while\s+(?:true|:|1|\[\s*1\s*\]|sleep\s+\S+)\s*(?:;|\n)|until\s+false\s*(?:;|\n)"
    r"|for\s*\(\(\s*;\s*;\s*\)\))"
)
_LEAVES = regex(r"(?:^|[\s;&|])(?:break|exit)\b")
_ASSIGNMENT = regex(r"[A-Za-z_]\w*=")
_SECONDS = regex(r"[0-9.]+[smhd]?")


def script_of(service: Service) -> str | None:
    """The script that the service gives to a shell; None where it runs a program itself."""
    words = [*(service.entrypoint or ()), *(service.command or ())]
    if not words or not is_shell(words[0]) or len(words) < 2:
        return None
    return words[-1]


def loops_forever(service: Service) -> bool:
    """Whether the service is a script that does something again and again (`while sleep 60; do …; done`)."""
    script = script_of(service)
    loop = _FOREVER.search(script) if script else None
    return loop is not None and not _LEAVES.search(script or "", loop.end())


def finishes(service: Service) -> bool:
    """Whether all that the service runs is known to do its work and end."""
    if loops_forever(service):
        return False
    script = script_of(service)
    if script is not None:
        commands = list(script_commands(script))
        return bool(commands) and all(map(_ends, commands))
    words = tuple(service.entrypoint or ()) + tuple(service.command or ())
    is_whole = bool(words) and not words[0].startswith("-")
    return is_whole and not is_shell(words[0]) and _ends(words)


def script_commands(script: str) -> Iterator[tuple[str, ...]]:
    """The simple commands of a script; nothing for one that cannot be read, or whose shell does not wait for it."""
    words: list[str] = []
    found: list[tuple[str, ...]] = []
    try:
        for token in tokens(script.replace("$$", "$")):
            if token.kind == "word":
                words.append(token.text)
            elif token.text == "&":
                return
            elif token.kind != "comment" and token.text not in REDIRECTIONS:
                found.append(tuple(words))
                words = []
    except Unbalanced:
        return
    found.append(tuple(words))
    yield from filter(None, map(_without_grammar, found))


def _without_grammar(words: tuple[str, ...]) -> tuple[str, ...]:
    """The command without reserved words and assignments in front of it; empty for the head of a loop."""
    while words and (words[0] in RESERVED | {"!"} or _ASSIGNMENT.match(words[0])):
        if words[0] in ("for", "case", "select"):
            return ()
        words = words[1:]
    return words


def _ends(words: Iterable[str]) -> bool:
    arguments = _behind_wrappers([word.strip("\"'") for word in words])
    if not arguments:
        return False
    name = arguments[0].rpartition("/")[2]
    rest = " ".join(arguments[1:])
    if name in client_programs() or name in OTHER_CLIENTS or name in _ending_programs():
        return True
    if name == "cat":
        return rest != ""
    if name == "sleep":
        return _SECONDS.fullmatch(rest) is not None
    pattern = (load("commands").get(name) or {}).get("ends")
    return pattern is not None and re.match(pattern, rest) is not None


def _behind_wrappers(words: list[str]) -> list[str]:
    """The words from the program on that others only start (`exec`, `bundle exec`, `npx`)."""
    passing = {*load("shell")["prefixes"], *load("entrypoints")["pass"], "npx"}
    text = " ".join(words)
    for start in load("entrypoints")["start"]:
        if text.startswith(f"{start} "):
            words = words[len(start.split()) :]
    while words and words[0].rpartition("/")[2] in passing:
        words = words[1:]
        while words and words[0].startswith("-"):
            words = words[1:]
    return words


@cache
def _ending_programs() -> frozenset[str]:
    table = load("shell")
    return frozenset((*table["harmless"], *table["ending"])) - frozenset(table["lasting"])
