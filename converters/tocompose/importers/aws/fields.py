"""Writes the fields of a container as flags, by the rows of `mappings/aws/`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from math import isfinite

from tocompose.importers.aws.defaults import StatedDefault
from tocompose.importers.docker_run.invocation import Argument, Invocation
from tocompose.importers.field_tables import (
    ABSENT,
    FieldTables,
    FieldWalk,
    is_empty,
    note_findings,
    values_in_words,
)
from tocompose.ledger import Cursor
from tocompose.patterns import regex
from tocompose.readers.templates import template_atoms
from tocompose.source import Leaf
from tocompose.syntax.interpolation import literal, required_reference, variable_names
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import identifier, variable_name
from tocompose.wording import counted, enumerated

HOLDS_ANYWAY = "the default value"


@cache
def field_tables() -> FieldTables:
    """The rows by type: TaskDefinition, Dockerrun, Copilot and what stands below them."""
    return FieldTables.load("aws/ecs", "aws/beanstalk", "aws/copilot")


# A sign that begins an expression, or its escaped form; any other is text. In a `.tpl`, which envsubst may read too,
# `$NAME` is a variable. https://developer.hashicorp.com/terraform/language/expressions/strings
_TERRAFORM_SIGN = regex(r"(\$\$?\{)|\$")
_TEMPLATE_SIGNS = {
    "tf": _TERRAFORM_SIGN,
    "tftpl": _TERRAFORM_SIGN,
    "tpl": regex(r"(\$\$?\{|\$[A-Z][A-Z0-9_]*\b)|\$"),
}


def _signs_doubled(text: str, sign: re.Pattern[str] | None) -> str:
    """The text with each dollar sign doubled that is text in its template."""
    return sign.sub(lambda match: match[1] or "$$", text) if sign else text


class AwsVariables:
    """The variables that the sources leave to whoever starts the stack, and where the values of secrets are kept."""

    def __init__(self) -> None:
        self.values: dict[str, str | None] = {}
        self.secrets: dict[str, None] = {}
        self.used_defaults: dict[str, StatedDefault] = {}
        self._origins: dict[str, str] = {}
        self._defaults: dict[str, StatedDefault] = {}

    def add_defaults(self, defaults: Iterable[StatedDefault]) -> None:
        """Takes in what variables are by default; of two with one name the first holds."""
        for default in defaults:
            self._defaults.setdefault(default.name, default)

    def keep(self, name: str) -> None:
        """Keeps a variable, which has the value that is stated for it, or none yet."""
        default = self._defaults.get(name)
        if default is not None and name not in self.values:
            self.values[name] = default.text
            self.used_defaults[name] = default
            if default.is_secret:
                self.secrets[name] = None
        self.values.setdefault(name, None)

    def reference(self, name: str) -> str:
        """How a text names a variable that somebody fills in: nothing starts before it has a value."""
        self.keep(name)
        return required_reference(name, ".env") if not self.values[name] else f"${{{name}}}"

    def secret(self, name: str, origin: str, container: str) -> str:
        """The variable for a secret: its own name, with the container's in front where that holds another secret."""
        if self._origins.setdefault(name, origin) != origin:
            name = f"{identifier(container).upper().replace('-', '_')}_{name}"
            self._origins.setdefault(name, origin)
        self.keep(name)
        self.secrets[name] = None
        return name


class FieldWriter:
    """Collects the flags, the image and the command of one container.

    `facts` is what the task says around it: its network mode, whether Fargate runs it, the places of its volumes.
    """

    def __init__(
        self, name: str, variables: AwsVariables, facts: Mapping[str, str], path: str
    ) -> None:
        self.name = name
        self.variables = variables
        self.facts = facts
        self.arguments: list[Argument] = []
        self.operands: list[Argument] = []
        self.image: Argument | None = None
        self._template_sign = _TEMPLATE_SIGNS.get(path.rpartition(".")[2])

    @property
    def subject(self) -> ModelPath:
        """What notes about the container are about."""
        return ModelPath.service(identifier(self.name))

    def text(self, cursor: Cursor, *, is_open: bool = False) -> Argument:
        """A value as Compose reads it; `is_open` says that `${NAME}` in it is a variable."""
        written = cursor.peek() or ""
        texts = []
        for atom in template_atoms(written):
            if atom.kind == "template":
                texts.append(self.variables.reference(atom.text))
            elif is_open or self._template_sign:
                open_text = _signs_doubled(atom.text, self._template_sign)
                for name in variable_names(open_text):
                    self.variables.keep(name)
                texts.append(open_text)
            else:
                texts.append(literal(atom.text))
        return Argument("".join(texts), cursor.value_span, (cursor,))

    def placeholder(self, match: re.Match[str]) -> str:
        """The variable for a placeholder."""
        return self.variables.reference(variable_name(match[1] or match[2]))

    def add(self, flag: str, value: Argument) -> None:
        """A flag with its value."""
        self.arguments.append(value.with_text(f"{flag}={value.text}"))

    def add_plain(self, flag: str, text: str, cursor: Cursor) -> None:
        """A flag with a value that was worked out of what stands at the cursor."""
        self.arguments.append(
            Argument(f"{flag}={text}", cursor.value_span, tuple(leaves_of(cursor)))
        )

    def leave_out(self, code: str, cursor: Cursor, fields: str = "") -> None:
        """Says of a field that nothing comes of it."""
        text = cursor.peek() or values_in_words(cursor.node)
        stated = fields or f"{cursor.key}: {text}"
        # A unit of another kind than a service has none that a command could start.
        service = self.subject.service_name or "SERVICE"
        cursor.note(
            code,
            subject=self.subject,
            object=self.name,
            fields=stated,
            service=service,
            beside=_beside(cursor),
        )

    def invocation(self, cursor: Cursor) -> Invocation | None:
        """The command that creates the container; None without an image."""
        if self.image is None:
            return None
        head = (Argument("podman", cursor.value_span, self.image.sources[:1]),)
        arguments = (*self.arguments, self.image, *self.operands)
        return Invocation(
            "podman", ("create",), arguments, cursor.value_span, head, alias=self.name
        )


# What goes with a container that is left out, by the keys that hold it: those of a task, then those of Copilot.
_HELD_BY = {
    "variable": ("environment", "secrets", "variables"),
    "port": ("portMappings",),
    "mount": ("mountPoints",),
}


def _beside(container: Cursor) -> str:
    """What else of a container is missing with it."""
    numbers = {
        what: sum(len(container.at(key)) for key in keys) for what, keys in _HELD_BY.items()
    }
    parts = [counted(number, what) for what, number in numbers.items() if number]
    return f"; left out with it: {enumerated(parts)}" if parts else ""


def leaves_of(cursor: Cursor) -> list[Cursor]:
    """The leaves at or below a cursor."""
    if cursor.kind == "leaf":
        return [cursor]
    return [leaf for nested in cursor for leaf in leaves_of(nested)]


def is_absent(cursor: Cursor) -> bool:
    """Whether nothing is said at the cursor; what stands there is settled then."""
    node = cursor.node
    if node is None:
        return True
    if isinstance(node, Leaf) and (is_empty(node) or not node.text):
        cursor.skip(ABSENT)
        return True
    return False


def settle_rest(cursor: Cursor, type_name: str, name: str, subject: ModelPath) -> None:
    """Settles the fields with a note or a reason of a value of that type."""
    if cursor.node is None:
        return
    walk = FieldWalk(field_tables(), cursor.ledger, default_reason=HOLDS_ANYWAY)
    walk.visit(cursor.node, type_name)
    note_findings(walk.findings, cursor.ledger, name, subject)


def number_of(cursor: Cursor) -> float | None:
    """The number at a cursor, which may be written as a text."""
    try:
        number = float((cursor.peek() or "").strip())
    except ValueError:
        return None
    return number if isfinite(number) else None
