"""Collects the words of the `docker create` that Unraid makes of one template."""

from __future__ import annotations

import html
from collections.abc import Mapping

from tocompose.importers.docker_run.invocation import Argument, Invocation
from tocompose.ledger import Cursor
from tocompose.patterns import regex
from tocompose.syntax.interpolation import literal
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import identifier

# Networks on which a container has an address of its own, beside those of the server.
_OWN_ADDRESS = regex(r"(?:br|eth|bond|wlan|wg)\d")

# The variable for the address of the server.
SERVER_NAME = "SERVER_IP"


class TemplateVariables:
    """The values that are masked in the form, and what it asks for: they stand in `.env`, one variable for each.

    Without those that are `asked` for nothing starts.
    """

    def __init__(self) -> None:
        self.values: dict[str, str | None] = {}
        self.masked: set[str] = set()
        self.asked: set[str] = set()

    def keep(
        self,
        name: str,
        value: str | None,
        template: str,
        *,
        is_masked: bool = False,
        is_asked: bool = False,
    ) -> str:
        """The variable for a value: its own name, with the template's in front where that holds another value."""
        if self.values.setdefault(name, value) != value:
            name = f"{identifier(template).upper().replace('-', '_')}_{name}"
            self.values[name] = value
        if is_masked:
            self.masked.add(name)
        if is_asked:
            self.asked.add(name)
        return name


class TemplateWriter:
    """The flags, the image and the command of one template."""

    def __init__(
        self,
        template: Cursor,
        variables: TemplateVariables,
        options: Mapping[str, tuple[str, ...]],
    ) -> None:
        self.template = template
        self.variables = variables
        self.name = text_of(template.at("Name")).replace(" ", "") or "app"
        self.labels = "unraid" in options.get("labels", ())
        self.arguments: list[Argument] = []
        self.operands: list[Argument] = []
        self.extra: list[Argument] = []
        self.networks: list[Argument] = []
        self.image: Argument | None = None
        self.comment = ""
        # The fields whose first choice was used, each with what the choices are.
        self.choices: list[tuple[Cursor, str]] = []
        # The fields that have the default of the template, because nothing is filled in.
        self.defaults: list[Cursor] = []

    @property
    def subject(self) -> ModelPath:
        """What notes about the container are about."""
        return ModelPath.service(identifier(self.name))

    @property
    def mode(self) -> str:
        """The network that the template names; `bridge` where it names none."""
        stated = text_of(self.template.at("Network")) or text_of(
            self.template.at("Networking", "Mode")
        )
        return (stated if stated.startswith("container:") else stated.lower()) or "bridge"

    @property
    def has_own_address(self) -> bool:
        """Whether the container has an address beside that of the server."""
        return _OWN_ADDRESS.match(self.mode) is not None

    @property
    def publishes(self) -> bool:
        """Whether Unraid publishes ports: on a bridge, its own or one that the user has made."""
        mode = self.mode
        has_own = mode in ("host", "none") or self.has_own_address
        return not has_own and not mode.startswith("container:")

    def add(self, flag: str, text: str, *sources: Cursor) -> None:
        """A flag with a value, a literal text, and where both stand."""
        span = sources[0].value_span if sources else self.template.span
        self.arguments.append(Argument(f"{flag}={literal(text)}", span, sources))

    def add_open(self, flag: str, text: str, *sources: Cursor) -> None:
        """A flag whose value holds a variable of Compose."""
        span = sources[0].value_span if sources else self.template.span
        self.arguments.append(Argument(f"{flag}={text}", span, sources))

    def leave_out(self, code: str, cursor: Cursor, fields: str) -> None:
        """Says of an element that nothing comes of it."""
        cursor.note(code, subject=self.subject, object=self.name, fields=fields)

    def invocation(self) -> Invocation | None:
        """The command that creates the container; None without an image."""
        if self.image is None:
            return None
        head = (Argument("docker", self.template.span, self.image.sources),)
        arguments = (*self.arguments, *self.extra, self.image, *self.operands)
        span = self.template.value_span
        return Invocation("docker", ("create",), arguments, span, head)


def text_of(cursor: Cursor) -> str:
    """The text of an element, its entities undone, as Unraid reads it."""
    return html.unescape(cursor.peek() or "").strip()
