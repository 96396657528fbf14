"""What is installed is pinned, and what users get with tocompose has a licence that they can live with."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from typing import Any

import pytest
import yaml

import tree

# Permissive, or weak copyleft that asks nothing of programs which only import it.
ALLOWED = {
    "MIT",
    "BSD-3-Clause",
    "BSD-2-Clause",
    "Apache-2.0",
    "ISC",
    "PSF-2.0",
    "MPL-2.0",
    "0BSD",
    "Unlicense",
}
# What packages without an SPDX expression say of themselves.
SAID = {
    "BSD": "BSD-3-Clause", "Apache 2.0": "Apache-2.0", "BSD License": "BSD-3-Clause", "MIT License": "MIT",
    "Apache License 2.0": "Apache-2.0", "Apache Software License": "Apache-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0", "Python Software Foundation License": "PSF-2.0",
}  # fmt: skip
ROOT = tree.ROOT if hasattr(tree, "ROOT") else tree.PACKAGE.parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", name)[0]).lower()


def pins() -> dict[str, str]:
    lines = (ROOT / ".ci" / "constraints.txt").read_text().splitlines()
    found = dict(line.split("==") for line in lines if not line.startswith("#"))
    return {plain(name): version for name, version in found.items()}


def closure() -> dict[str, Any]:
    """Every package that comes with tocompose, by name."""
    found: dict[str, Any] = {}
    todo = [plain(item) for item in PROJECT["dependencies"]]
    while todo:
        name = todo.pop()
        if name in found:
            continue
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:
            # Only for other systems or versions of Python.
            continue
        todo += [
            plain(item) for item in found[name].requires or () if "extra ==" not in item
        ]
    return found


def test_everything_that_is_installed_is_pinned() -> None:
    wanted = {
        plain(item)
        for item in (*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"])
    }
    assert wanted - set(pins()) == set()
    assert set(closure()) - set(pins()) == set()


@pytest.mark.parametrize("path", [".ci/run", "action.yml", "check/action.yml"])
def test_every_installation_is_held_to_the_pins(path: str) -> None:
    lines = [
        line
        for line in (ROOT / path).read_text().splitlines()
        if re.search(r"\bpip\"? install", line)
    ]
    assert lines and all(".ci/constraints.txt" in line for line in lines)


def test_the_pre_commit_hook_has_the_same_versions() -> None:
    for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text()):
        given = dict(item.split("==") for item in hook["additional_dependencies"])
        assert {plain(name): version for name, version in given.items()} == {
            plain(item): pins()[plain(item)] for item in PROJECT["dependencies"]
        }


def licence(found: Any) -> set[str]:
    given = found.metadata.get("License-Expression") or found.metadata.get("License") or ""
    if not given or len(given) > 60:
        rows = [
            item
            for item in found.metadata.get_all("Classifier", [])
            if item.startswith("License ::")
        ]
        given = " AND ".join(row.rpartition(":: ")[2] for row in rows)
    return {SAID.get(part, part) for part in re.split(r" (?:AND|OR) ", given)}


def test_the_licences_of_what_comes_with_it() -> None:
    found = {name: licence(item) for name, item in closure().items()}
    assert len(found) > 15
    assert {name: said for name, said in found.items() if not said or said - ALLOWED} == {}


@pytest.fixture
def audit() -> Any:
    spec = importlib.util.spec_from_file_location("audit", ROOT / ".ci" / "audit.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


WEAK = {"name": "a", "version": "1", "vulns": [{"id": "CVE-1", "fix_versions": ["2"]}]}
SILENT = {"name": "b", "skip_reason": "not found"}
FINE = {"name": "c", "version": "1", "vulns": []}
SILENCE = "no service with advisories answered from this machine"


def test_a_weakness_and_silence_are_told_apart(audit: Any) -> None:
    assert audit.judged({"dependencies": [WEAK, SILENT, FINE]}) == (
        ["a 1: CVE-1, put right in 2"],
        ["b"],
    )


@pytest.mark.parametrize(
    ("pypi", "osv", "code", "said"),
    [
        ([FINE], None, 0, ["pypi knows of no weakness in 1 of 1 packages"]),
        ([SILENT], [SILENT], 0, [f"could not ask about any package: {SILENCE}"]),
        (None, None, 0, [f"could not ask about any package: {SILENCE}"]),
        ([SILENT], [FINE], 0, ["osv knows of no weakness in 1 of 1 packages"]),
        (
            [FINE, SILENT],
            None,
            0,
            [
                "pypi knows of no weakness in 1 of 2 packages",
                f"could not ask about 1 of 2 packages: {SILENCE}",
            ],
        ),
        ([SILENT], [WEAK], 1, []),
    ],
)
def test_what_the_audit_says(
    audit: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    pypi: Any, osv: Any, code: int, said: list[str],
) -> None:  # fmt: skip
    answers = {"pypi": pypi, "osv": osv}
    monkeypatch.setattr(
        audit, "asked", lambda name: answers[name] and {"dependencies": answers[name]}
    )
    assert audit.main() == code
    assert capsys.readouterr().out.splitlines() == [f"pip-audit: {line}" for line in said]
