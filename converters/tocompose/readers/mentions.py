"""Where a text starts a container: calls of docker, podman and nerdctl that make one, and of docker compose."""

from __future__ import annotations

import re

from tocompose.patterns import regex

_OPTIONS = r"(?:[ \t]+-\S+(?:[ \t]+(?!run|create|build|network|volume|pod)[^\s-]\S*)?)*"
_GAP = r"[ \t\\`^\n]+"
# A call that makes something of a stack.
CALL = regex(
    rf"(?<![\w.-])(?:docker|podman|nerdctl)(?:\.exe)?{_OPTIONS}{_GAP}"
    r"(?:(?:container|service)[ \t]+)?(?:run|create|build|network|volume|pod)\b"
)
# A call that starts a container: `docker run`, `docker create`, `docker service create`.
STARTING_CALL = regex(
    rf"(?<![\w.-])(?:docker|podman|nerdctl)(?:\.exe)?{_OPTIONS}{_GAP}"
    r"(?:(?:container|service)[ \t]+)?(?:run|create)[ \t\\`^\n]+(?=[^\s)])"
)
# A module of Ansible that starts a container.
MODULE = regex(r"(?:docker|podman)_container[ \t]*:")
# A call that starts what a compose file holds.
COMPOSE_CALL = regex(
    r"(?<![\w.-])(?:(?:docker|podman|nerdctl)[ \t]+compose|(?:docker|podman)-compose)\b"
    r"[^\n;|&]{0,200}?[ \t](?:up|run|start)\b"
    r"|(?<![\w.-])docker[ \t]+stack[ \t]+(?:deploy|up)\b"
)
# What may stand in front of a command in its line: a prompt's sign, settings, `sudo`, words of the shell's grammar.
_COMMAND_START = (
    r"(?:^|[;&|({!]|\b(?:then|do|else)\b)[ \t]*(?:[-@$>][ \t]*)?"
    r"(?:(?:[A-Za-z_]\w*=\S*|sudo|exec|time|nohup|env|command)[ \t]+(?:-\w+[ \t]+)*)*(?:\S*/)?"
)
_COMMAND_LINE = regex(_COMMAND_START + r"(?:docker|podman|nerdctl)\b", re.MULTILINE)


def starts_containers(text: str) -> bool:
    """Whether a docker command, or one of docker compose, that starts containers stands in the text."""
    has_call = STARTING_CALL.search(text) or COMPOSE_CALL.search(text)
    return has_call is not None


def is_command(text: str) -> bool:
    """Whether a line of the text begins with a docker command: it is code, and does not only speak of it."""
    return _COMMAND_LINE.search(text) is not None


_NAMED_CALL = regex(r"\b(docker|podman)\s+(?:container\s+)?([a-z]+)\b")
_NAME_OPTION = regex(r"\s--name[= ]([\w.-]+)")


def command_in_words(text: str) -> str:
    """What to call a command that cannot be read: its program and verb, with the name that it gives; else `this`."""
    call, name = _NAMED_CALL.search(text), _NAME_OPTION.search(text)
    if call is None:
        return "this"
    return f"`{call[1]} {call[2]}`" + (f" of {name[1]}" if name else "")
