"""Start-up stays lean: what a command does not need is not imported (times are measured in `tests/benchmarks`)."""

from __future__ import annotations

import subprocess
import sys

import pytest

import tree

HEAVY = ("kubernetes", "jinja2", "tree_sitter", "ruamel", "jsonschema", "dockerfile_parse", "asyncio", "http.client")


def _loaded(*arguments: str) -> set[str]:
    code = (
        "import sys\nfrom tocompose.cli import run\n"
        f"try:\n run({list(arguments)!r})\nexcept SystemExit: pass\n"
        "print('\\n'.join(sys.modules), file=sys.stderr)"
    )
    path = str(tree.PACKAGE.parent)
    ran = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": path}, capture_output=True, text=True, check=True, timeout=60
    )
    return set(ran.stderr.split())


@pytest.mark.parametrize("arguments", [["--help"], ["--version"]])
def test_help_imports_no_part_of_the_converter(arguments: list[str]) -> None:
    loaded = _loaded(*arguments)
    assert {name for name in loaded if name.startswith("tocompose")} <= {
        "tocompose",
        "tocompose.cli",
        "tocompose.cli.config",
        "tocompose.cli.group",
        "tocompose.cli.said",
        "tocompose.cli.ending",
        "tocompose.cli.options",
    }
    assert "dataclasses" not in loaded
    assert not loaded & {*HEAVY, "yaml"}


def test_a_pasted_command_imports_nothing_heavy() -> None:
    loaded = _loaded("docker", "run", "-d", "-p", "80:80", "nginx")
    assert not loaded & set(HEAVY)
    assert not {name for name in loaded if name.startswith(("tocompose.importers.kubernetes", "tocompose.prove"))}
