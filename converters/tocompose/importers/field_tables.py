"""Tables of what becomes of each field of a structured format, and the walk that settles every field by its row.

A table maps the names of types to their fields, and each field to a row with one of three sets of columns:

- `target` (the key of Compose it becomes) and `shape` (the form of its value, or the type it consists of: `Port`,
  `[Port]` for a list of them): code that knows the shape reads it, or the walk goes on below it;
- `note`: the code of the note that is due for it;
- `ignore`: why it loses nothing.

Each may have a `default`: the value that stands for nothing said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from tocompose.ledger import Fate, Ledger
from tocompose.notes import note
from tocompose.record import NamedTuple
from tocompose.source import Branch, Child, Leaf, Node, leaves
from tocompose.syntax.model_path import ModelPath
from tocompose.tables import TableError, load
from tocompose.wording import counted, listed_names

_COLUMNS = (frozenset({"target", "shape"}), frozenset({"note"}), frozenset({"ignore"}))
# What of a map is shown in words: so many values of so many characters.
_FEW, _SHORT = 3, 30
_SHOWN_HEADERS = 5
ABSENT = "empty or null, so nothing is set"


class FieldRow(NamedTuple):
    """One row; `type` names the type that `shape` refers to, `many` says that it is a list of them."""

    target: str = ""
    shape: str = ""
    type: str = ""
    many: bool = False
    note: str = ""
    ignore: str = ""
    default: str = ""


FieldRows: TypeAlias = Mapping[str, FieldRow]
_RawTypes: TypeAlias = Mapping[str, Mapping[str, Mapping[str, str]]]


class FieldTables(Mapping[str, FieldRows]):
    """The fields of each type by the type's name; rows are read when first asked for, since an input meets few types.

    A row with other columns, or with a type that has no table, raises TableError then.
    """

    def __init__(self, raw_types: _RawTypes) -> None:
        self._raw_types = raw_types
        self._rows: dict[str, FieldRows] = {}

    @classmethod
    def load(cls, *names: str) -> FieldTables:
        """The types of all these tables of `mappings/`."""
        raw_types: dict[str, Mapping[str, Mapping[str, str]]] = {}
        for name in names:
            raw_types.update(load(name) or {})
        return cls(raw_types)

    def __getitem__(self, type_name: str) -> FieldRows:
        rows = self._rows.get(type_name)
        if rows is None:
            raw_rows = self._raw_types[type_name]
            rows = {
                str(key): self._parse_row(type_name, key, row)
                for key, row in raw_rows.items()
            }
            self._rows[type_name] = rows
        return rows

    def __iter__(self) -> Iterator[str]:
        return iter(self._raw_types)

    def __len__(self) -> int:
        return len(self._raw_types)

    def _parse_row(self, type_name: str, key: str, row: Mapping[str, str]) -> FieldRow:
        if row.keys() - {"default"} not in _COLUMNS:
            raise TableError(
                f"{type_name}.{key}: a row has target and shape, or note, or ignore"
            )
        shape = row.get("shape", "")
        bare = shape.strip("[]")
        if not bare[:1].isupper():
            return FieldRow(**row)  # type: ignore[arg-type]
        if bare not in self._raw_types:
            raise TableError(f"{type_name}.{key}: there is no table of the type {bare}")
        return FieldRow(target=row["target"], shape=shape, type=bare, many=shape != bare)


def _default_leaf(node: Node, default: str) -> Leaf | None:
    """The leaf that says what holds anyway: the value itself, or the only entry of a list (`[IPv4]`)."""
    if isinstance(node, Branch) and node.kind == "list" and len(node.children) == 1:
        node = node.children[0].node
    if default and isinstance(node, Leaf) and node.text == default:
        return node
    return None


class Finding(NamedTuple):
    """A field that a note is due for."""

    code: str
    path: str
    child: Child


class FieldWalk:
    """A walk over values by their tables, which settles what it meets.

    `findings` are the fields whose rows ask for a note. `shaped` are those with a target, with their shapes: code that
    knows a shape reads them. Fields without a row stay unread, so that the audit reports them. `default_reason` is why
    a default says nothing; a leaf that was settled for the reason `added` needs no note.
    """

    def __init__(
        self, tables: FieldTables, ledger: Ledger, *, default_reason: str, added: str = ""
    ) -> None:
        self._tables = tables
        self._ledger = ledger
        self._default_reason = default_reason
        self._added = added
        self.findings: list[Finding] = []
        self.shaped: list[tuple[str, Node]] = []

    def visit(self, node: Node, type_name: str, path: str = "") -> None:
        """Settles the fields of the node, a value of that type, and all below; `path` is where it stands."""
        if not isinstance(node, Branch):
            return
        rows = self._tables[type_name]
        for child in node.children:
            row = rows.get(child.key)  # type: ignore[arg-type]
            if isinstance(child.node, Leaf) and _is_absent(child.node, row):
                self._ledger.settle(child.node, Fate.IGNORED, ABSENT)
            elif row is not None:
                self._settle(child, row, f"{path}{child.key}")

    def _settle(self, child: Child, row: FieldRow, path: str) -> None:
        if row.type:
            self._visit_below(child.node, row, path)
        elif (default_leaf := _default_leaf(child.node, row.default)) is not None:
            self._ledger.settle(default_leaf, Fate.IGNORED, self._default_reason)
        elif row.note:
            if not self._is_noted(child.node, row.note):
                self.findings.append(Finding(row.note, path, child))
        elif row.ignore:
            for leaf in leaves(child.node):
                self._ledger.settle(leaf, Fate.IGNORED, row.ignore)
        else:
            self._settle_empty(child.node)
            self.shaped.append((row.shape, child.node))

    def _visit_below(self, node: Node, row: FieldRow, path: str) -> None:
        if not (row.many and isinstance(node, Branch)):
            self.visit(node, row.type, f"{path}.")
            return
        for number, child in enumerate(node.children):
            self.visit(child.node, row.type, f"{path}[{number}].")

    def _is_noted(self, node: Node, code: str) -> bool:
        settled = {code, self._added}
        return all(settled & set(self._ledger.fate(leaf).detail) for leaf in leaves(node))

    def _settle_empty(self, node: Node) -> None:
        if isinstance(node, Branch):
            for leaf in leaves(node):
                if is_empty(leaf):
                    self._ledger.settle(leaf, Fate.IGNORED, ABSENT)


def _is_absent(leaf: Leaf, row: FieldRow | None) -> bool:
    return is_empty(leaf) or (row is not None and not leaf.text)


def is_empty(leaf: Leaf) -> bool:
    """Whether the leaf is null, `{}` or `[]`: the same as absent for every optional field."""
    if leaf.style in ("{}", "[]", "!!null", "null"):
        return True
    return leaf.style == "plain" and leaf.text in ("", "~", "null", "Null", "NULL")


def note_findings(
    findings: list[Finding], ledger: Ledger, object_name: str, subject: ModelPath
) -> None:
    """Says one note per code for an object, which lists the fields; their leaves count as noted."""
    by_code: dict[str, list[Finding]] = {}
    for finding in findings:
        by_code.setdefault(finding.code, []).append(finding)
    for code, group in by_code.items():
        spans = [finding.child.span for finding in group]
        fields = ", ".join(describe_finding(finding) for finding in group)
        ledger.add_note(
            note(
                code,
                spans[0],
                subject=subject,
                related=tuple(spans[1:]),
                object=object_name,
                service=subject.service_name or "SERVICE",
                fields=fields,
            )
        )
        settle_findings(group, ledger)


def settle_findings(findings: list[Finding], ledger: Ledger) -> None:
    """Counts every leaf of the findings as noted."""
    for finding in findings:
        for leaf in leaves(finding.child.node):
            ledger.settle(leaf, Fate.NOTED, finding.code)


def describe_finding(finding: Finding) -> str:
    """The field with its value where that is short, else with the number of values below it."""
    node = finding.child.node
    if not isinstance(node, Leaf):
        return f"{finding.path} ({_short_text(node) or values_in_words(node)})"
    is_short = len(node.text) <= 80 and "\n" not in node.text
    return f"{finding.path}: {node.text}" if is_short and node.text else finding.path


def _short_text(node: Node) -> str:
    """The keys and values of a map of two or three plain values; empty for anything else."""
    if not isinstance(node, Branch) or node.kind != "map" or len(node.children) > _FEW:
        return ""
    texts = []
    for child in node.children:
        text = _child_text(child.node)
        if text is None or len(text) > _SHORT:
            return ""
        texts.append(f"{child.key}: {text}")
    return ", ".join(texts)


def _child_text(node: Node) -> str | None:
    """A plain value, or the names of headers; None for what has no short text."""
    if isinstance(node, Leaf):
        return node.text
    return listed_names(names, _FEW) if (names := header_names(node)) else None


def shown_headers(node: Node | None) -> str:
    """The names of a list of headers as a note about a check tells them; empty for anything else."""
    return listed_names(header_names(node), _SHOWN_HEADERS)


def header_names(node: Node | None) -> list[str]:
    """The names in a list of headers, maps of `name` and `value`, in whose values may be a secret; none of any other
    list."""
    names = []
    for header in node.children if isinstance(node, Branch) else ():
        fields = header.node.children if isinstance(header.node, Branch) else ()
        texts = {
            field.key: field.node.text for field in fields if isinstance(field.node, Leaf)
        }
        if texts.keys() != {"name", "value"}:
            return []
        names.append(texts["name"])
    return names


def count_filled(node: Node) -> int:
    """The number of values at or below the node that are not null or empty."""
    return sum(1 for leaf in leaves(node) if not is_empty(leaf))


def values_in_words(*nodes: Node | None) -> str:
    """How many values stand below the nodes, in words: for what is closed by one note."""
    count = sum(count_filled(node) for node in nodes if node is not None)
    return counted(count, "value")
