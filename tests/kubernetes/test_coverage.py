"""Every field of the Kubernetes API that a supported kind can hold has a row in `mappings/kubernetes/`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("kubernetes")

from kubernetes_models import bare, fields, inner, open_types
from tocompose.importers.kubernetes.kinds import field_tables, kind_rows
from tocompose.notes import explanation

OPEN = tuple(open_types())
SCHEMA = json.loads(
    (Path(__file__).parents[1] / "schemas" / "compose-spec.json").read_text(
        encoding="utf-8"
    )
)


@pytest.mark.parametrize(("model", "place"), OPEN, ids=[model for model, _ in OPEN])
def test_every_field_has_a_row(model: str, place: str) -> None:
    rows = field_tables().get(bare(model), {})
    missing = [field.name for field in fields(model) if field.name not in rows]
    assert missing == [], f"{place} ({bare(model)})"


@pytest.mark.parametrize(("model", "place"), OPEN, ids=[model for model, _ in OPEN])
def test_rows_name_the_type_that_the_field_has(model: str, place: str) -> None:
    rows = field_tables()[bare(model)]
    for field in fields(model):
        row, below = rows[field.name], inner(field.type)
        if row.type:
            assert below is not None, f"{place}.{field.name} is a plain value"
            assert row.type == bare(below), f"{place}.{field.name}"
            assert row.many == field.type.lower().startswith("list"), (
                f"{place}.{field.name}"
            )


@pytest.mark.parametrize("name", sorted(field_tables()))
def test_every_note_is_registered_and_every_type_known(name: str) -> None:
    for field, row in field_tables()[name].items():
        if row.note:
            assert {"{object}", "{fields}"} & set(
                _facts(explanation(row.note))
            ) or row.note in ("TC202", "TC203"), field
        if row.type:
            assert row.type in field_tables(), f"{name}.{field}"


def _facts(row: Any) -> list[str]:
    return [fact for fact in ("{object}", "{fields}") if fact in row["message"]]


@pytest.mark.parametrize("name", sorted(field_tables()))
def test_every_target_is_a_key_of_compose(name: str) -> None:
    tops = {
        "services",
        "networks",
        "volumes",
        "configs",
        "secrets",
        "name",
        "files",
        "settings",
    }
    service = SCHEMA["definitions"]["service"]["properties"]
    for field, row in field_tables()[name].items():
        if row.target:
            first, *rest = row.target.split(".")
            assert first in tops, f"{name}.{field}: {row.target}"
            if first == "services" and len(rest) > 1:
                assert rest[1] in service, f"{name}.{field}: {row.target}"


def test_every_kind_has_a_table_or_advice() -> None:
    for name, kind in kind_rows().items():
        assert bool(kind.type) != bool(kind.advice or kind.flagged), name
        if kind.type:
            assert kind.type in field_tables(), name
