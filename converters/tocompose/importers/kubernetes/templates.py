"""Variables that `envsubst`, Flux or a pipeline fills in before `kubectl` reads the manifests.

`${NAME}` at a place where Kubernetes takes no such text (an image, a name, a port, an amount, a host) shows that a
manifest is a template; in a command or a file it may as well be the program's own.
https://fluxcd.io/flux/components/kustomize/kustomizations/#post-build-variable-substitution
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from enum import Enum
from itertools import chain
from typing import TypeAlias

from tocompose.importers.kubernetes.kinds import kind_row, qualified_kind
from tocompose.importers.kubernetes.scalars import peek_text
from tocompose.ledger import Cursor, Ledger
from tocompose.notes import note
from tocompose.patterns import regex
from tocompose.record import NamedTuple
from tocompose.source import Leaf, Node, leaves
from tocompose.syntax.interpolation import required_reference

_NAME = r"[A-Za-z_]\w*"
_BRACED = rf"\{{(?P<name>{_NAME})(?:(?P<operator>:?[-=])(?P<default>[^${{}}]*))?\}}"
_VARIABLE = regex(rf"\${_BRACED}")
# As Compose reads a text of the manifests, where a dollar is written twice.
_ESCAPED = regex(rf"\$\${_BRACED}")
# What shells and make call a variable as well.
_ANY_FORM = regex(rf"\$(?:{_BRACED}|\((?P<round>{_NAME})\)|(?P<bare>{_NAME}))")
# Where a name stands, of the object itself or of another one.
_NAMES = frozenset(
    {"claimName", "name", "namespace", "secretName", "serviceAccountName", "serviceName"}
)
_LABELS = frozenset({"labels", "matchLabels", "selector"})
# Below these keys any text may stand.
_FREE = frozenset(
    {"annotations", "args", "binaryData", "command", "data", "exec", "stringData", "value"}
)


class TemplateVariable(NamedTuple):
    """A variable to be filled in; `source` is how it is written, `operator` what stands before the default."""

    name: str
    operator: str
    default: str | None
    source: str

    def in_compose(self) -> str:
        """The variable as Compose writes it; one without a default must be set."""
        if self.default is None:
            return required_reference(self.name, ".env")
        operator = self.operator.replace("=", "-")
        return f"${{{self.name}{operator}{self.default}}}"


Replacement: TypeAlias = Callable[[TemplateVariable], str]


def _replace(pattern: re.Pattern[str], text: str, replacement: Replacement) -> str:
    def replace_match(match: re.Match[str]) -> str:
        forms = match.groupdict("")
        name = forms["name"] or forms.get("round") or forms.get("bare", "")
        operator = forms["operator"]
        return replacement(TemplateVariable(name, operator, match["default"], match[0]))

    return pattern.sub(replace_match, text)


def replace_variables(text: str, replacement: Replacement) -> str:
    """The text with the variables replaced, also those as `$NAME` and `$(NAME)`."""
    return _replace(_ANY_FORM, text, replacement)


def fill_templates(
    documents: Sequence[Cursor], ledger: Ledger, assignments: Iterable[str]
) -> bool:
    """Whether the manifests are a template; a note names what stays open in it.

    What `KEY=VALUE` gives is filled in everywhere, a variable's own default where only a value can stand; an open
    variable in a name or a label is named after itself, so that references still meet.
    """
    fixed = chain.from_iterable(_fixed_leaves(document) for document in documents)
    open_leaves = [(leaf, use) for leaf, use in fixed if "${" in leaf.text]
    if not open_leaves:
        return False
    given_values = dict(
        assignment.split("=", 1) for assignment in assignments if "=" in assignment
    )
    _fill_everywhere(documents, given_values)
    open_names: dict[str, Leaf] = {}
    for leaf, use in open_leaves:
        for name in _fill_leaf(leaf, use):
            open_names.setdefault(name, leaf)
    if open_names:
        span = next(iter(open_names.values())).span
        ledger.add_note(note("TC275", span, names=", ".join(open_names)))
    return True


def _fill_everywhere(documents: Iterable[Cursor], given_values: Mapping[str, str]) -> None:
    def fill(variable: TemplateVariable) -> str:
        return given_values.get(variable.name, variable.source)

    for document in documents:
        for leaf in leaves(document.node) if document.node is not None else ():
            if "${" in leaf.text:
                leaf.text = _replace(_VARIABLE, leaf.text, fill)


def _fill_leaf(leaf: Leaf, use: _Use) -> list[str]:
    """Fills in the defaults of a leaf that is no free text, but an image; gives the variables that stay open."""
    open_names: list[str] = []
    if use is _Use.IMAGE:
        return open_names

    def fill(variable: TemplateVariable) -> str:
        if variable.default is not None:
            return variable.default
        open_names.append(variable.name)
        is_name = use is _Use.NAME
        return variable.name.lower().replace("_", "-") if is_name else variable.source

    leaf.text = _replace(_VARIABLE, leaf.text, fill)
    return open_names


class _Use(Enum):
    """What a text that is no free one stands for; a label is a name too. What is open in an image can stay so."""

    IMAGE = "image"
    NAME = "name"
    VALUE = "value"


def _fixed_leaves(cursor: Cursor) -> Iterator[tuple[Leaf, _Use]]:
    """The leaves of Kubernetes' own objects that are no free texts."""
    kind = peek_text(cursor.at("kind")) or ""
    version = peek_text(cursor.at("apiVersion")) or ""
    if kind.endswith("List"):
        for list_item in cursor.at("items"):
            yield from _fixed_leaves(list_item)
    elif cursor.node is not None and kind_row(qualified_kind(kind, version)).type:
        yield from _leaves_by_use(cursor.node, "", _Use.VALUE)


def _leaves_by_use(node: Node, key: str | int, use: _Use) -> Iterator[tuple[Leaf, _Use]]:
    if isinstance(node, Leaf):
        own_use = _Use.NAME if key in _NAMES else use
        yield node, _Use.IMAGE if key == "image" else own_use
        return
    for child_key, _, child in node.children:
        # The name of a variable is the application's own.
        is_variable = child_key == "name" and key == "env"
        if child_key not in _FREE and not is_variable:
            key_below = key if isinstance(child_key, int) else child_key
            use_below = _Use.NAME if key in _LABELS else use
            yield from _leaves_by_use(child, key_below, use_below)


def open_variables(text: str, own_names: Container[str]) -> tuple[str, list[str]]:
    """A variable's value (as Compose reads it) in which those of a template stay variables, and the names of those
    that must be set; `own_names` are the container's, which a shell in it may mean."""
    required: list[str] = []

    def open_variable(variable: TemplateVariable) -> str:
        if variable.name in own_names:
            return variable.source
        if variable.default is None:
            required.append(variable.name)
        return variable.in_compose()

    return _replace(_ESCAPED, text, open_variable), required
