"""One fact, one home: a list of what Compose, shells or the network know stands in one module of the package."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import pytest

import tree


class Fact(NamedTuple):
    """Members of a list, where it stands, and how many of them elsewhere in one literal make a second list."""

    home: str
    members: frozenset[object]
    most: int


FACTS = {
    "shell variables": Fact(
        "tocompose.syntax.names",
        frozenset({"HOME", "PATH", "PWD", "USER", "SHELL", "LANG", "LOGNAME", "TERM", "HOSTNAME"}),
        3,
    ),
    "shells": Fact(
        "tocompose.syntax.names", frozenset({"sh", "bash", "dash", "zsh", "ksh", "ash"}), 2
    ),
    "units of size": Fact("tocompose.syntax.units", frozenset({2**10, 2**20, 2**30, 2**40}), 1),
    "loopback addresses": Fact(
        "tocompose.syntax.ports", frozenset({"127.0.0.1", "localhost", "::1"}), 1
    ),
    "names of compose files": Fact(
        "tocompose.compose.files",
        frozenset(
            {"compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"}
        ),
        1,
    ),
    "endings of configuration files": Fact(
        "tocompose.knowledge.configuration_files",
        frozenset({".cnf", ".conf", ".ini", ".properties", ".toml", ".xml", ".json", ".yaml"}),
        4,
    ),
    "ports that are often taken": Fact(
        "tocompose.rules.port_variables",
        frozenset({"80", "443", "3000", "3306", "5000", "5432", "6379", "8000", "8080", "9000"}),
        3,
    ),
}  # fmt: skip

# Readers of other languages that write `${…}` too: PowerShell, systemd, make, shells, GitHub's workflows, Spring,
# Kafka.
FOREIGN_GRAMMARS = frozenset(
    {
        "tocompose.readers.systemd",
        "tocompose.readers.makefile",
        "tocompose.readers.shell",
        "tocompose.importers.procfile.image",
        "tocompose.importers.procfile.shell",
        "tocompose.importers.procfile.scan",
        "tocompose.importers.kubernetes.operators.kafka_connect",
    }
)


@cache
def literals(module: str) -> tuple[tuple[int, set[object]], ...]:
    """The constants that each collection of a module holds, and the words of each text, with its line."""
    return tuple(_literals(module))


def _literals(module: str) -> Iterator[tuple[int, set[object]]]:
    for node in ast.walk(tree.modules()[module]):
        if isinstance(node, ast.Set | ast.List | ast.Tuple):
            elements: list[ast.expr] = node.elts
        elif isinstance(node, ast.Dict):
            elements = [*(key for key in node.keys if key), *node.values]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, set(node.value.split())
            continue
        else:
            continue
        yield node.lineno, {value for element in elements for value in constant(element)}


def constant(node: ast.expr) -> Iterator[object]:
    """The value of a literal; a number and its text are the same, and a power is worked out."""
    if isinstance(node, ast.Constant):
        yield node.value
        if isinstance(node.value, int):
            yield str(node.value)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        power = ast.literal_eval(node.right) if isinstance(node.right, ast.Constant) else 99
        if isinstance(node.left, ast.Constant) and power < 99:
            yield node.left.value**power


@pytest.mark.parametrize("fact", FACTS)
def test_a_list_stands_in_one_module(fact: str) -> None:
    home, members, most = FACTS[fact]
    assert home in tree.modules() and any(
        len(found & members) > most for _, found in literals(home)
    ), f"{home} does not hold the {fact}"
    others = [
        f"{tree.file(module)}:{line}: {sorted(map(str, found & members))}"
        for module in tree.modules()
        if module != home
        for line, found in literals(module)
        if len(found & members) > most
    ]
    assert others == [], f"{fact} stand in {home}"


def test_interpolation_has_one_parser() -> None:
    pattern = re.compile(r"\\\$\\\{|\\\$\{\{\?|\[\$\]\\\{")
    holders = {
        module
        for module in tree.modules()
        if pattern.search(tree.file(module).read_text(encoding="utf-8"))
    }
    assert holders - FOREIGN_GRAMMARS <= {"tocompose.syntax.interpolation"}
    assert holders >= FOREIGN_GRAMMARS, (
        "no longer a grammar of its own: take it out of the list"
    )
