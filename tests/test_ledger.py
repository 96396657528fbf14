"""What is settled stays settled, what nobody read is said, and a value that no file holds is found out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocompose.ledger import Cursor, Fate, Ledger, audit_unread, audit_written
from tocompose.readers.yaml import yaml_cursors
from tocompose.source import Branch, Child, Leaf, Span
from tocompose.syntax.model_path import ModelPath

NAME, HOST = ModelPath.of("name"), ModelPath.service("web", "hostname")


def opened(text: str, ledger: Ledger, file: str = "f.yaml") -> Cursor:
    (cursor,) = yaml_cursors(text.encode(), file, ledger)
    return cursor


def settle(cursor: Cursor, deed: str, detail: str) -> None:
    """Does what importers do with a value: maps it, notes it, or skips it."""
    if deed == "map":
        cursor.map(to=ModelPath.of(detail))
    elif deed == "note":
        cursor.mark_noted(detail)
    else:
        cursor.skip(detail)


@given(
    st.lists(st.tuples(st.sampled_from(["map", "note", "skip"]), st.sampled_from("xyz")))
)
def test_mapped_outlasts_noted_and_noted_outlasts_ignored(
    deeds: list[tuple[str, str]],
) -> None:
    """In whatever order a leaf is settled, the strongest fate stays, with all that was said for it."""
    ledger = Ledger()
    cursor = opened("a: 1\n", ledger).at("a")
    for deed, detail in deeds:
        settle(cursor, deed, detail)
    (leaf,) = ledger.leaves()
    settlement = ledger.fate(leaf)
    done = {deed: [detail for each, detail in deeds if each == deed] for deed, _ in deeds}
    if "map" in done:
        assert settlement.fate is Fate.MAPPED
        assert [str(path) for path in settlement.paths] == [*dict.fromkeys(done["map"])]
    elif deeds:
        fate, deed = (Fate.NOTED, "note") if "note" in done else (Fate.IGNORED, "skip")
        assert (settlement.fate, list(settlement.detail)) == (fate, done[deed])
    else:
        assert settlement.fate is Fate.UNREAD


def test_every_leaf_that_nobody_read_is_said_also_one_without_text() -> None:
    ledger = Ledger()
    root = opened("a: ''\nb: {}\nc:\nd: 1\n", ledger)
    root.take("d", to=NAME)
    assert [str(note.span) for note in audit_unread(ledger)] == [
        "f.yaml:1:4",
        "f.yaml:2:4",
        "f.yaml:3:3",
    ]


def test_a_tree_that_is_opened_late_is_accounted_for_too() -> None:
    ledger = Ledger()
    opened("a: 1\n", ledger, "one.yaml")
    assert ledger.count()[Fate.UNREAD] == 1
    opened("b: 1\n", ledger, "two.yaml")
    assert [note.span.file for note in audit_unread(ledger) if note.span] == [
        "one.yaml",
        "two.yaml",
    ]


def test_a_note_about_a_value_that_goes_elsewhere_reads_nothing() -> None:
    ledger = Ledger()
    cursor = opened("a: 1\n", ledger).at("a")
    cursor.annotate("TC001", what="a")
    assert cursor.unread()
    cursor.note("TC001", what="a")
    assert not cursor.unread()
    assert len(ledger.notes) == 1


def test_a_note_stands_at_the_key_also_when_it_is_reached_by_a_path() -> None:
    ledger = Ledger()
    opened("a:\n  b:\n    c: 1\n", ledger).at("a", "b", "c").note("TC001", what="c")
    assert [str(note.span) for note in ledger.notes] == ["f.yaml:3:5"]


@pytest.mark.parametrize(
    ("word", "what"),
    [("--password=hunter2", "--password"), ("-phunter2", "-p"), ("hunter2", "a word")],
)
def test_an_unread_word_is_named_without_its_value(word: str, what: str) -> None:
    ledger, span = Ledger(), Span("run.sh", 1, 1, 1, 9)
    ledger.open(Branch("list", (Child(0, span, Leaf(word, span, "word")),), span))
    (note,) = audit_unread(ledger)
    assert note.message.startswith(f"{what} was not carried over")
    assert "hunter2" not in note.message


def test_each_path_that_a_value_was_mapped_to_must_be_written() -> None:
    ledger = Ledger()
    leaf = opened("a: 1\n", ledger)
    leaf.take("a", to=NAME)
    leaf.take("a", to=HOST)
    for written, missing in [
        ([NAME, HOST], []),
        ([NAME], [HOST]),
        ([HOST], [NAME]),
        ([HOST.child("below"), NAME], []),
        ([ModelPath.service("web")], [NAME, HOST]),
    ]:
        notes = audit_written(ledger, written)
        told = [note.message.partition(",")[0] for note in notes]
        assert told == [f"a was read for {path}" for path in missing]


def test_what_moves_is_looked_for_where_it_ends() -> None:
    first, second, third = (ModelPath.service(name) for name in ("a", "b", "c"))
    ledger = Ledger()
    opened("a: 1\n", ledger).take("a", to=first)
    ledger.move(first, second)
    ledger.move(second, third)
    assert audit_written(ledger, [third]) == []
    assert len(audit_written(ledger, [first])) == len(audit_written(ledger, [second])) == 1
    ledger.move(third, first)
    assert ledger.written_at(first) == first
