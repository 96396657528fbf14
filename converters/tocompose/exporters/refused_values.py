"""The last look at a document: no value in it is one for which Docker Compose refuses the whole file.

What may stand where is `mappings/refused.yaml`; a value that breaks its rule is left out, and a note quotes the rule.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from ipaddress import ip_address
from typing import Any, TypeAlias

from tocompose.compose.merge import mount_target
from tocompose.compose.shapes import port_parts
from tocompose.compose.value_shapes import kind_of
from tocompose.exporters.refused_maps import RECORD_FORMS
from tocompose.knowledge.secrets.texts import redact_secrets
from tocompose.model import Stack
from tocompose.notes import Note, note
from tocompose.patterns import regex
from tocompose.record import NamedTuple
from tocompose.syntax.interpolation import (
    Literal,
    Variable,
    apply_defaults,
    literal,
    replace_literals,
    replace_variables,
    required_reference,
    substitute,
    variable_names,
)
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.mounts import is_named_pipe, is_windows_path
from tocompose.syntax.ports import parse_port_range
from tocompose.syntax.units import is_whole_number, parse_byte_size, parse_duration
from tocompose.tables import Row, load

_LONGEST_SHOWN = 60
_DOLLAR = regex(r"\$(?!\$)")
_PROTOCOLS = ("tcp", "udp", "sctp")
_Trie: TypeAlias = dict[str, Any]
_Keys: TypeAlias = tuple[str, ...]


class RefusedValue(NamedTuple):
    """A value that was left out: its keys below the service, its text, and the rule that it breaks."""

    keys: _Keys
    value: Any
    rule: str


class Accepted(NamedTuple):
    """A document that Compose accepts; what was left out for that; and where."""

    document: dict[str, Any]
    notes: tuple[Note, ...]
    paths: frozenset[ModelPath]


def accepted_document(document: Mapping[str, Any], stack: Stack) -> Accepted:
    """The document without values that Compose refuses, entries that stand twice, and dollar signs that it cannot
    read."""
    services: dict[str, Any] = {}
    notes: list[Note] = []
    paths: set[ModelPath] = set()
    origins = {service.name: service.origin for service in stack.services}
    for name, body in document["services"].items():
        accepted_body, refusals = _accepted_service(body)
        services[name] = accepted_body
        for refusal in refusals:
            subject = _subject_of(name, refusal)
            paths |= {subject, subject.parent}
            notes.append(
                note(
                    "TC771",
                    origins.get(name),
                    subject=subject,
                    service=name,
                    key=".".join(key for key in refusal.keys if not key.isdigit()),
                    value=shown_value(refusal.value),
                    rule=refusal.rule,
                )
            )
    readable: dict[str, Any] = _readable_texts({**document, "services": services})
    return Accepted(readable, tuple(notes), frozenset(paths))


def _subject_of(name: str, refusal: RefusedValue) -> ModelPath:
    """What the note is about: a mount by its target, as everywhere, else by its keys."""
    key, *inner_keys = refusal.keys
    if len(inner_keys) == 1 and key in ("volumes", "tmpfs"):
        return ModelPath.service(name, key, mount_target(refusal.value))
    return ModelPath.service(name, *refusal.keys)


def shown_value(value: Any) -> str:
    """The value in a form fit for a note: short, and without what is secret."""
    if kind := kind_of(value):
        return f"({kind})"
    text = redact_secrets(str(value))
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def refused_values(body: Any) -> list[RefusedValue]:
    """What docker compose or the engine refuses of a service, value by value."""
    return _accepted_service(body)[1]


def _accepted_service(body: Any) -> tuple[Any, list[RefusedValue]]:
    if not isinstance(body, Mapping):
        return body, []
    refusals: list[RefusedValue] = []
    accepted = _Judge(refusals).settle(body, _rules(), ())
    return accepted if isinstance(accepted, Mapping) else {}, refusals


class _Judge:
    """Walks a service and its rules together; collects what it leaves out."""

    def __init__(self, refusals: list[RefusedValue]) -> None:
        self._refusals = refusals

    def settle(self, value: Any, rules: _Trie, keys: _Keys) -> Any:
        """The value without what breaks a rule; None where nothing is left of it."""
        if isinstance(value, Mapping):
            return self._settle_map(value, rules, keys)
        if isinstance(value, list):
            return self._settle_list(value, rules, keys)
        rows: list[Row] = rules.get(_ROWS, [])
        is_number = any(row["form"] in _NEVER_EMPTY for row in rows)
        return _demand_values(value) if is_number and isinstance(value, str) else value

    def _settle_map(self, entries: Mapping[str, Any], rules: _Trie, keys: _Keys) -> Any:
        settled: dict[str, Any] = {}
        for name, value in entries.items():
            if not name:
                self._refusals.append(
                    RefusedValue((*keys, name), value, "a name, which is missing")
                )
                continue
            key_rules = rules.get(name) or rules.get("*")
            if key_rules is None and isinstance(value, Mapping):
                key_rules = {}
            if key_rules is None or value is None:
                settled[name] = value
                continue
            row = self._broken_rule(value, key_rules, (*keys, name))
            if row is None:
                kept_value = self.settle(value, key_rules, (*keys, name))
                if kept_value is not None:
                    settled[name] = kept_value
            elif row.get("whole"):
                return None
        return settled or (None if entries else settled)

    def _settle_list(self, entries: list[Any], rules: _Trie, keys: _Keys) -> Any:
        entry_rules = rules.get("*", {})
        settled: list[Any] = []
        for index, value in enumerate(entries):
            if _UNIQUE in rules and value in settled:
                continue
            entry_keys = (*keys, str(index))
            if self._broken_rule(value, entry_rules, entry_keys) is None:
                kept_value = self.settle(value, entry_rules, entry_keys)
                if kept_value is not None:
                    settled.append(kept_value)
        return type(entries)(settled) if settled or not entries else None

    def _broken_rule(self, value: Any, rules: _Trie, keys: _Keys) -> Row | None:
        for row in rules.get(_ROWS, ()):
            if not _keeps_rule(row, value):
                self._refusals.append(RefusedValue(keys, value, row["rule"]))
                broken: Row = row
                return broken
        return None


# Where a variable that nobody sets, which is empty, makes Compose refuse the whole file.
_NEVER_EMPTY = frozenset(
    {"integer", "decimal", "round", "size", "size_or_unlimited", "duration", "count"}
)


def _demand_values(value: str) -> str:
    """The text with each variable demanded that has neither a value nor a default."""
    if "$" not in value:
        return value
    return type(value)(replace_variables(value, _demand_value))


def _demand_value(variable: Variable) -> str:
    is_open = (
        not variable.is_required and not variable.default and variable.operator != ":+"
    )
    return required_reference(variable.name, ".env") if is_open else variable.source


# Beside names and `*` in the tree of rules: the rows for the value itself, and that of a list whose entries differ.
_ROWS, _UNIQUE = "=", "!"


@cache
def _rules() -> _Trie:
    """The rows of the table as a tree by keys."""
    table = load("refused")
    tree: _Trie = {}
    for row in table["rows"]:
        for keys in row["keys"]:
            _node(tree, keys).setdefault(_ROWS, []).append(row)
    for keys in table["unique"]:
        _node(tree, keys)[_UNIQUE] = True
    return tree


def _node(tree: _Trie, keys: str) -> _Trie:
    for key in keys.split("."):
        tree = tree.setdefault(key, {})
    return tree


def _keeps_rule(row: Row, value: Any) -> bool:
    """Whether the value may stand there; one with a variable is only known when the stack starts."""
    if value is None:
        return True
    if isinstance(value, bool):
        return row["form"] not in _NEVER_EMPTY
    if isinstance(value, Mapping | list):
        fits = RECORD_FORMS.get(row["form"])
        return fits is None or fits(row, value)
    if row.get("literal") and any(variable_names(str(value))):
        return False
    reads = _FORMS.get(row["form"])
    return reads is None or any(reads(row, text) for text in _possible_texts(str(value)))


# What a variable without a default may hold; nothing that fits, and what stands around it cannot be right.
_STAND_INS = ("1", "1s", "1.1.1.1", "/1", "")


def _possible_texts(text: str) -> Iterator[str]:
    """What Compose may make of the text: each default in its place, and different values for other variables."""
    with_defaults = apply_defaults(text)
    names = set(variable_names(with_defaults))
    if not names:
        yield substitute(with_defaults, {})
        return
    for stand_in in _STAND_INS:
        yield substitute(with_defaults, dict.fromkeys(names, stand_in))


def _is_within(row: Row, number: float) -> bool:
    least, highest = row.get("min", number), row.get("max", number)
    return bool(least <= number <= highest)


def _is_integer(row: Row, text: str) -> bool:
    digits = text.removeprefix("-")
    return is_whole_number(digits) and _is_within(row, int(text))


def _is_decimal(row: Row, text: str) -> bool:
    """As Go reads a number: Python takes the digits of other scripts and spaces around it too."""
    try:
        number = float(text)
    except ValueError:
        return False
    return text.isascii() and text == text.strip() and _is_within(row, number)


def _is_round(row: Row, text: str) -> bool:
    return _is_decimal(row, text) and float(text).is_integer()


def _is_size(row: Row, text: str) -> bool:
    """0 is no limit."""
    size = parse_byte_size(text)
    return size is not None and (size == 0 or _is_within(row, size))


def _is_duration(row: Row, text: str) -> bool:
    nanoseconds = parse_duration(text)
    return nanoseconds is not None and (nanoseconds == 0 or _is_within(row, nanoseconds))


def _is_mount(_: Row, text: str) -> bool:
    """Whether a mount in the short form leads to a path in the container, which is not `/`."""
    target = mount_target(text)
    if is_named_pipe(target):
        return True
    return is_windows_path(target) or (target.startswith("/") and target.strip("/") != "")


def _is_address(_: Row, text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _is_port(_: Row, text: str) -> bool:
    """As the engine reads a published port: of two ranges both have one length."""
    port = port_parts(text)
    target = parse_port_range(port.target)
    published = parse_port_range(port.published) if port.published else target
    if target is None or published is None or target.start == 0:
        return False
    address = (port.host_ip or "").strip("[]")
    return (
        (len(target) == 1 or len(target) == len(published))
        and port.protocol in _PROTOCOLS
        and (not address or _is_address({}, address))
    )


def _is_exposed(_: Row, text: str) -> bool:
    number, _slash, protocol = text.partition("/")
    return parse_port_range(number) is not None and (protocol or "tcp") in _PROTOCOLS


_FORMS: Mapping[str, Callable[[Row, str], bool]] = {
    "integer": _is_integer,
    "decimal": _is_decimal,
    "round": _is_round,
    "size": _is_size,
    "size_or_unlimited": lambda row, text: text == "-1" or _is_size(row, text),
    "duration": _is_duration,
    "mount": _is_mount,
    "zero_or_integer": lambda row, text: text == "0" or _is_integer(row, text),
    "pattern": lambda row, text: re.fullmatch(row["pattern"], text) is not None,
    "address": _is_address,
    "port": _is_port,
    "exposed": _is_exposed,
    "count": lambda _, text: text == "all" or is_whole_number(text.removeprefix("-")),
}


def _readable_texts(value: Any) -> Any:
    """The document with each dollar sign doubled that starts nothing which Compose can read."""
    if isinstance(value, str):
        return _readable_text(value) if "$" in value else value
    if isinstance(value, Mapping):
        return {name: _readable_texts(content) for name, content in value.items()}
    if isinstance(value, list):
        return type(value)(map(_readable_texts, value))
    return value


def _readable_text(value: str) -> str:
    text = replace_literals(value, _readable_literal)
    return value if text == value else type(value)(text)


def _readable_literal(literal_part: Literal) -> str:
    if _DOLLAR.search(literal_part.source.replace("$$", "")) is None:
        return literal_part.source
    return literal(literal_part.value)
