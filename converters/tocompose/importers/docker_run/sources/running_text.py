"""Commands in running text and tables: those that start a part of the stack are read, the others are named."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tocompose.importers.docker_run.invocation import Argument, Invocation
from tocompose.importers.docker_run.options import (
    CommandLine,
    flag_rows,
    parse_command_line,
    program_name,
)
from tocompose.importers.docker_run.shell.state import Shell
from tocompose.ledger import Cursor

_STARTING_VERBS = ("run", "create")


def read_mention(shell: Shell, cursor: Cursor) -> None:
    """Reads a command that runs a named container in the background; one of an image that is started already says
    nothing new, and of any other a note says that it was not read."""
    text, code = cursor.at("text"), cursor.at("code")
    line = _command_line(text)
    if line is None or not line.operands:
        cursor.skip("a command of documentation that starts no container of its own")
    elif _is_started(shell, line):
        cursor.skip("it is about a container that another command starts")
    elif line.has_switch("--detach") and line.value_of("--name") is not None:
        text.note("TC038")
        shell.run(code)
    else:
        text.note("TC033")
        code.mark_noted("TC033")


def _command_line(text: Cursor) -> CommandLine | None:
    """The options and operands of a run or create; None for another command."""
    line_words = re.findall(r"(?:\"[^\"]*\"|'[^']*'|\S)+", text.peek() or "")
    starts = (at for at, word in enumerate(line_words) if word in _STARTING_VERBS)
    verb_at = next(starts, None)
    if verb_at is None:
        return None
    arguments = (Argument(word, text.value_span) for word in line_words[verb_at + 1 :])
    return parse_command_line(tuple(arguments), flag_rows("run", "podman"))


class _StartedNames:
    """The names and images of the containers that the steps of a script start, each step looked at once."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.unnamed_images: set[str] = set()
        self.images: set[str] = set()
        self._count = 0

    def read_steps(self, steps: Sequence[object]) -> None:
        """Takes in the steps that came since it was last asked."""
        for step in steps[self._count :]:
            if isinstance(step, Invocation) and step.verb[-1] in _STARTING_VERBS:
                self._add(parse_command_line(step.arguments, flag_rows("run", "podman")))
        self._count = len(steps)

    def _add(self, line: CommandLine) -> None:
        name = line.value_of("--name")
        images = {_repository(operand.text) for operand in line.operands[:1]}
        self.images |= images
        if name is None:
            self.unnamed_images |= images
        else:
            self.names.add(name.text)


def _is_started(shell: Shell, line: CommandLine) -> bool:
    """Whether a step starts a container of that name, or of that image where one of the two has no name."""
    started = shell.settings.setdefault("started", _StartedNames())
    assert isinstance(started, _StartedNames)
    started.read_steps(shell.steps)
    name, image = line.value_of("--name"), _repository(line.operands[0].text)
    if name is None:
        return image in started.images
    return name.text in started.names or image in started.unnamed_images


def _repository(image: str) -> str:
    return program_name(image).partition(":")[0]
