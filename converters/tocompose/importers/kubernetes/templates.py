"""Variables that `envsubst`, Flux or a pipeline fills in before `kubectl` reads the manifests.

`${NAME}` at a place where Kubernetes takes no such text (an image, a name, a port, an amount, a host) shows that a
manifest is a template; in a command or a file it may as well be the program's own.
https://fluxcd.io/flux/components/kustomize/kustomizations/#post-build-variable-substitution
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping

from tocompose.importers.kubernetes.kinds import kind_row, qualified_kind
from tocompose.importers.kubernetes.scalars import peek_text
from tocompose.ledger import Cursor, Ledger
from tocompose.notes import note
from tocompose.patterns import regex
from tocompose.source import Leaf, Node, leaves
from tocompose.syntax.interpolation import required_reference

_VARIABLE = regex(r"\$\{(?P<name>[A-Za-z_]\w*)(?::?[-=](?P<default>[^${}]*))?\}")
_ESCAPED = regex(r"\$\$\{(?P<name>[A-Za-z_]\w*)(?::?[-=](?P<default>[^${}]*))?\}")
# Where a name stands, of the object itself or of another one.
_NAMES = frozenset(
    {"claimName", "name", "namespace", "secretName", "serviceAccountName", "serviceName"}
)
_LABELS = frozenset({"labels", "matchLabels", "selector"})
# Below these keys any text may stand.
_FREE = frozenset(
    {"annotations", "args", "binaryData", "command", "data", "exec", "stringData", "value"}
)


def fill_templates(found: Iterable[Cursor], ledger: Ledger, sets: Iterable[str]) -> bool:
    """Whether the manifests are a template; a note names what stays open in it.

    What `sets` (`KEY=VALUE`) gives is filled in everywhere, a variable's own default where only a value can stand;
    an open variable in a name or a label is named after itself, so that references still meet.
    """
    given = dict(item.split("=", 1) for item in sets if "=" in item)
    documents = tuple(found)
    fixed = [
        found
        for cursor in documents
        for found in _fixed_leaves(cursor)
        if "${" in found[0].text
    ]
    if not fixed:
        return False
    for cursor in documents:
        for leaf in leaves(cursor.node) if cursor.node is not None else ():
            if "${" in leaf.text:
                leaf.text = _VARIABLE.sub(_filled_in(given, defaults=False), leaf.text)
    names: dict[str, Leaf] = {}
    for leaf, place in fixed:
        if place == "image":
            continue
        leaf.text = _VARIABLE.sub(_filled_in(given, defaults=True), leaf.text)
        names.update(
            {
                match["name"]: leaf
                for match in _VARIABLE.finditer(leaf.text)
                if match["name"] not in names
            }
        )
        if place == "name":
            leaf.text = _VARIABLE.sub(
                lambda match: match["name"].lower().replace("_", "-"), leaf.text
            )
    if names:
        ledger.say(note("TC275", next(iter(names.values())).span, names=", ".join(names)))
    return True


def _filled_in(
    given: Mapping[str, str], *, defaults: bool
) -> Callable[[re.Match[str]], str]:
    def text(match: re.Match[str]) -> str:
        default = match["default"] if defaults else None
        return given.get(match["name"], match[0] if default is None else default)

    return text


def _fixed_leaves(cursor: Cursor) -> Iterator[tuple[Leaf, str]]:
    """The leaves of Kubernetes' own objects that are no free texts, and what each is: `image`, `name` (a label too) or
    `value`. What is open in an image can stay a variable."""
    own = peek_text(cursor.at("kind")) or ""
    if own.endswith("List"):
        for item in cursor.at("items"):
            yield from _fixed_leaves(item)
    elif (
        cursor.node is not None
        and kind_row(qualified_kind(own, peek_text(cursor.at("apiVersion")) or "")).type
    ):
        yield from _bound_leaves(cursor.node, "", "value")


def _bound_leaves(node: Node, key: str | int, place: str) -> Iterator[tuple[Leaf, str]]:
    if isinstance(node, Leaf):
        yield node, "image" if key == "image" else "name" if key in _NAMES else place
        return
    for inner, _, child in node.children:
        # The name of a variable is the application's own.
        variable = inner == "name" and key == "env"
        if inner not in _FREE and not variable:
            below = key if isinstance(inner, int) else inner
            yield from _bound_leaves(child, below, "name" if key in _LABELS else place)


def open_variables(text: str, own: Container[str]) -> tuple[str, list[str]]:
    """A variable's value (as Compose reads it) in which those of a template stay variables, and their names; `own` are
    the container's, which a shell in it may mean."""
    names: list[str] = []

    def variable(match: re.Match[str]) -> str:
        name, default = match["name"], match["default"]
        if name in own:
            return match[0]
        if default is not None:
            return f"${{{name}:-{default}}}"
        names.append(name)
        return required_reference(name)

    return _ESCAPED.sub(variable, text), names
