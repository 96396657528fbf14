"""The table of keys is the Compose Specification's: no key is missing, none is there that Compose does not have."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tocompose.compose.keys import Form, section_keys
from tocompose.compose.read import READERS
from tocompose.compose.write import WRITERS
from tocompose.model import Stack
from tocompose.tables import load

SCHEMA = json.loads(
    (Path(__file__).parents[1] / "schemas/compose-spec.json").read_text(encoding="utf-8")
)
# `{soft: …, hard: …}` below a name that Linux has; `{name: …}`, which Compose reads and nobody has to write.
WITHOUT_ROWS = ("ulimits", "external")
SECTIONS = sorted(load("compose_keys"))


def maps(schema: Any) -> Iterator[Mapping[str, Any]]:
    """The maps with fixed keys that a value may be, be it one of a list or of a map by name."""
    while "$ref" in schema:
        schema = SCHEMA["definitions"][schema["$ref"].rpartition("/")[2]]
    if schema.get("properties"):
        yield schema["properties"]
        return
    for alternative in (*schema.get("oneOf", ()), *schema.get("anyOf", ())):
        yield from maps(alternative)
    if "items" in schema:
        yield from maps(schema["items"])
    for pattern, entry in schema.get("patternProperties", {}).items():
        if pattern != "^x-":
            yield from maps(entry)


def differences(section: str, properties: Mapping[str, Any], path: str) -> Iterator[str]:
    """The keys that only one side has, at any depth."""
    keys = section_keys(section)
    yield from (f"{path}{name}" for name in keys.keys() ^ properties.keys())
    for name in keys.keys() & properties.keys():
        below = list(maps(properties[name]))
        if not keys[name].section:
            yield from (f"{path}{name}." for _ in below if name not in WITHOUT_ROWS)
        for fixed in below if keys[name].section else ():
            yield from differences(keys[name].section, fixed, f"{path}{name}.")


def test_every_key_of_the_specification_has_a_row() -> None:
    assert sorted(differences("top", SCHEMA["properties"], "")) == []


def test_every_section_is_one_that_some_key_leads_to() -> None:
    below = {key.section for name in SECTIONS for key in section_keys(name).values()}
    assert below - {""} == set(SECTIONS) - {"top"}


def test_what_the_model_holds_is_read_and_written() -> None:
    held = {
        key.form
        for name in SECTIONS
        for key in section_keys(name).values()
        if key.field is not None
    }
    assert held - {Form.NAMED} == READERS.keys() == WRITERS.keys()


def test_every_section_of_a_stack_has_a_key() -> None:
    fields = {key.field for key in section_keys("top").values()} - {None}
    beside = {"settings", "files", "development", "origin"}
    beside |= {"runs_in", "old_units", "extensions", "file_names"}
    assert Stack.__dataclass_fields__.keys() - fields == beside
