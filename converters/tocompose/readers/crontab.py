"""Reads a crontab: for each of its lines when it runs, and its command as shell text.

https://man7.org/linux/man-pages/man5/crontab.5.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tocompose.patterns import regex
from tocompose.readers import shell
from tocompose.readers.text import Text, without_returns
from tocompose.source import Branch, Child, Leaf, Node

_LINE = regex(
    r"^[ \t]*-?(?P<when>@\w+|(?:[\w*/,?#~-]+[ \t]+){4}[\w*/,?#~-]+)[ \t]+(?P<command>[^\n]+)$",
    re.MULTILINE,
)
_SETTING = regex(r"^[ \t]*[A-Za-z_]\w*[ \t]*=[^\n]*$", re.MULTILINE)
# In a script, where each other line is a command: one that starts with times, whose first three are numbers.
_BARE_LINE = regex(
    r"^[ \t]*(?P<when>@(?:reboot|hourly|daily|midnight|weekly|monthly|annually|yearly)"
    r"|(?:[\d*][\d*/,-]*[ \t]+){3}[\w*][\w*/,-]*[ \t]+[\w*][\w*/,-]*)[ \t]+(?P<command>[^\n]+)$",
    re.MULTILINE,
)
# Tables of the system have a column for the user in front of the command.
_USER = regex(r"(?P<user>[a-z_][a-z0-9_-]*)[ \t]+(?=\S)")
_SYSTEM_TABLE = regex(r"(?:^|/)(?:cron\.d/[^/]+|etc/crontab)$")
_COMMAND_WORDS = regex(r"(?:docker|podman|nerdctl|sudo|/\S+)[ \t]")


def read(source: Text) -> Branch:
    """A `script` of the settings and of one `scheduled` branch for each line that starts something."""
    text = without_returns(source)
    nodes = sorted((*_settings(text), *_entries(text)), key=lambda node: node.span)
    children = tuple(Child(index, node.span, node) for index, node in enumerate(nodes))
    return Branch("script", children, text.span(0, len(text.text)))


def _settings(text: Text) -> Iterator[Node]:
    for match in _SETTING.finditer(text.text):
        tree = shell.read(text.cut(*match.span()))
        yield from (child.node for child in tree.children)


def with_bare_lines(script: Branch, text: Text) -> Branch:
    """The tree of a shell script in which lines of a crontab between the commands, are read as such."""
    found_lines = _BARE_LINE.finditer(text.text)
    matches = {text.place(match.start("when")): match for match in found_lines}
    children: list[Child] = []
    read_line = 0
    for child in script.children:
        span = child.node.span
        match = matches.get((span.line, span.column))
        if match is not None and span.end_line == span.line:
            job = _scheduled_branch(text, match)
            children.append(Child(child.key, job.span, job))
            read_line = span.line
        elif span.line != read_line:
            children.append(child)
    return Branch(script.kind, tuple(children), script.span)


def _entries(text: Text) -> Iterator[Node]:
    for match in _LINE.finditer(text.text):
        yield _scheduled_branch(text, match)


def _scheduled_branch(text: Text, match: re.Match[str]) -> Branch:
    """The `scheduled` branch of one line."""
    start = match.start("command") + _user_length(text.file, match["command"])
    when = Leaf(match["when"], text.span(*match.span("when")))
    code = shell.read(_command_text(text.cut(start, match.end("command"))))
    children = (Child("when", when.span, when), Child("code", code.span, code))
    return Branch("scheduled", children, when.span.to(code.span))


def _user_length(file: str, command: str) -> int:
    """How many characters in front of the command name the user that runs it."""
    match = _USER.match(command)
    if match is None or _COMMAND_WORDS.match(command):
        return 0
    is_user = _SYSTEM_TABLE.search(file) or _COMMAND_WORDS.match(command, match.end())
    return match.end() if is_user and match["user"] not in _STARTERS else 0


_STARTERS = frozenset(
    {
        "env",
        "exec",
        "nice",
        "ionice",
        "nohup",
        "time",
        "timeout",
        "flock",
        "cd",
        "test",
        "sleep",
    }
)


def _command_text(command: Text) -> Text:
    r"""The command without the backslash that cron wants before `%`."""
    return command.edited(
        (match.start(), match.end(), "%") for match in re.finditer(r"\\%", command.text)
    )
