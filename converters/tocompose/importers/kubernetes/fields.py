"""The field tables of `mappings/kubernetes/`, and the walk that settles every field whose row needs no join."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple, TypeAlias

from tocompose.ledger import Fate, Ledger
from tocompose.notes import note
from tocompose.source import Branch, Child, Leaf, Node, leaves
from tocompose.tables import TableError, load, mappings

# Why a leaf that the cluster itself added to a pod is left out: nothing is to be said about it.
INJECTED = "the cluster adds it to every pod, to talk to its API"
# Tables beside those of types.
_OTHERS = frozenset({"kinds", "cluster"})


class Field(NamedTuple):
    """One row: `shape` names a value's form or, as `type`, what it consists of (`many` for a list of them).

    `default` is the value that Kubernetes itself fills in: to say it says nothing.
    """

    target: str = ""
    shape: str = ""
    type: str = ""
    many: bool = False
    note: str = ""
    ignore: str = ""
    default: str = ""


Fields: TypeAlias = Mapping[str, Field]


class FieldTables(Mapping[str, Fields]):
    """Types by name; the rows of each are read when it is first asked for, since an input meets few of them."""

    def __init__(self, raw: Mapping[str, Mapping[str, Mapping[str, str]]]) -> None:
        self._raw = raw
        self._read: dict[str, Fields] = {}

    def __getitem__(self, name: str) -> Fields:
        found = self._read.get(name)
        if found is None:
            rows = self._raw[name]
            found = self._read[name] = {
                str(key): _field(f"{name}.{key}", row) for key, row in rows.items()
            }
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._raw)

    def __len__(self) -> int:
        return len(self._raw)


@cache
def field_tables() -> FieldTables:
    """Every type that the tables know, by its name without the version (`Container`)."""
    found: dict[str, Mapping[str, Mapping[str, str]]] = {}
    for path in sorted((mappings() / "kubernetes").glob("*.yaml")):
        if path.stem not in _OTHERS:
            found.update(load(f"kubernetes/{path.stem}") or {})
    return FieldTables(found)


def _field(place: str, row: Mapping[str, str]) -> Field:
    given = set(row) - {"default"}
    if given not in ({"target", "shape"}, {"note"}, {"ignore"}):
        raise TableError(f"{place}: a row has target and shape, or note, or ignore")
    shape = row.get("shape", "")
    bare = shape.strip("[]")
    if not bare[:1].isupper():
        return Field(**dict[str, Any](row))
    return Field(target=row["target"], shape=shape, type=bare, many=shape != bare)


class Finding(NamedTuple):
    """A field that a note is due for."""

    code: str
    path: str
    child: Child


NamedNodes: TypeAlias = list[tuple[str, Node]]


def walk_fields(node: Node, kind: str, ledger: Ledger, named: NamedNodes) -> list[Finding]:
    """The fields at or below `node` whose rows ask for a note; what rows ignore, and what is null or empty, is settled.

    Fields without a row stay unread, so that the audit reports them. Those with a target are read by the code that
    knows their shape; they are added to `named` with that shape.
    """
    found: list[Finding] = []
    _walk(node, field_tables()[kind], "", ledger, found, named)
    return found


def _walk(
    node: Node,
    fields: Fields,
    path: str,
    ledger: Ledger,
    found: list[Finding],
    named: NamedNodes,
) -> None:
    if not isinstance(node, Branch):
        return
    for child in node.children:
        inner, field = child.node, fields.get(child.key)  # type: ignore[arg-type]
        if isinstance(inner, Leaf) and (
            is_empty(inner) or (field is not None and not inner.text)
        ):
            ledger.settle(inner, Fate.IGNORED, "null or empty counts as absent")
        elif field is None:
            continue
        elif field.type:
            here, below = f"{path}{child.key}", field_tables()[field.type]
            if field.many and isinstance(inner, Branch):
                for number, each in enumerate(inner.children):
                    _walk(each.node, below, f"{here}[{number}].", ledger, found, named)
            else:
                _walk(inner, below, f"{here}.", ledger, found, named)
        elif field.default and _is_default(inner, field):
            ledger.settle(inner, Fate.IGNORED, "the value that Kubernetes fills in itself")  # type: ignore[arg-type]
        elif field.note and all(
            {INJECTED, field.note} & set(ledger.fate(leaf).detail) for leaf in leaves(inner)
        ):
            continue
        elif field.note:
            found.append(Finding(field.note, f"{path}{child.key}", child))
        elif field.ignore:
            for leaf in leaves(inner):
                ledger.settle(leaf, Fate.IGNORED, field.ignore)
        else:
            _settle_empty(inner, ledger)
            named.append((field.shape, inner))


def _settle_empty(node: Node, ledger: Ledger) -> None:
    if isinstance(node, Branch):
        for leaf in leaves(node):
            if is_empty(leaf):
                ledger.settle(leaf, Fate.IGNORED, "null or empty counts as absent")


def _is_default(node: Node, field: Field) -> bool:
    return isinstance(node, Leaf) and node.text == field.default


def is_empty(leaf: Leaf) -> bool:
    """Whether the leaf is null, `{}` or `[]`: the same as absent for every optional field."""
    if leaf.style in ("{}", "[]", "!!null"):
        return True
    return leaf.style == "plain" and leaf.text in ("", "~", "null", "Null", "NULL")


def note_findings(
    findings: list[Finding], ledger: Ledger, object_name: str, subject: str
) -> None:
    """One note per code for an object, which lists the fields; their leaves count as noted."""
    by_code: dict[str, list[Finding]] = {}
    for finding in findings:
        by_code.setdefault(finding.code, []).append(finding)
    for code, group in by_code.items():
        fields = ", ".join(describe_finding(finding) for finding in group)
        related = tuple(finding.child.span for finding in group[1:])
        ledger.say(
            note(
                code,
                group[0].child.span,
                subject=subject,
                related=related,
                object=object_name,
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
    if isinstance(node, Leaf):
        short = len(node.text) <= 40 and "\n" not in node.text
        return f"{finding.path}: {node.text}" if short and node.text else finding.path
    return f"{finding.path} ({values_in_words(node)})"


def count_filled(node: Node) -> int:
    """The number of values at or below the node that are not null or empty."""
    return sum(1 for leaf in leaves(node) if not is_empty(leaf))


def values_in_words(*nodes: Node | None) -> str:
    """How many values stand below the nodes, in words: for what is closed by one note."""
    count = sum(count_filled(node) for node in nodes if node is not None)
    return f"{count} value" if count == 1 else f"{count} values"
