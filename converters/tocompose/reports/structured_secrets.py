"""Where secrets stand in YAML and JSON, by the names that their own parser gives the values."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.knowledge.secrets.names import hints_at_secret, secret_file
from tocompose.knowledge.secrets.texts import may_be_secret
from tocompose.readers.yaml import is_null, read_yaml
from tocompose.record import NamedTuple
from tocompose.reports.known_secrets import is_secret_name
from tocompose.source import Branch, Child, Leaf, Node, Span

_ENDINGS = (".yaml", ".yml", ".json")
# Keys that say where a secret lies, below a name that says secret: `password: {secretKeyRef: {name: db, key: pw}}`.
_REFERENCES = frozenset(
    """
    name key file external environment path source target from secretName secretKeyRef secretRef valueFrom
    configMapKeyRef optional audience expirationSeconds mode uid gid defaultMode description labels driver
    template_driver generator apiVersion kind metadata namespace items required type
    """.split()
)
_DATA_KEYS = frozenset({"data", "stringData", "encryptedData"})


class _Visit(NamedTuple):
    """A node to look at: whether it is a secret by a name above it, or by what the whole document is."""

    node: Node
    is_named: bool = False
    is_data: bool = False


def secret_spans(text: str, path: str) -> Iterator[Span]:
    """The places of the values of a YAML or JSON file under names that say secret, and of the data of Secrets."""
    if not path.endswith(_ENDINGS) or not hints_at_secret(text):
        return
    for document in read_yaml(text.encode("utf-8", "replace"), path):
        if document.root is not None:
            hidden = Branch("map", document.hidden, document.root.span)
            yield from _spans_below(document.root)
            yield from _spans_below(hidden)


class HeldFile(NamedTuple):
    """A text of several lines that a file holds under a name: its name, the text as the parser has it, and where."""

    name: str
    text: str
    span: Span


def held_files(text: str, path: str) -> Iterator[HeldFile]:
    """The texts of several lines in a YAML or JSON file, such as those of a ConfigMap."""
    if not path.endswith(_ENDINGS) or not hints_at_secret(text):
        return
    for document in read_yaml(text.encode("utf-8", "replace"), path):
        for child in _children_below(document.root):
            if isinstance(child.node, Leaf) and "\n" in child.node.text:
                yield HeldFile(str(child.key), child.node.text, child.node.span)


def _children_below(root: Node | None) -> Iterator[Child]:
    """The entries at every depth; those of a branch that aliases repeat once."""
    pending = [root]
    visited: set[int] = set()
    while pending:
        node = pending.pop()
        if isinstance(node, Branch) and id(node) not in visited:
            visited.add(id(node))
            yield from node.children
            pending += [child.node for child in node.children]


def _spans_below(root: Node) -> Iterator[Span]:
    pending = [_Visit(root)]
    visited: set[tuple[int, bool, bool]] = set()
    while pending:
        visit = pending.pop()
        # What aliases repeat is looked at once.
        key = (id(visit.node), visit.is_named, visit.is_data)
        if key in visited:
            continue
        visited.add(key)
        if isinstance(visit.node, Branch):
            pending += _visits_of(visit.node, visit)
        elif visit.is_data or (visit.is_named and _may_be_value(visit.node)):
            yield visit.node.span


def _may_be_value(leaf: Leaf) -> bool:
    is_reference = leaf.text.lstrip().startswith("$")
    is_empty = is_null(leaf.text, leaf.style)
    return not is_empty and not is_reference and may_be_secret(leaf.text)


def _visits_of(branch: Branch, visit: _Visit) -> Iterator[_Visit]:
    is_manifest = _text_at(branch, "kind") in ("Secret", "SealedSecret")
    names_value = is_secret_name(_text_at(branch, "name"))
    for child in branch.children:
        key = str(child.key)
        by_name = isinstance(child.key, str) and (is_secret_name(key) or secret_file(key))
        below = visit.is_named and key not in _REFERENCES
        is_named = by_name or below or (names_value and key == "value")
        is_data = visit.is_data or (is_manifest and key in _DATA_KEYS)
        yield _Visit(child.node, is_named, is_data)


def _text_at(branch: Branch, key: str) -> str:
    child = branch.child(key) if branch.kind == "map" else None
    return child.node.text if child is not None and isinstance(child.node, Leaf) else ""
