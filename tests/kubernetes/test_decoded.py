"""Manifests are decoded once, into frozen records: rules get those, and change nothing but what they collect."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

import tree

PACKAGE = "tocompose.importers.kubernetes"
MODULES = [module for module in tree.modules() if f"{module}.".startswith(f"{PACKAGE}.")]
# What turns volumes, claims and the entries of ConfigMaps and Secrets into parts of the stack.
VOLUME_RULES = [
    f"{PACKAGE}.{name}"
    for name in (
        "claims",
        "config_files",
        "config_names",
        "downward",
        "environment",
        "pod_volumes",
        "storage",
        "volume_files",
        "volume_sources",
    )
]
# How a raw mapping is read.
READING = frozenset(
    {
        "list_entries",
        "peek_bool",
        "peek_text",
        "stated",
        "stated_entries",
        "stated_map",
        "take_bool",
        "take_integer",
        "take_scalar",
        "take_text",
    }
)
# What the rules look at; each class of these is frozen, or changed by nobody once it is made.
GROUND = [
    f"{PACKAGE}.{name}"
    for name in (
        "absent",
        "claims",
        "config",
        "container_fields",
        "endpoint_fields",
        "environment_fields",
        "job_fields",
        "pod_fields",
        "probe_fields",
        "security_fields",
        "services",
        "volume_fields",
        "volume_files",
        "volume_sources",
        "workloads",
    )
]
# Attributes that are set from outside: of the tree while a template is filled in, of the walk over the tables, of what
# collects the note on each object.
STILL_SET = {
    ("pods", "model.findings"),
    ("templates", "leaf.text"),
    ("leftovers", "walk.findings"),
}
CHANGES = frozenset(
    {
        "add",
        "append",
        "clear",
        "discard",
        "extend",
        "insert",
        "pop",
        "remove",
        "setdefault",
        "update",
    }
)
_ASSIGNMENTS = (ast.Assign, ast.AugAssign, ast.AnnAssign)


@pytest.mark.parametrize("module", VOLUME_RULES)
def test_a_rule_is_given_records_not_places(module: str) -> None:
    for function in tree.functions(tree.modules()[module]):
        for argument in (*function.args.args, *function.args.kwonlyargs):
            annotation = ast.unparse(argument.annotation) if argument.annotation else ""
            assert "Cursor" not in annotation, (
                f"{tree.file(module)}:{function.lineno} {function.name}: decode {argument.arg} into a record"
            )


@pytest.mark.parametrize("module", VOLUME_RULES)
def test_a_rule_reads_no_raw_mapping(module: str) -> None:
    for node in ast.walk(tree.modules()[module]):
        if isinstance(node, ast.ImportFrom):
            read = READING & {name.name for name in node.names}
            assert not read, f"{tree.file(module)}:{node.lineno}: {read} is for decoders"


def classes(module: str) -> Iterator[ast.ClassDef]:
    """The classes of a module."""
    for node in tree.modules()[module].body:
        if isinstance(node, ast.ClassDef):
            yield node


def is_frozen(node: ast.ClassDef) -> bool:
    """Whether nothing of an object of the class can be set once it is made."""
    bases = {ast.unparse(base) for base in node.bases}
    decorators = {ast.unparse(decorator) for decorator in node.decorator_list}
    return bool(bases & {"NamedTuple", "Enum"}) or "record" in decorators


def fields(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    """The fields of a record with their types as they are written."""
    for statement in node.body:
        if isinstance(statement, ast.AnnAssign):
            yield ast.unparse(statement.target), ast.unparse(statement.annotation)


@pytest.mark.parametrize("module", GROUND)
def test_what_rules_look_at_is_frozen(module: str) -> None:
    for node in classes(module):
        if node.name.startswith("_") and not is_frozen(node):
            # An index of its own module: only its constructor fills it.
            assert set(setters(node)) <= {"__init__"}, f"{module} {node.name}"
            continue
        assert is_frozen(node), f"{tree.file(module)}:{node.lineno} {node.name}: freeze it"
        for name, annotation in fields(node):
            kind = annotation.partition("[")[0]
            assert kind not in ("dict", "list", "set"), (
                f"{tree.file(module)} {node.name}.{name}: {annotation} can be changed"
            )


@pytest.mark.parametrize("name", ["KubeObject", "KubeObjects"])
def test_objects_are_as_they_were_made(name: str) -> None:
    (node,) = (node for node in classes(f"{PACKAGE}.objects") if node.name == name)
    assert set(setters(node)) == {"__init__"}


def setters(node: ast.ClassDef) -> Iterator[str]:
    """The methods of a class that set an attribute of their object, or an item of one."""
    for method in node.body:
        if isinstance(method, ast.FunctionDef):
            for target in targets(method):
                if owner(target) == "self":
                    yield method.name


def targets(body: ast.AST) -> Iterator[ast.expr]:
    """The attributes, and the items of attributes, that are assigned to, or changed by a method of lists and maps."""
    for node in ast.walk(body):
        assigned: list[ast.expr] = []
        if isinstance(node, _ASSIGNMENTS):
            assigned = node.targets if isinstance(node, ast.Assign) else [node.target]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            assigned = [node.func.value] if node.func.attr in CHANGES else []
        yield from (target for target in assigned if owner(target))


def owner(target: ast.expr) -> str:
    """The name that an attribute, or an item of one, is reached from; empty for anything else."""
    has_attribute = False
    while isinstance(target, ast.Attribute | ast.Subscript):
        has_attribute |= isinstance(target, ast.Attribute)
        target = target.value
    return target.id if isinstance(target, ast.Name) and has_attribute else ""


@pytest.mark.parametrize("module", [module for module in MODULES if module.count(".") == 3])
def test_nothing_is_changed_from_outside(module: str) -> None:
    for target in targets(tree.modules()[module]):
        place = (module.rpartition(".")[2], ast.unparse(target))
        assert owner(target) == "self" or place in STILL_SET, (
            f"{tree.file(module)}:{target.lineno}: {ast.unparse(target)} is set from outside"
        )
