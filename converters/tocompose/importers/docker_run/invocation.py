"""Docker commands as a script states them, its variables, loops and functions worked out."""

from __future__ import annotations

from typing import Any, TypeGuard

from tocompose.ledger import Cursor
from tocompose.record import NamedTuple
from tocompose.source import Span
from tocompose.syntax.interpolation import Variable, literal, replace_variables
from tocompose.syntax.model_path import ROOT, ModelPath


class Argument(NamedTuple):
    """One argument after expansion.

    `text` is as Compose reads it: a literal `$` is doubled, what is unknown until run time is `${NAME}` or
    `${NAME:-default}`. `sources` are the places that it came from: the word itself and the assignments it uses.
    """

    text: str
    span: Span
    sources: tuple[Cursor, ...] = ()

    @property
    def written(self) -> str:
        """The word as the source writes it; empty for one that stands nowhere."""
        return (self.sources[0].peek() or "") if self.sources else ""

    def take(self, to: ModelPath) -> str:
        """The text, counted as mapped to the model path `to`."""
        for source in self.sources:
            source.map(to=to)
        return self.text

    def note(self, code: str, *, subject: ModelPath = ROOT, **facts: Any) -> None:
        """Says a note at this word, and counts it as noted."""
        for index, source in enumerate(self.sources):
            if index == 0:
                source.note(code, subject=subject, **facts)
            else:
                source.mark_noted(code)

    def annotate(self, code: str, *, subject: ModelPath = ROOT, **facts: Any) -> None:
        """Says a note at this word without settling it."""
        for source in self.sources[:1]:
            source.annotate(code, subject=subject, **facts)

    def mark_noted(self, code: str) -> None:
        """Counts the word as noted by a note that is said elsewhere."""
        for source in self.sources:
            source.mark_noted(code)

    def skip(self, why: str) -> None:
        """Counts the word as ignored for the reason given."""
        for source in self.sources:
            source.skip(why)

    def with_text(self, text: str) -> Argument:
        """A piece of this word, with the same sources."""
        return self._replace(text=text)


class Invocation(NamedTuple):
    """One call of docker or podman.

    `verb` is `("run",)`, `("network", "create")` …, always the long way without `container`. `variable` is the shell
    variable that takes its output (`ID=$(docker run …)`). `polled` says that a loop repeats it until it succeeds.
    `head` are the words up to and with the verb (`sudo docker -H x run`), settled already. Later words that use
    `variable` hold `${variable}`, which is the container and not a variable of Compose.

    `directory` is the folder the command runs in, from the folder where the script starts. `environment` holds the
    exported variables that the arguments pass on by name (`-e NAME`). `stdin` is a here-document, `input_file` the file
    that a build reads in its place (`docker build - < Dockerfile`). `waits` says that the
    script goes on only when the command has ended, `renamed` what its container is called in the end, `undecided` that
    it may not run at all, `is_removed` that the script removes its container again before it starts others. `restart`,
    `after` and `unit` come from a systemd unit: its `Restart=`, the units it starts after, its own name. `alias` is
    what others call the container where the source says so and the command itself has no `--name`; of a network or
    volume, the name that the engine shall know it by.
    """

    tool: str
    verb: tuple[str, ...]
    arguments: tuple[Argument, ...]
    span: Span
    head: tuple[Argument, ...] = ()
    variable: str = ""
    polled: bool = False
    restart: str = ""
    after: tuple[str, ...] = ()
    unit: str = ""
    schedule: str = ""
    alias: str = ""
    directory: str = "."
    environment: tuple[tuple[str, Argument], ...] = ()
    stdin: Argument | None = None
    waits: bool = False
    renamed: str = ""
    undecided: bool = False
    is_removed: bool = False
    input_file: Argument | None = None

    def skip(self, why: str) -> None:
        """Settles all arguments as left out on purpose."""
        for argument in self.arguments:
            argument.skip(why)

    def mark_noted(self, code: str) -> None:
        """Counts all arguments as noted by a note that is said elsewhere."""
        for argument in self.arguments:
            argument.mark_noted(code)


# What makes a container by a command of its own.
STARTING_VERBS = (("run",), ("create",))


def starts_container(step: object) -> TypeGuard[Invocation]:
    """Whether a step of a script is `docker run` or `docker create`."""
    return isinstance(step, Invocation) and step.verb in STARTING_VERBS


class WaitLoop(NamedTuple):
    """A loop that repeats a command until it succeeds, such as `until nc -z db 5432; do sleep 1; done`."""

    arguments: tuple[Argument, ...]
    span: Span


class WrittenFile(NamedTuple):
    """A file that the script writes with constant content (`cat > path <<EOF`); `append` for `>>`."""

    path: Argument
    body: Argument
    span: Span
    append: bool = False


class Script(NamedTuple):
    """What a source file does, in its order, and the variables that stay open in it.

    `variables` maps each `${NAME}` used in some word of a command that makes something to its value in the script (raw
    text; for `${NAME:-value}` that value), or None when the script does not say it. Each variable without a value
    was noted already where it stands. `secrets` are those of them that hold a secret by their name, `demanded` those
    without which the script would not go on, or that only a command or its reader can fill in. `printing_commands` are
    the commands that print the values of variables.
    """

    steps: tuple[Invocation | WaitLoop, ...]
    variables: dict[str, str | None]
    files: tuple[WrittenFile, ...] = ()
    path: str = ""
    secrets: tuple[str, ...] = ()
    demanded: tuple[str, ...] = ()
    printing_commands: tuple[tuple[str, str], ...] = ()

    def fill_values(self, text: str) -> str:
        """The text with every variable whose value the script says replaced by that value, for names of things."""
        return replace_variables(text, self._value_of)

    def _value_of(self, variable: Variable) -> str:
        value = self.variables.get(variable.name)
        if value is not None:
            return literal(value)
        default = variable.default
        return variable.source if default is None else self.fill_values(default)
