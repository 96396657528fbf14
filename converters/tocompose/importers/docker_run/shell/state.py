"""The state of the shell for which a script is read: variables, folder, functions, and what was found so far."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeAlias

from tocompose.importers.docker_run.invocation import (
    Argument,
    Invocation,
    Script,
    WaitLoop,
    WrittenFile,
)
from tocompose.importers.docker_run.shell.expansion import (
    LONGEST_VALUE,
    WordContext,
    expand_atoms,
    expand_word,
    word_value,
)
from tocompose.importers.docker_run.shell.variables import (
    KeptVariables,
    OpenVariable,
    Scope,
    Value,
)
from tocompose.knowledge.secrets.commands import without_script_secrets
from tocompose.knowledge.secrets.names import hints_at_secret, secret_name
from tocompose.ledger import Cursor, Ledger
from tocompose.patterns import regex
from tocompose.project import Project, normal_path
from tocompose.readers.systemd import atoms
from tocompose.readers.templates import template_atoms
from tocompose.readers.text import decode
from tocompose.record import NamedTuple
from tocompose.source import Span
from tocompose.syntax.interpolation import literal
from tocompose.syntax.make_functions import TEXT_FUNCTIONS

MOST_STATEMENTS = 15_000
# What a command prints, a placeholder, an expression of a template: an empty value is never what is meant.
_ONLY_OTHERS_KNOW = frozenset({"TC031", "TC152", "TC153"})


class Unknowable(ValueError):
    """What a substitution prints cannot be known without running it."""


class Jump(NamedTuple):
    """Where `break`, `continue`, `return` or `exit` leads; `levels` counts the loops that it leaves."""

    kind: str
    levels: int = 1


# What a shell script is called where it keeps what the stack does not run.
SCRIPT = "the script"

Handler: TypeAlias = Callable[["Shell", Cursor], None]
Substitute: TypeAlias = Callable[["Shell", str, Cursor, int], Value]


class Shell:
    """Reads statements one after the other; each kind of statement has its handler."""

    def __init__(
        self,
        project: Project,
        ledger: Ledger,
        path: str,
        handlers: Mapping[str, Handler],
        substitute: Substitute,
        kept_variables: KeptVariables | None = None,
    ) -> None:
        self.project = project
        self.ledger = ledger
        self.path = path
        self.handlers = handlers
        self._substitute = substitute
        self.scope = Scope()
        self.directory = "."
        # Whether the script goes to a folder by its own path, or it was said which one was taken for its start.
        self.knows_folder = False
        self.steps: list[Invocation | WaitLoop] = []
        self.files: list[WrittenFile] = []
        self.functions: dict[str, Cursor] = {}
        # Short names for commands, each with the line of its definition, from whose end on it holds.
        self.aliases: dict[str, tuple[str, int]] = {}
        self.reads_aliases = False
        self.called_functions: set[str] = set()
        self.calling: tuple[str, ...] = ()
        self.kept_variables = kept_variables or KeptVariables()
        self.variables: dict[str, str | None] = {}
        # What the script ends without: names of variables, and parameters as it writes them (`$1`).
        self.demanded: set[str] = {"%i"}
        # The commands that print the values of variables.
        self.printing_commands: dict[str, str] = {}
        self.assigned: list[Cursor] = []
        self.used: set[tuple[object, ...]] = set()
        self.settings: dict[str, object] = {}
        self.polled = False
        self.testing = False
        self.exporting = False
        # What a command said that goes on elsewhere; nothing runs until a loop, a function or the end takes it.
        self.jump: Jump | None = None
        self.unreached: list[Cursor] = []
        # Whether a failing command ends the script (`set -e`).
        self.ends_on_failure = False
        # Branches being read of which it is not known whether they run.
        self.undecided = 0
        # For each function being read, what its local variables held before.
        self.locals: list[dict[str, Value | None]] = []
        # What the script wrote or made, by path: the content where it is known.
        self.made_files: dict[str, Value | None] = {}
        # Steps of branches that do not run where nobody sets what they ask for, with the branch and its condition.
        self.unlikely: list[tuple[Invocation, Cursor, str]] = []
        # Code that starts containers on another machine: the command that carries it there, the code, and its program.
        self.remote_codes: list[tuple[Cursor, Value, str]] = []
        # The variables that select another engine, of which a note told already.
        self.engine_variables: set[str] = set()
        # What is printed inside a substitution; None outside of one.
        self.output: list[Value] | None = None
        # Whether a substitution may start containers, whose steps are then the script's.
        self.collecting = False
        # The lines that a loop has still to read.
        self.lines: list[Value] | None = None
        # Variables that are declared to be whole numbers.
        self.integers: set[str] = set()
        # Variables that are declared to be associative arrays.
        self.maps: set[str] = set()
        # Whether a pipe fails where one of its commands does (`set -o pipefail`).
        self.fails_in_pipes = False
        # What the script runs when it ends (`trap … EXIT`).
        self.exit_code: Value | None = None
        # The functions being read, each with its arguments.
        self.calls_in_progress: list[tuple[str, ...]] = []
        self.variable = ""
        self.spent = 0
        # Where the script went on when it had carried out more statements than any needs.
        self.cut_at: Span | None = None
        self.piped: Value | None = None
        self.read_files: set[str] = set()

    def run(self, cursor: Cursor) -> None:
        """Reads one statement, unless a jump leads past it."""
        if self.jump is not None:
            self.unreached.append(cursor)
            return
        self.spent += 1
        if self.spent > MOST_STATEMENTS:
            self.cut_at = self.cut_at or cursor.span
            self.jump = Jump("exit")
            return
        handler = self.handlers.get(cursor.kind) or self.handlers["unknown"]
        handler(self, cursor)

    def run_all(self, cursor: Cursor) -> bool:
        """Whether the statements of a body, read in order, hold a step of the script."""
        steps_before = len(self.steps)
        for statement in cursor:
            self.run(statement)
            if self.ends_on_failure and self.status and _may_end(self, statement):
                self.jump = self.jump or Jump("exit")
        return len(self.steps) > steps_before

    @property
    def status(self) -> int | None:
        """The exit status of the last command; None where it is not known."""
        return self.scope.status

    @status.setter
    def status(self, status: int | None) -> None:
        """Sets the exit status of the last command."""
        self.scope.status = status

    def land(self, *kinds: str) -> Jump | None:
        """The jump that ends here because it is of one of these kinds; it is then over."""
        jump = self.jump
        if jump is None or jump.kind not in kinds:
            return None
        self.jump = None
        return jump

    @property
    def word_context(self) -> WordContext:
        """Where words are expanded now."""
        return WordContext(
            self.scope, self.directory, self.path, partial(self._substitute, self)
        )

    @contextmanager
    def inner(self, scope: Scope | None = None) -> Iterator[None]:
        """Reads what follows in a scope and folder of its own, both forgotten afterwards."""
        surroundings = self.scope, self.directory
        self.scope = scope or self.scope.copy()
        yield
        status = self.status
        self.scope, self.directory = surroundings
        self.status = status

    @contextmanager
    def mode(self, **flags: bool) -> Iterator[None]:
        """Reads what follows with some of `polled`, `testing`, `exporting` set."""
        flags_before = {name: getattr(self, name) for name in flags}
        for name, flag in flags.items():
            setattr(self, name, flag)
        yield
        for name, flag in flags_before.items():
            setattr(self, name, flag)

    def expand_fields(self, cursor: Cursor) -> tuple[Value, ...]:
        """The fields of one word, its own place among their sources; a word that gives none is settled."""
        raw = cursor.peek() or ""
        if cursor.style == "literal":
            return (Value(raw.replace("$", "$$"), (cursor,)),)
        if cursor.style == "template":
            expanded = expand_atoms(template_atoms(raw), cursor, self.word_context)
        elif cursor.style == "systemd":
            expanded = expand_atoms(atoms(raw), cursor, self.word_context)
        else:
            expanded = expand_word(raw, cursor, self.word_context)
        if expanded.unknown:
            cursor.note("TC155", written=shown(raw))
        elif not expanded.fields:
            cursor.skip("the word expands to nothing")
        return tuple(with_source(field, cursor) for field in expanded.fields)

    def value_of(self, raw: str, cursor: Cursor) -> Value:
        """What a word gives that is not a leaf of its own, at a place of the source."""
        return word_value(raw, cursor, self.word_context)

    def fields_of(self, raw: str, cursor: Cursor) -> tuple[Value, ...]:
        """The fields of a word that is not a leaf of its own, at a place of the source."""
        expanded = expand_word(raw, cursor, self.word_context)
        return tuple(with_source(field, cursor) for field in expanded.fields)

    def has_file(self, path: str) -> bool:
        """Whether the project has the file, or the script made it before."""
        name = self._path_of(path)
        return name in self.made_files or self.project.exists(name)

    def make_file(self, path: str, content: Value | None = None) -> None:
        """Remembers that the script makes a file."""
        self.made_files[self._path_of(path)] = content

    def content_of(self, path: str) -> Value | None:
        """What the script wrote to a file, where that is known."""
        return self.made_files.get(self._path_of(path))

    def text_of(self, path: str) -> Value | None:
        """The text of a file as the script wrote it, else as the project has it; None where there is none."""
        if self._path_of(path) in self.made_files:
            return self.content_of(path)
        path_below = normal_path(self._path_of(path))
        data = (self.project.read(path_below) if path_below else None) or b""
        text = decode(data) if 0 < len(data) <= LONGEST_VALUE else None
        return None if text is None else Value(literal(text))

    def read_file(self, path: str) -> bytes | None:
        """A file as the script wrote it, else as the project has it."""
        content = self.content_of(path)
        if content is not None:
            return content.text.replace("$$", "$").encode()
        return self.project.read(path)

    def _path_of(self, path: str) -> str:
        return posixpath.normpath(posixpath.join(self.directory, path))

    def value(self, cursor: Cursor, *, quoted: bool = False) -> Value:
        """What a word gives where it is not split."""
        raw = cursor.peek() or ""
        return with_source(
            word_value(raw, cursor, self.word_context, quoted=quoted), cursor
        )

    def to_argument(self, field: Value, cursor: Cursor) -> Argument:
        """The field as a word of an invocation."""
        self.used.update((*source.path, source.span) for source in field.sources)
        return Argument(field.text, cursor.value_span, field.sources)

    def keep_open(self, opens: Iterable[OpenVariable]) -> None:
        """Records the variables that stay open in a word that is carried over, with the note each asks for."""
        for variable in opens:
            if self.variables.get(variable.name) is None:
                self.variables[variable.name] = variable.value
            facts: dict[str, Any] = dict(variable.facts)
            if variable.code in _ONLY_OTHERS_KNOW or facts.get("written") in self.demanded:
                self.demanded.add(variable.name)
            if variable.code == "TC152":
                self.printing_commands.setdefault(variable.name, facts["command"])
            if variable.code and variable.cursor is not None:
                variable.cursor.annotate(variable.code, **facts)

    def to_script(self) -> Script:
        """What was found; assignments that no docker command used are settled."""
        for cursor in self.assigned:
            if (*cursor.path, cursor.span) not in self.used:
                cursor.skip("no docker command uses this variable")
        return Script(
            tuple(self.steps),
            dict(self.variables),
            tuple(self.files),
            self.path,
            secrets=tuple(filter(secret_name, self.variables)),
            demanded=tuple(sorted(self.demanded)),
            printing_commands=tuple(self.printing_commands.items()),
        )


def _may_end(shell: Shell, statement: Cursor) -> bool:
    """Whether `set -e` looks at the statement: not at conditions, nor at lists of commands."""
    return not shell.testing and statement.kind in ("command", "pipeline", "subshell")


def with_source(field: Value, cursor: Cursor) -> Value:
    """The field with the word that it stands in as its first source."""
    return field._replace(
        sources=(
            cursor,
            *(source for source in field.sources if source.span != cursor.span),
        )
    )


# What comes after such a word in a command is not shown: it may be a password.
_SHORT_PASSWORD = regex(
    r"^(?:mysql\w*|mariadb\w*|sshpass|redis-cli|smbclient|curl|wget|http)$"
)


_CREDENTIALS = regex(r"://[^/\s]*@")


def shown(text: str) -> str:
    """Source text in a form fit for a note: one line, short, and without what may be a secret value."""
    shown_words: list[str] = []
    tokens = without_script_secrets(text).split()
    for index, token in enumerate(tokens, start=1):
        if shown_words and shown_words[0] in TEXT_FUNCTIONS:
            # What a function of make is given has no name that says what it is.
            shown_words.append("…")
            break
        if hints_at_secret(token) or _CREDENTIALS.search(token):
            first_part = re.split(r"[=:]", token)[0]
            is_whole = token == first_part and index == len(tokens)
            shown_words += [first_part, *([] if is_whole else ["…"])]
            break
        if token.startswith("-") and any(
            _SHORT_PASSWORD.match(shown_word) for shown_word in shown_words
        ):
            shown_words.append("…")
            break
        shown_words.append(token)
    line = " ".join(shown_words)
    return line if len(line) <= 80 else line[:79] + "…"
