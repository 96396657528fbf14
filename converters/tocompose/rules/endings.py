"""Whether a command does its work and ends, or goes on for ever, told from its words; a shell's from its script."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache

from tocompose.knowledge.servers import client_programs
from tocompose.knowledge.wrappers import behind_wrappers, stated_argv
from tocompose.model import Service
from tocompose.patterns import regex
from tocompose.record import replace
from tocompose.syntax.names import is_shell
from tocompose.tables import load

# Programs that run and end, beside the clients of servers.
OTHER_CLIENTS = frozenset({"certbot", "curl", "htpasswd", "wget"})
_FOREVER = regex(
    r"(?:^|[\s;&|])(?:while\s+(?:true|:|1|\[\s*1\s*\]|sleep\s+\S+)\s*(?:;|\n)|until\s+false\s*(?:;|\n)"
    r"|for\s*\(\(\s*;\s*;\s*\)\))"
)
_WAITING = regex(r"(?:^|[\s;&|])(?:until|while)\b.{1,2000}?\bsleep\b", re.DOTALL)
_LEAVES = regex(r"(?:^|[\s;&|])(?:break|exit)\b")
_ASSIGNMENT = regex(r"[A-Za-z_]\w*=")
# What a loop that only stays may hold beside.
_NOTHING = frozenset({"true", ":", "wait", "date", "echo"})
# What a container runs that is there for its volumes alone.
_NO_WORK = [("true",)]
_SHORT_SLEEP = regex(r"(?:\S*/)?sleep [0-9]{0,3}(?:\.[0-9]*)?s?")
_SLEEPS = regex(r"\bsleep\b|setInterval\(|signal\.pause\(")
_SERVES = regex(r"serve|listen|bind|http|socket|import (?!time|signal)", re.IGNORECASE)
_SECONDS = regex(r"[0-9.]+[smhd]?")
# A program of the system: by its name alone, or in a folder of the system. `bin/jobs` of a Rails app is no builtin.
_OF_SYSTEM = regex(r"(?:/(?:usr/(?:local/)?)?s?bin/)?([^/]+)")


def script_of(service: Service) -> str | None:
    """The script that the service gives to a shell; None where it runs a program itself."""
    argv_words = stated_argv(service)
    if not argv_words or not is_shell(argv_words[0]) or len(argv_words) < 2:
        return None
    return argv_words[-1]


def started_commands(service: Service) -> list[tuple[str, ...]]:
    """The commands that the service starts, from the program on that others only start (`exec`, `tini --`)."""
    script = script_of(_without_starters(service))
    if script is not None:
        commands = list(script_commands(script, in_background=True))
    else:
        commands = [stated_argv(service)]
    bare = ([word.strip("\"'") for word in command] for command in commands)
    return [tuple(arguments) for arguments in map(behind_wrappers, bare) if arguments]


def _without_starters(service: Service) -> Service:
    arguments = behind_wrappers(list(stated_argv(service)))
    return replace(service, entrypoint=None, command=tuple(arguments))


def stays_idle(service: Service) -> bool:
    """Whether the container does nothing but stay, as with `sleep infinity`, `tail -f /dev/null` or a bare shell."""
    commands = started_commands(service)
    if len(commands) == 1:
        return _only_stays(commands[0]) or commands == _NO_WORK
    if loops_forever(service):
        return all(map(_passes_time, commands))
    stays = any(_only_stays(command) and not _is_pause(command) for command in commands)
    return stays and all(_passes_time(command) or _ends(command) for command in commands)


def does_nothing(service: Service) -> bool:
    """Whether the container ends at once, as one that is there for its volumes (`true`)."""
    return started_commands(service) == _NO_WORK


def _passes_time(command: tuple[str, ...]) -> bool:
    return _only_stays(command) or command[0] in _NOTHING


def _is_pause(arguments: tuple[str, ...]) -> bool:
    """Whether the command is a short sleep between others, below a quarter of an hour."""
    return _SHORT_SLEEP.fullmatch(" ".join(arguments)) is not None


def _only_stays(arguments: tuple[str, ...]) -> bool:
    """Whether the command waits for nothing but its own end, or for a person who types."""
    name = _system_name(arguments[0])
    if len(arguments) == 1 and (is_shell(name) or name in load("shell")["prompts"]):
        return True
    if name == "cat":
        return len(arguments) == 1
    return name in load("shell")["idle"] or _only_sleeps(arguments)


def _only_sleeps(arguments: tuple[str, ...]) -> bool:
    """Whether an interpreter is given a line that sleeps and serves nothing (`python -c 'time.sleep(10**9)'`)."""
    is_line = len(arguments) > 2 and arguments[1] in ("-c", "-e")
    return (
        is_line
        and _SLEEPS.search(arguments[2]) is not None
        and not _SERVES.search(arguments[2])
    )


def loops_forever(service: Service) -> bool:
    """Whether the service is a script that does something again and again (`while sleep 60; do …; done`)."""
    script = script_of(service)
    loop = _FOREVER.search(script) if script else None
    return loop is not None and not _LEAVES.search(script or "", loop.end())


def waits_in_loop(service: Service) -> bool:
    """Whether the service is a script that waits for something in a loop (`until curl …; do sleep 5; done`)."""
    script = script_of(service)
    return script is not None and _WAITING.search(script) is not None


def finishes(service: Service) -> bool:
    """Whether all that the service runs is known to do its work and end."""
    if loops_forever(service):
        return False
    script = script_of(service)
    if script is not None:
        commands = list(script_commands(script))
        return bool(commands) and all(map(_ends, commands))
    argv_words = stated_argv(service)
    is_whole = bool(argv_words) and not argv_words[0].startswith("-")
    return is_whole and not is_shell(argv_words[0]) and _ends(argv_words)


def script_commands(script: str, in_background: bool = False) -> Iterator[tuple[str, ...]]:
    """The simple commands of a script; nothing for one that cannot be read, or whose shell does not wait for it.

    With `in_background` those are there too for which the shell does not wait.
    """
    # Few services are scripts: a run without one need not load the reader of shells.
    from tocompose.readers.words import REDIRECTIONS, Unbalanced, tokens

    command_words: list[str] = []
    found: list[tuple[str, ...]] = []
    try:
        for token in tokens(script.replace("$$", "$")):
            if token.kind == "word":
                command_words.append(token.text)
            elif token.text == "&" and not in_background:
                return
            elif token.kind != "comment" and token.text not in REDIRECTIONS:
                found.append(tuple(command_words))
                command_words = []
    except Unbalanced:
        return
    found.append(tuple(command_words))
    yield from filter(None, map(_without_grammar, found))


def _without_grammar(command_words: tuple[str, ...]) -> tuple[str, ...]:
    """The command without reserved words and assignments in front of it; empty for the head of a loop."""
    from tocompose.readers.commands import RESERVED

    while command_words and (
        command_words[0] in RESERVED | {"!"} or _ASSIGNMENT.match(command_words[0])
    ):
        if command_words[0] in ("for", "case", "select"):
            return ()
        command_words = command_words[1:]
    return command_words


def _ends(command_words: Iterable[str]) -> bool:
    arguments = behind_wrappers([word.strip("\"'") for word in command_words])
    if not arguments:
        return False
    name = arguments[0].rpartition("/")[2]
    rest = " ".join(arguments[1:])
    system_name = _system_name(arguments[0])
    if name in client_programs() or name in OTHER_CLIENTS:
        return not goes_on(name, rest)
    if system_name in _ending_programs():
        return True
    if system_name == "cat":
        return rest != ""
    if system_name == "sleep":
        return _SECONDS.fullmatch(rest) is not None
    pattern = load("shell")["ending_when"].get(name)
    pattern = pattern or (load("commands").get(name) or {}).get("ends")
    return pattern is not None and re.match(pattern, rest) is not None


def goes_on(client: str, arguments: str) -> bool:
    """Whether a client of a server is told to go on until somebody stops it (`redis-cli monitor`)."""
    pattern = load("shell")["lasting_clients"].get(client)
    return pattern is not None and re.match(pattern, arguments) is not None


def _system_name(program: str) -> str:
    """The name of a program of the system; empty for one at another place, whatever it is called."""
    match = _OF_SYSTEM.fullmatch(program)
    return match[1] if match else ""


@cache
def _ending_programs() -> frozenset[str]:
    table = load("shell")
    return frozenset((*table["harmless"], *table["ending"])) - frozenset(table["lasting"])
