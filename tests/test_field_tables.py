"""The walk over field tables, driven by the tables of a format that has nothing to do with any importer."""

from __future__ import annotations

import pytest

from tocompose.importers.field_tables import FieldTables, FieldWalk, Finding, note_findings
from tocompose.ledger import Cursor, Fate, Ledger
from tocompose.readers.yaml import yaml_cursors
from tocompose.source import Leaf
from tocompose.syntax.model_path import ModelPath
from tocompose.tables import TableError

TABLES = {
    "Garden": {
        "name": {"target": "name", "shape": "text"},
        "fence": {"ignore": "nothing gets in"},
        "owner": {"note": "TC201"},
        "season": {"note": "TC201", "default": "spring"},
        "beds": {"target": "services", "shape": "[Bed]"},
        "shed": {"target": "services", "shape": "Bed"},
    },
    "Bed": {
        "plant": {"target": "services.image", "shape": "plant"},
        "depth": {"note": "TC202"},
    },
}
GARDEN = """\
name: front
fence: wood
owner: Ada
season: spring
weeds: many
shed: {depth: 3}
beds:
- {plant: rose, depth: 2}
- {plant: null, colour: red}
"""


def walk(text: str, **settings: str) -> tuple[FieldWalk, Ledger]:
    ledger = Ledger()
    garden = document(text, ledger)
    visited = FieldWalk(
        FieldTables(TABLES), ledger, default_reason="it is spring anyway", **settings
    )
    assert garden.node is not None
    visited.visit(garden.node, "Garden")
    return visited, ledger


def document(text: str, ledger: Ledger) -> Cursor:
    return next(iter(yaml_cursors(text.encode(), "garden.yaml", ledger)))


def fates(ledger: Ledger) -> dict[str, Fate]:
    return {
        ".".join(str(key) for key in ledger.path(leaf)): ledger.fate(leaf).fate
        for leaf in ledger.leaves()
    }


def test_each_field_meets_what_its_row_says() -> None:
    visited, ledger = walk(GARDEN)
    assert [(finding.code, finding.path) for finding in visited.findings] == [
        ("TC201", "owner"),
        ("TC202", "shed.depth"),
        ("TC202", "beds[0].depth"),
    ]
    assert [
        (shape, node.text) for shape, node in visited.shaped if isinstance(node, Leaf)
    ] == [("text", "front"), ("plant", "rose")]
    ignored = {path for path, fate in fates(ledger).items() if fate is Fate.IGNORED}
    assert ignored == {"fence", "season", "beds.1.plant"}


def test_what_has_no_row_stays_unread() -> None:
    _, ledger = walk("weeds: many\nbeds: [{colour: red}]\n")
    assert set(fates(ledger).values()) == {Fate.UNREAD}


def test_a_note_lists_the_fields_of_its_code_and_settles_them() -> None:
    visited, ledger = walk("owner: Ada\nseason: {warm: true, wet: false}\n")
    note_findings(visited.findings, ledger, "the garden", ModelPath.of("services"))
    (message,) = ledger.notes
    assert message.code == "TC201"
    assert "owner: Ada, season (warm: true, wet: false)" in message.message
    assert set(fates(ledger).values()) == {Fate.NOTED}


def test_what_somebody_added_needs_no_note() -> None:
    ledger = Ledger()
    garden = document("owner: Ada\n", ledger)
    garden.at("owner").skip("the gardener added it")
    visited = FieldWalk(
        FieldTables(TABLES), ledger, default_reason="", added="the gardener added it"
    )
    assert garden.node is not None
    visited.visit(garden.node, "Garden")
    assert visited.findings == list[Finding]()


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"target": "name"},
        {"shape": "text"},
        {"note": "TC201", "ignore": "why"},
        {"ignore": "why", "colour": "red"},
        {"target": "services", "shape": "[Tree]"},
    ],
)
def test_a_row_with_other_columns_or_an_unknown_type_is_refused(
    row: dict[str, str],
) -> None:
    with pytest.raises(TableError, match=r"^Garden\.name: "):
        FieldTables({"Garden": {"name": row}})["Garden"]
