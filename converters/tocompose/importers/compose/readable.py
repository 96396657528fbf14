"""What docker compose reads of one file's document, with a note for each part for which it refuses the whole file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from tocompose.compose.documents import Places
from tocompose.compose.keys import is_extension, section_keys
from tocompose.compose.shapes import as_texts
from tocompose.compose.value_shapes import Misshapen, ShapeJudge, kind_of
from tocompose.importers.compose.unknown_keys import unknown_key
from tocompose.importers.compose.unreadable import unreadable_texts, without_texts
from tocompose.knowledge.secrets.texts import redact_secrets
from tocompose.ledger import Ledger
from tocompose.notes import Note, note
from tocompose.source import Span
from tocompose.syntax.model_path import ModelPath


def readable_document(
    document: Mapping[str, Any],
    positions: Places,
    at: tuple[str, ...],
    ledger: Ledger,
    base: Mapping[str, Any] = MappingProxyType({}),
) -> dict[str, Any]:
    """The document without what docker compose refuses, also together with the base file that it is read after.

    `at` is the path of the services in the file.
    """
    document = {name: body for name, body in document.items() if name != "version"}
    services = document.get("services")
    if isinstance(services, Mapping):
        known_bodies = {
            name: _without_unknown(name, body, positions, at, ledger)
            if isinstance(body, Mapping)
            else body
            for name, body in services.items()
        }
        document["services"] = known_bodies
    judge = ShapeJudge()
    judged = judge.whole(document)
    of_other_kinds = list(_of_other_kinds(base, judged))
    for fault in of_other_kinds:
        judged = _without_path(judged, fault.keys)
    for fault in (*judge.faults, *of_other_kinds):
        section, *keys_below = fault.keys
        section_path = at if section == "services" else (section,)
        span = positions.span(*section_path, *keys_below)
        ledger.add_note(_note_on(fault, span))
    return judged


# https://github.com/compose-spec/compose-go/blob/main/override/merge.go, mergeYaml
def _of_other_kinds(
    base: Any, document: Any, keys: tuple[str, ...] = ()
) -> Iterator[Misshapen]:
    """What the user's own keys hold instead of a map or a list of the base file."""
    for name in (key for key in document if key in base):
        path, value, base_value = (*keys, name), document[name], base[name]
        is_own = any(map(is_extension, path))
        kind = kind_of(base_value)
        if value is not None and is_own and kind and kind_of(value) != kind:
            yield Misshapen(path, value, f"{kind}, as in the base file")
        elif isinstance(value, Mapping) and isinstance(base_value, Mapping):
            yield from _of_other_kinds(base_value, value, path)


def _without_path(node: Mapping[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    """The map without what stands at the end of the keys."""
    key, *keys_below = keys
    if not keys_below:
        return {name: value for name, value in node.items() if name != key}
    return {**node, key: _without_path(node[key], tuple(keys_below))}


def _note_on(fault: Misshapen, span: Span | None) -> Note:
    section, *keys_below = fault.keys
    subject = ModelPath.of(section, *keys_below)
    if fault.rule:
        return note("TC771", span, subject=subject, rule=fault.rule, **fault.facts)
    if not keys_below:
        return unknown_key(section, fault.value, "top", subject, span)
    kind, key = section[:-1], str(fault.facts["key"])
    return unknown_key(key, fault.value, kind, subject, span)


def _without_unknown(
    name: str,
    body: Mapping[str, Any],
    positions: Places,
    at: tuple[str, ...],
    ledger: Ledger,
) -> dict[str, Any]:
    """The service without keys that docker compose refuses, each with a note."""
    known_keys = section_keys("service")
    known_entries: dict[str, Any] = {}
    for key, value in body.items():
        span, subject = positions.span(*at, name, str(key)), ModelPath.service(name)
        if key == "init" and isinstance(value, str) and value.startswith("/"):
            # Version 2.2 took the path of a program; now it is on or off.
            facts: dict[str, Any] = {
                "service": name,
                "key": key,
                "value": value,
                "rule": "true or false",
            }
            known_entries[key] = True
            ledger.add_note(note("TC771", span, subject=subject.child(key), **facts))
        elif key in known_keys or is_extension(str(key)):
            known_entries[key] = value
        elif key == "volume_driver":
            # Version 2 made volumes with a name by their own declaration.
            if any(":" not in volume for volume in as_texts(body.get("volumes"))):
                ledger.add_note(note("TC067", span, subject=subject, driver=str(value)))
        else:
            told = unknown_key(str(key), value, "service", subject, span)
            ledger.add_note(told)
    unreadable = tuple(unreadable_texts(known_entries))
    for text in unreadable:
        span, subject = positions.span(*at, name, text.key), ModelPath.service(name)
        facts = {"service": name, "key": text.key, "rule": text.rule}
        facts["value"] = redact_secrets(text.text)
        ledger.add_note(note("TC771", span, subject=subject.child(text.key), **facts))
    return without_texts(known_entries, unreadable)
