"""The probes of a container, each read once into a record: what it asks, how often, and where that stands."""

from __future__ import annotations

from collections.abc import Mapping

from tocompose.importers.field_tables import header_names, shown_headers, values_in_words
from tocompose.importers.kubernetes.kinds import FILLED_IN
from tocompose.importers.kubernetes.scalars import (
    Stated,
    list_entries,
    peek_text,
    stated,
    stated_entries,
)
from tocompose.ledger import Cursor
from tocompose.record import NamedTuple
from tocompose.source import Span
from tocompose.syntax.model_path import ModelPath
from tocompose.wording import counted

READINESS, LIVENESS, STARTUP = "readinessProbe", "livenessProbe", "startupProbe"
# The first of those that a container has tells whether it is healthy.
_KEYS = (READINESS, LIVENESS, STARTUP)
# The name of a field of `ProbeTimes`, by what the API calls it, with the API server's own value.
# https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#container-probes
_TIMES = {
    "initialDelaySeconds": ("initial_delay", 0),
    "periodSeconds": ("period", 10),
    "timeoutSeconds": ("timeout", 1),
    "failureThreshold": ("failure_threshold", 3),
    "successThreshold": ("success_threshold", 1),
}
_ACTIONS = ("exec", "httpGet", "tcpSocket", "grpc")
_SCHEME = "HTTP"
# What a request and a gRPC check say in one word each, none of which is secret.
_PLAIN_VALUES = frozenset({"host", "scheme", "service"})


class ProbeTimes(NamedTuple):
    """When and how often a probe asks, the API server's own values filled in."""

    initial_delay: int
    period: int
    timeout: int
    failure_threshold: int
    success_threshold: int

    @property
    def until_failure(self) -> int:
        """How long it takes until a container counts as failed."""
        return self.period * self.failure_threshold


class ProbeAction(NamedTuple):
    """What a probe does, `kind` being its key in the API."""

    kind: str
    cursor: Cursor
    port: Stated
    path: str | None
    host: str
    scheme: str
    headers: tuple[str, ...]
    command: tuple[Stated, ...]

    def describe(self) -> str:
        """What it asks, in words: a path and a port, or a program, else how much it says."""
        port = self.port.text
        if port is None:
            return self._describe_command() or values_in_words(self.cursor.node)
        address = f"{self.path} on {port}" if self.path else f"port {port}"
        further = self.further_values()
        return f"{address}, {further}" if further else address

    def _describe_command(self) -> str:
        """The program that it runs, without its arguments, in which may be a secret; empty where it runs none, or where
        its name holds a whole command line."""
        program, *arguments = [word.text or "" for word in self.command] or [""]
        if len(program.split()) != 1:
            return ""
        return f"{program} with {counted(len(arguments), 'argument')}"

    def further_values(self) -> str:
        """What it says beside its path, its port and what goes without saying, in words."""
        further = [
            child
            for child in self.cursor
            if child.key not in ("path", "port") and not self._is_filled_in(child)
        ]
        return ", ".join(map(_value_in_words, further))

    def equals(self, other: ProbeAction) -> bool:
        """Whether another one asks the same."""
        mine, yours = _flat_content(self.cursor), _flat_content(other.cursor)
        return self.kind == other.kind and mine == yours

    def settle_filled_in(self) -> None:
        """Leaves out what the API server fills in itself."""
        for child in self.cursor:
            if self._is_filled_in(child):
                child.skip(FILLED_IN)

    def _is_filled_in(self, child: Cursor) -> bool:
        return child.key == "scheme" and self.scheme == _SCHEME


def _value_in_words(child: Cursor) -> str:
    """A value beside path and port: of headers their names, since their values may be secret."""
    if child.key in _PLAIN_VALUES and (text := peek_text(child)) is not None:
        return f"{child.key} {text}"
    if names := header_names(child.node):
        return f"{counted(len(names), 'header')}: {shown_headers(child.node)}"
    return f"{child.key}: {values_in_words(child.node)}"


class Probe(NamedTuple):
    """One probe, `key` being its name in the API; without an action it asks nothing.

    `stated_times` are its numbers as they are written, by what the API calls them.
    """

    key: str
    cursor: Cursor
    action: ProbeAction | None
    times: ProbeTimes
    stated_times: Mapping[str, Stated]

    @property
    def span(self) -> Span:
        """Where it stands."""
        return self.cursor.span

    def describe(self) -> str:
        """What it asks and how often, in words."""
        action, times = self.action, self.times_in_words()
        if action is None:
            return values_in_words(self.cursor.node)
        description = f"{action.kind}, {action.describe()}"
        return f"{description}; {times}" if times else description

    def times_in_words(self) -> str:
        """Its numbers as the source writes them, without those that the API server fills in itself."""
        return ", ".join(
            f"{child.key} {child.peek()}"
            for child in self.cursor
            if child.kind == "leaf" and not self._is_filled_in(child)
        )

    def take_times(self, to: ModelPath) -> ProbeTimes:
        """Its times, which thereby count as carried over, all but the number of successes."""
        for key, stated_time in self.stated_times.items():
            if key != "successThreshold":
                stated_time.take_integer(to)
        return self.times

    def settle_filled_in(self) -> None:
        """Leaves out what the API server fills in itself, of a probe that is lost."""
        for child in self.cursor:
            if child.kind == "leaf" and self._is_filled_in(child):
                child.skip(FILLED_IN)
        if self.action is not None:
            self.action.settle_filled_in()

    def _is_filled_in(self, child: Cursor) -> bool:
        name, usual = _TIMES.get(child.key, ("", 0))
        return bool(name) and peek_text(child) == str(usual)


def decode_probes(container: Cursor) -> tuple[Probe, ...]:
    """The probes of a container, first the one that says best whether it is healthy."""
    cursors = (container.at(key) for key in _KEYS)
    return tuple(_decode_probe(cursor) for cursor in cursors if cursor.kind == "map")


def _decode_probe(cursor: Cursor) -> Probe:
    stated_times = {key: stated(cursor, key) for key in _TIMES}
    numbers = {
        name: stated_times[key].number or usual for key, (name, usual) in _TIMES.items()
    }
    action = next((cursor.at(kind) for kind in _ACTIONS if cursor.at(kind)), None)
    decoded = None if action is None else _decode_action(action)
    return Probe(cursor.key, cursor, decoded, ProbeTimes(**numbers), stated_times)


def _decode_action(cursor: Cursor) -> ProbeAction:
    return ProbeAction(
        cursor.key,
        cursor,
        port=stated(cursor, "port"),
        path=peek_text(cursor.at("path")),
        host=peek_text(cursor.at("host")) or "127.0.0.1",
        scheme=(peek_text(cursor.at("scheme")) or _SCHEME).upper(),
        headers=tuple(
            f"{peek_text(header.at('name')) or ''}: {peek_text(header.at('value')) or ''}"
            for header in list_entries(cursor.at("httpHeaders"))
        ),
        command=stated_entries(cursor, "command") if cursor.key == "exec" else (),
    )


def _flat_content(cursor: Cursor) -> list[str]:
    if cursor.kind == "leaf":
        return [cursor.peek() or ""]
    return [f"{child.key}={'/'.join(_flat_content(child))}" for child in cursor]


def find_probe(probes: tuple[Probe, ...], key: str) -> Probe | None:
    """The probe of that key."""
    return next((probe for probe in probes if probe.key == key), None)
