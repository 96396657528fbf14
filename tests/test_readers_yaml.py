"""YAML and JSON into the positioned tree: places, aliases, merge keys, broken documents, what scalars mean."""

from __future__ import annotations

import json
import string
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as some

from tocompose.ledger import Fate, Ledger, audit_unread
from tocompose.readers import yaml as reader
from tocompose.readers.yaml import (
    boolean,
    integer,
    is_null,
    number,
    read_yaml,
    resolve,
    yaml_cursors,
)
from tocompose.source import Branch, Leaf, Node
from tocompose.syntax.model_path import ModelPath


def only(text: str) -> Node:
    """The tree of the one document of a text."""
    (document,) = read_yaml(text.encode(), "f.yaml")
    assert document.root is not None, document.notes
    return document.root


def plain(node: Node) -> Any:
    """A tree as maps, lists and texts."""
    if isinstance(node, Leaf):
        return {"{}": {}, "[]": []}.get(node.style, node.text)
    if node.kind == "list":
        return [plain(child.node) for child in node.children]
    return {child.key: plain(child.node) for child in node.children}


def at(node: Node, *keys: str | int) -> Node:
    """What stands at a path."""
    for key in keys:
        assert isinstance(node, Branch)
        child = node.child(key)
        assert child is not None
        node = child.node
    return node


def test_keys_and_values_know_their_places() -> None:
    root = only("# head\nspec:\n  ports:\n    - name: 'http'\n      port: 80\n")
    assert isinstance(root, Branch)
    assert str(root.children[0].span) == "f.yaml:2:1"
    assert str(at(root, "spec", "ports", 0, "name").span) == "f.yaml:4:13"
    port = at(root, "spec", "ports", 0, "port")
    assert isinstance(port, Leaf)
    assert (port.text, port.style, str(port.span)) == ("80", "plain", "f.yaml:5:13")


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\nb: [x, y]\n",
        "\ufeffa: 1\nb: [x, y]\n",
        "a: 1\r\nb: [x, y]\r\n",
        '{"a": 1, "b": ["x", "y"]}',
    ],
)
def test_byte_order_mark_line_ends_and_json_make_no_difference(text: str) -> None:
    assert plain(only(text)) == {"a": "1", "b": ["x", "y"]}


def test_utf_16_is_read() -> None:
    (document,) = read_yaml("a: é\n".encode("utf-16"), "f.yaml")
    assert document.root is not None
    assert plain(document.root) == {"a": "é"}


def test_json_writes_characters_beyond_the_first_plane_in_two_halves() -> None:
    assert plain(only('{"a": "\\ud83d\\ude00", "b": "\\u00e9"}')) == {"a": "😀", "b": "é"}


def test_documents_of_a_stream_and_none_for_what_is_empty() -> None:
    found = read_yaml(b"---\n# nothing\n---\na: 1\n...\n---\nb: 2\n---\n", "f.yaml")
    assert [plain(document.root) for document in found if document.root] == [
        {"a": "1"},
        {"b": "2"},
    ]


def test_styles_tell_what_the_text_alone_does_not() -> None:
    root = only(
        "a: x\nb: 'x'\nc: \"x\"\nd: |\n  x\ne: >\n  x\nf: !!binary eA==\ng: !Ref x\nh: {}\ni: []\nj:\nk: !!str 1\n"
    )
    styles = {
        child.key: child.node.style
        for child in root.children
        if isinstance(child.node, Leaf)
    }  # type: ignore[union-attr]
    wanted = [
        "plain",
        "single",
        "double",
        "literal",
        "folded",
        "!!binary",
        "!Ref",
        "{}",
        "[]",
        "plain",
        "!!str",
    ]
    assert list(styles.values()) == wanted


def test_an_alias_is_its_anchor_so_that_a_value_counts_once() -> None:
    root = only("a: &x {b: 1}\nc: *x\nd: [*x, &y 2, *y]\n")
    assert at(root, "a", "b") is at(root, "c", "b") is at(root, "d", 0, "b")
    assert at(root, "d", 1) is at(root, "d", 2)
    ledger = Ledger()
    ledger.open(root)
    assert len(list(ledger.leaves())) == 2


def test_merge_keys_bring_in_what_the_map_does_not_have() -> None:
    text = (
        "base: &b {x: 1, y: 2}\nmore: &m {y: 3, z: 4}\none:\n  y: 9\n  <<: *b\n"
        "two:\n  <<: [*b, *m]\nthree: {'<<': 5}\n"
    )
    root = only(text)
    assert plain(at(root, "one")) == {"x": "1", "y": "9"}
    assert plain(at(root, "two")) == {"x": "1", "y": "2", "z": "4"}
    assert plain(at(root, "three")) == {"<<": "5"}


def test_of_two_entries_the_later_counts_and_the_earlier_is_noted() -> None:
    ledger = Ledger()
    (cursor,) = yaml_cursors(b"a: 1\nb: 2\na: 3\n", "f.yaml", ledger)
    assert cursor.take("a", to=ModelPath.of("x")) == "3"
    assert [(str(note.span), note.code) for note in ledger.notes] == [
        ("f.yaml:1:1", "TC011")
    ]
    assert [note.message for note in audit_unread(ledger)] == [
        "b was not carried over: tocompose does not know it here"
    ]
    assert ledger.count()[Fate.NOTED] == 1


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("a:\n\tb: 1\n", "f.yaml:2:1", "a tab"),
        ("a: 'x\n", "f.yaml:3:1", "end of stream"),
        ("x: 1\n{{- if .Values.a }}\n", "f.yaml:2:1", "before it is rendered"),
        ("a: *x\n", "f.yaml:1:4", "*x has no anchor"),
        ("a: &x [*x]\n", "f.yaml:1:8", "inside its own anchor"),
        ("a: {<<: 3}\n", "f.yaml:1:9", "must bring in a map"),
        ("a: \x00\n", "f.yaml:1:4", "control characters"),
        ("[" * 200, "f.yaml:1:102", "nested deeper"),
    ],
)
def test_what_does_not_parse_is_said_at_its_place_and_costs_only_itself(
    text: str, place: str, said: str
) -> None:
    first, second = read_yaml(f"{text}\n---\nok: 1\n".encode(), "f.yaml")
    assert first.root is None
    (note,) = first.notes
    assert str(note.span) == place
    assert said in note.message
    assert note.advice
    assert second.root is not None
    assert plain(second.root) == {"ok": "1"}


def test_places_after_a_broken_document_are_still_right() -> None:
    documents = read_yaml(b"a: [\n---\n\nb: 1\n---\nc: {\n---\nd: 2\n", "f.yaml")
    assert [str(document.root.span) for document in documents if document.root] == [
        "f.yaml:4:1",
        "f.yaml:8:1",
    ]
    assert [
        note.span.line for document in documents for note in document.notes if note.span
    ] == [2, 7]


def test_aliases_that_multiply_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    (document,) = read_yaml("\n".join(lines).encode(), "f.yaml")
    assert document.root is None
    assert "100,000" in document.notes[0].message


def test_a_template_in_place_of_a_value_is_a_text() -> None:
    assert plain(only("image: {{ .Values.image }}\nname: x\n")) == {
        "image": "{{ .Values.image }}",
        "name": "x",
    }


def test_text_that_is_not_utf_8_is_read_as_latin_1_and_told_at_its_place() -> None:
    document, told = read_yaml(b"b: 1\na: caf\xe9\n", "f.yaml")
    assert document.root is not None and plain(document.root) == {"b": "1", "a": "caf\xe9"}
    (note,) = told.notes
    assert note.code == "TC015" and str(note.span) == "f.yaml:2:7"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(
            ("1:30:00", "1:30:00"),
            ("2024-01-01", "2024-01-01"),
            ("0400", 256),
            ("0o17", 15),
            ("0x1F", 31),
        ),
        *(
            ("08", 8.0),
            ("1e3", 1000.0),
            ("1_000", 1000),
            ("+1", 1),
            ("-0b11", -3),
            (".5", 0.5),
            ("1.", 1.0),
        ),
        *(
            ("on", True),
            ("n", False),
            ("TRUE", True),
            ("True", True),
            ("tRUE", "tRUE"),
            ("", None),
            ("~", None),
        ),
        *(
            ("null", None),
            ("_1", "_1"),
            ("0xg", "0xg"),
            ("1.2.3", "1.2.3"),
            ("abc", "abc"),
            ("-", "-"),
            (".", "."),
        ),
    ],
)
def test_scalars_mean_what_kubernetes_reads(text: str, value: Any) -> None:
    assert resolve(text) == value
    assert type(resolve(text)) is type(value)


def test_quoted_scalars_are_texts() -> None:
    for style in ("single", "double", "literal", "folded", "!!str"):
        assert resolve("1", style) == "1"
        assert (
            integer("1", style),
            boolean("on", style),
            number("1.5", style),
            is_null("~", style),
        ) == (None,) * 3 + (False,)


_NAMES = some.text(string.ascii_letters, min_size=1)
_TREES = some.recursive(
    some.text(string.printable + "é😀\u2028", max_size=12),
    lambda inner: (
        some.lists(inner, max_size=4)
        | some.dictionaries(some.text(string.ascii_letters, min_size=1), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(_TREES)
def test_json_comes_back_as_it_was(tree: Any) -> None:
    (document,) = read_yaml(json.dumps({"root": tree}).encode(), "f.json")
    assert document.root is not None
    assert plain(document.root) == {"root": tree}


@given(_TREES)
def test_the_pure_parser_reads_the_same(tree: Any) -> None:
    text = yaml.safe_dump({"root": tree}, allow_unicode=True)
    fast = only(text)
    reader._event_parser.cache_clear()
    parser = reader._pure_parser()
    original = reader._event_parser
    reader._event_parser = lambda: parser  # type: ignore[assignment]
    try:
        slow = only(text)
    finally:
        reader._event_parser = original
    assert plain(fast) == plain(slow) == {"root": tree}
