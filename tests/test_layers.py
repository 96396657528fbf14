"""Imports go downward only: command line, pipeline, formats and practices, tables and readers, ledger, model."""

from __future__ import annotations

import ast

import pytest

import tree

# The units of the package, the lowest layer first; a unit may import itself and any lower layer, never its own.
LAYERS = (
    ("record",),
    ("limits", "patterns"),
    ("type_faults",),
    ("syntax",),
    ("earlier_run",),
    (
        "source",
        "tables",
        "project",
        "collector",
        "wording",
    ),
    ("plugins",),
    ("model",),
    (
        "knowledge",
        "stack_texts",
    ),
    ("notes",),
    ("ledger",),
    ("readers", "rendering"),
    ("compose", "repository", "traefik"),
    ("languages",),
    ("dockerfiles",),
    ("importers", "exporters", "reports"),
    ("rules",),
    ("answers", "cluster", "plugin_faults"),
    ("pipeline", "writing"),
    ("decisions", "prove", "batch", "check"),
    ("web", "testing"),
    ("mcp_server",),
    ("cli",),
    ("__main__",),
)
RANK = {unit: rank for rank, layer in enumerate(LAYERS) for unit in layer}
# Heavy: 20 to 900 ms each, so only inside the functions that need them (`tocompose --help` stays fast).
HEAVY = (
    "kubernetes",
    "jinja2",
    "tree_sitter",
    "tree_sitter_bash",
    "ruamel",
    "jsonschema",
    "yaml",
    "dockerfile_parse",
    "uvicorn",
)


def unit(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


@pytest.mark.parametrize("module", tree.modules())
def test_imports_go_downward(module: str) -> None:
    here = unit(module)
    for target, line in tree.imports(module):
        there = unit(target)
        if here in ("", there) or there not in RANK or here not in RANK:
            continue
        assert RANK[there] < RANK[here], (
            f"{tree.file(module)}:{line}: {here} must not import {there}"
        )


@pytest.mark.parametrize("module", tree.modules())
def test_core_knows_only_the_core(module: str) -> None:
    """A unit that is not in the table above may be anything but a thing that the core depends on."""
    if RANK.get(unit(module), 99) > RANK["readers"]:
        return
    for target, line in tree.imports(module):
        assert unit(target) in {"", *RANK}, (
            f"{tree.file(module)}:{line}: {target} is above this layer"
        )


def test_no_import_cycles() -> None:
    graph = {name: {target for target, _ in _eager(name)} for name in tree.modules()}
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " → ".join((*trail[trail.index(name) :], name))
        if name not in done:
            for target in sorted(graph.get(name, ())):
                visit(target, (*trail, name))
            done.add(name)

    for name in graph:
        visit(name, ())


def _eager(module: str) -> list[tuple[str, int]]:
    """What a module imports, save its own package (whose `__init__` is loaded before it anyway)."""
    return [
        (target, line)
        for target, line in tree.imports(module)
        if not module.startswith(f"{target}.")
    ]


@pytest.mark.parametrize("module", tree.modules())
def test_heavy_libraries_are_imported_where_used(module: str) -> None:
    for node in tree.top_level(module):
        names = [item.name for item in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        for name in names:
            assert name.split(".")[0] not in HEAVY, (
                f"{tree.file(module)}:{node.lineno}: import {name} in a function"
            )
