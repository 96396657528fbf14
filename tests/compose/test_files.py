"""The names of compose files stand in one list."""

from __future__ import annotations

import ast

import tree
from tocompose.compose.files import (
    BASE_NAMES,
    CLASSIC_NAMES,
    MODERN_NAMES,
    OVERRIDE_NAMES,
    PROD_NAMES,
)

NAMES = {*BASE_NAMES, *OVERRIDE_NAMES, *PROD_NAMES}
DUMPED_NAMES = {ast.dump(ast.Constant(name)) for name in NAMES}
COLLECTIONS = (ast.Tuple, ast.List, ast.Set, ast.Dict)


def lists_names(source: ast.Module) -> bool:
    """Whether a module lists several names of compose files."""
    for node in ast.walk(source):
        if isinstance(node, COLLECTIONS):
            texts = map(ast.dump, ast.iter_child_nodes(node))
            if len(DUMPED_NAMES.intersection(texts)) > 1:
                return True
    return False


def test_no_other_module_lists_them() -> None:
    listing = {name for name, source in tree.modules().items() if lists_names(source)}
    assert listing == {"tocompose.compose.files"}


def test_what_is_written_is_found_again() -> None:
    written = {*CLASSIC_NAMES.values(), *MODERN_NAMES.values()}
    assert written <= NAMES
