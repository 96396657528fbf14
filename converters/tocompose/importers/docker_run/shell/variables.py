"""What a script's variables hold while it is read, as far as that can be known without running it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from tocompose.knowledge.secrets.names import secret_name
from tocompose.ledger import Cursor
from tocompose.record import NamedTuple
from tocompose.syntax.interpolation import literal, plain, substitute, variable_names
from tocompose.syntax.names import variable_name
from tocompose.syntax.units import is_whole_number


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
        # Names that stand for other variables (`declare -n`).
        self.references: dict[str, str] = {}
        # The exit status of the last command; None where it is not known.
        self.status: int | None = 0
        # What open variables are by default, by their names, while these are taken; None while they stay open.
        self.taken_defaults: dict[str, str] | None = None

    def copy(self) -> Scope:
        """The same scope, to be changed on its own."""
        twin = Scope(self.variables, self.arguments)
        twin.exports = set(self.exports)
        twin.references = dict(self.references)
        twin.status = self.status
        twin.taken_defaults = self.taken_defaults
        return twin

    def for_call(self, arguments: tuple[Value, ...] | None) -> Scope:
        """The scope inside a function that is called with the arguments; None when they are not known."""
        scope = self.copy()
        scope.arguments = arguments
        return scope

    def for_program(self, arguments: tuple[Value, ...] | None) -> Scope:
        """The scope of a shell that is started with the arguments: it gets what is exported, and what make fills in."""
        scope = self.for_call(arguments)
        scope.variables = {
            name: value
            for name, value in self.variables.items()
            if name in self.exports or value.raw is not None
        }
        return scope

    def get(self, name: str) -> Value | None:
        """What the variable holds; None when the script did not set it."""
        return self.variables.get(self._own_name(name))

    def _own_name(self, name: str) -> str:
        """The name of the variable itself, for one that stands for it."""
        if not self.references:
            return name
        base, bracket, index = name.partition("[")
        return self.references.get(base, base) + bracket + index

    def elements(self, name: str) -> dict[str, Value]:
        """The elements of an array by their keys, those of a plain variable by its one index."""
        name = self._own_name(name)
        prefix = f"{name}["
        keyed_elements = {
            variable[len(prefix) : -1]: value
            for variable, value in self.variables.items()
            if variable.startswith(prefix)
        }
        array = self.variables.get(name)
        if keyed_elements or array is None:
            return keyed_elements
        elements = array.items
        if elements is None:
            elements = (array,) if array.text else ()
        return {str(number): element for number, element in enumerate(elements)}

    def has_keys(self, name: str) -> bool:
        """Whether the elements of an array were given one by one."""
        prefix = f"{self._own_name(name)}["
        return any(variable.startswith(prefix) for variable in self.variables)

    def lacks_element(self, name: str, index: str) -> bool:
        """Whether an array whose keys are all known has none of that name."""
        if index in ("", "@", "*") or index.startswith("-"):
            return False
        return self.has_keys(name) and index not in self.elements(name)

    def set_elements(self, name: str, elements: dict[str, Value]) -> None:
        """Makes these the elements of an array."""
        self.forget_elements(name)
        name = self._own_name(name)
        if all(map(is_whole_number, elements)):
            elements = dict(sorted(elements.items(), key=lambda pair: int(pair[0])))
        for key, value in elements.items():
            self.variables[f"{name}[{key}]"] = value
        self.variables[name] = Value("", items=tuple(elements.values()))

    def forget_elements(self, name: str) -> None:
        """Forgets the elements that were given one by one."""
        prefix = f"{self._own_name(name)}["
        for variable in [key for key in self.variables if key.startswith(prefix)]:
            del self.variables[variable]

    def restore(self, name: str, value: Value | None) -> None:
        """Gives the variable the value that it had before, None for none."""
        if value is None:
            self.variables.pop(name, None)
        else:
            self.variables[name] = value

    @contextmanager
    def taking_defaults(self) -> Iterator[dict[str, str]]:
        """Gives open variables what the script says they are by default; gives back which were needed."""
        outer_defaults, self.taken_defaults = self.taken_defaults, {}
        yield self.taken_defaults
        self.taken_defaults = outer_defaults

    def settle_open(self, value: Value) -> Value:
        """The value with the defaults of what is open in it, where these are taken and all are stated."""
        stated = {variable.name: variable.value for variable in value.opens}
        if self.taken_defaults is None or not stated or None in stated.values():
            return value
        texts = {name: text for name, text in stated.items() if text is not None}
        if not set(variable_names(value.text)) <= texts.keys():
            return value
        self.taken_defaults |= texts
        return value._replace(text=literal(substitute(value.text, texts)), opens=())

    @contextmanager
    def while_set(self, values: Mapping[str, Value]) -> Iterator[None]:
        """Gives variables the values that stand in front of a command, exported, for as long as it runs."""
        held = {name: self.variables.get(name) for name in values}
        new_exports = values.keys() - self.exports
        self.variables |= values
        self.exports |= new_exports
        yield
        self.exports -= new_exports
        for name, value in held.items():
            self.restore(name, value)

    def set(self, name: str, value: Value) -> None:
        """Gives the variable a value."""
        self.variables[self._own_name(name)] = value


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
