"""Objects are decoded once: what rules make of them is a function of frozen records."""

from __future__ import annotations

import ast

import pytest

import tree

KUBERNETES = "tocompose.importers.kubernetes"
OPERATORS = [name for name in tree.modules() if name.startswith(f"{KUBERNETES}.operators")]
# Where all custom objects that were answered are settled in the end, and what all decoders of them ask for fields.
SETTLING = f"{KUBERNETES}.operators.unused_fields"
ASKED = f"{KUBERNETES}.operators.spec_fields"
ROUTING = f"{KUBERNETES}.routing"
# What is decided before routes are read: whose place the proxy takes.
ROUTES = [
    name
    for name in tree.modules()
    if name.startswith(ROUTING)
    and not name.endswith("_fields")
    and name != f"{ROUTING}.controllers"
]
# What is blamed in notes is a place, so that other rules of routes are given cursors beside records.
RULES_OF_RECORDS = [
    f"{ROUTING}.{name}"
    for name in (
        "acme",
        "credentials",
        "filters",
        "gateway",
        "nginx",
        "nginx_servers",
        "proxy_notes",
        "traefik_annotations",
        "traefik_routes",
    )
]
RECORDS = [
    *OPERATORS,
    "tocompose.traefik.proxy",
    "tocompose.traefik.proxy_parts",
    *(
        name
        for name in tree.modules()
        if name.startswith(KUBERNETES) and name.endswith("_fields")
    ),
]
LOOKS = ("at", "peek", "children")


def decodes(function: ast.FunctionDef) -> bool:
    return function.name.lstrip("_").startswith("decode_")


def functions(module: str) -> list[ast.FunctionDef]:
    return [
        node
        for node in ast.walk(tree.modules()[module])
        if isinstance(node, ast.FunctionDef)
    ]


@pytest.mark.parametrize("module", [*OPERATORS, *RULES_OF_RECORDS])
def test_only_decoders_take_cursors(module: str) -> None:
    for function in functions(module):
        arguments = [*function.args.args, *function.args.kwonlyargs]
        annotations = [
            ast.unparse(each.annotation) for each in arguments if each.annotation
        ]
        assert decodes(function) or not any("Cursor" in text for text in annotations), (
            f"{tree.file(module)}:{function.lineno} {function.name}"
        )


@pytest.mark.parametrize(
    "module", [name for name in (*OPERATORS, *ROUTES) if name not in (SETTLING, ASKED)]
)
def test_only_decoders_look_into_objects(module: str) -> None:
    for function in functions(module):
        for node in ast.walk(function):
            looks = isinstance(node, ast.Attribute) and node.attr in LOOKS
            assert decodes(function) or not looks, (
                f"{tree.file(module)}:{function.lineno} {function.name} reads an object"
            )


@pytest.mark.parametrize("module", RECORDS)
def test_records_are_frozen(module: str) -> None:
    for node in ast.walk(tree.modules()[module]):
        if isinstance(node, ast.ClassDef):
            marks = {ast.unparse(mark) for mark in (*node.bases, *node.decorator_list)}
            assert marks & {"NamedTuple", "record", "Enum"}, (
                f"{tree.file(module)}:{node.lineno} {node.name}"
            )


@pytest.mark.parametrize(
    "module", [f"{KUBERNETES}.stack_builder", "tocompose.traefik.proxy_builder"]
)
def test_what_a_builder_collects_is_its_own(module: str) -> None:
    [builder] = [
        node
        for node in ast.walk(tree.modules()[module])
        if isinstance(node, ast.ClassDef) and node.name.endswith("Builder")
    ]
    for node in ast.walk(builder):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Attribute):
            assert node.target.attr.startswith("_"), f"{builder.name}.{node.target.attr}"


def test_the_laws_are_about_something() -> None:
    decoders = [
        function
        for module in OPERATORS
        for function in functions(module)
        if decodes(function)
    ]
    assert len(decoders) > 30 and len(OPERATORS) > 10 and len(RECORDS) > 30
