"""What a script's variables hold while it is read, as far as that can be known without running it."""

from __future__ import annotations

import re
from typing import NamedTuple

from tocompose.knowledge.secrets.names import secret_name
from tocompose.ledger import Cursor
from tocompose.syntax.interpolation import plain
from tocompose.syntax.names import variable_name


class OpenVariable(NamedTuple):
    """A variable that stays in the output: its name, what the script says it is (None: nothing), and the note to give.

    `code` is empty when the variable needs no note of its own; `facts` fill the note in.
    """

    name: str
    value: str | None
    code: str = ""
    cursor: Cursor | None = None
    facts: tuple[tuple[str, str], ...] = ()


class Value(NamedTuple):
    """What an expansion gives: `text` as Compose reads it, the places it came from, and the variables still open in it.

    `items` are the words of an array or of text that is split by its own quotes. `unknown` says that even the number
    of words is not known. `raw` is shell source that is only read where it is used, as make's variables are.
    """

    text: str
    sources: tuple[Cursor, ...] = ()
    opens: tuple[OpenVariable, ...] = ()
    items: tuple[Value, ...] | None = None
    unknown: bool = False
    raw: str | None = None
    exported: bool = False

    @property
    def plain(self) -> str | None:
        """The value itself, None when a variable is open in it."""
        return None if self.unknown or self.items is not None else plain(self.text)


NOTHING = Value("")


class Scope:
    """The variables and positional parameters at one point of a script."""

    def __init__(
        self,
        variables: dict[str, Value] | None = None,
        arguments: tuple[Value, ...] | None = None,
    ) -> None:
        self.variables = dict(variables or {})
        self.arguments = arguments
        self.exports: set[str] = set()
        # The exit status of the last command; None where it is not known.
        self.status: int | None = 0

    def copy(self) -> Scope:
        """The same scope, to be changed on its own."""
        twin = Scope(self.variables, self.arguments)
        twin.exports = set(self.exports)
        twin.status = self.status
        return twin

    def for_call(self, arguments: tuple[Value, ...] | None) -> Scope:
        """The scope inside a function that is called with the arguments; None when they are not known."""
        scope = self.copy()
        scope.arguments = arguments
        return scope

    def get(self, name: str) -> Value | None:
        """What the variable holds; None when the script did not set it."""
        return self.variables.get(name)

    def restore(self, name: str, value: Value | None) -> None:
        """Gives the variable the value that it had before, None for none."""
        if value is None:
            self.variables.pop(name, None)
        else:
            self.variables[name] = value

    def set(self, name: str, value: Value) -> None:
        """Gives the variable a value."""
        self.variables[name] = value


class KeptVariables:
    """The variables that are kept open although the script says their value, so that it can be changed in `.env`."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}
        self._commands: dict[str, str] = {}

    def keep(self, name: str, value: Value, *, exported: bool) -> Value:
        """The value under its own name where that is a secret or an exported setting, else the value unchanged."""
        text = value.plain
        if not text or value.raw is not None or re.search(r"^-|\s", text):
            return value
        if secret_name(name):
            free_name = _free_name(self._values, variable_name(name), text)
            expression = f"${{{free_name}}}"
        elif exported and name.isupper() and not set(text) & set("}$"):
            free_name = _free_name(self._values, name, text)
            expression = f"${{{free_name}:-{text}}}"
        else:
            return value
        opens = (*value.opens, OpenVariable(free_name, text))
        return value._replace(text=expression, opens=opens)

    def name_for_command(self, name: str, command: str) -> str:
        """The name for what a command gives, or the first of `NAME_2` … that does not stand for another command."""
        return _free_name(self._commands, name, command)


def _free_name(meanings: dict[str, str], name: str, meaning: str) -> str:
    """The name, or the first of `NAME_2`, `NAME_3` … that does not mean anything else yet."""
    candidate, number = name, 2
    while meanings.setdefault(candidate, meaning) != meaning:
        candidate, number = f"{name}_{number}", number + 1
    return candidate
