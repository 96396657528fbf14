"""The actions and the pre-commit hooks: they run what they say, and no text of their inputs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

import oracles
import tree


def _run_step(
    path: str, inputs: dict[str, str], folder: Path
) -> subprocess.CompletedProcess[str]:
    """The second step of an action, with bash; inputs that are not given have their defaults."""
    bash = shutil.which("bash")
    assert bash
    program = folder / "tocompose" / "bin" / "tocompose"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m tocompose "$@"\n')
    program.chmod(0o755)
    action = yaml.safe_load((tree.ROOT / path).read_text())
    step = action["runs"]["steps"][1]
    names = {
        variable: text.split(".")[1].split(" ")[0] for variable, text in step["env"].items()
    }
    defaults = {
        variable: action["inputs"][name].get("default", "")
        for variable, name in names.items()
    }
    env = {
        **os.environ,
        "PYTHONPATH": str(tree.PACKAGE.parent),
        "RUNNER_TEMP": str(folder),
    }
    return subprocess.run(
        [bash, "-eo", "pipefail", "-c", step["run"]],
        env={**env, **defaults, **inputs},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("path", ["action.yml", "check/action.yml"])
def test_the_action_runs_no_text_of_its_inputs(path: str) -> None:
    action = yaml.safe_load((tree.ROOT / path).read_text())
    for step in action["runs"]["steps"]:
        assert "${{" not in step["run"]
    used = "".join(str(step["env"]) for step in action["runs"]["steps"])
    assert all(f"inputs.{name} " in used for name in action["inputs"])


@pytest.mark.parametrize(
    ("inputs", "code"),
    [
        ({}, 0),
        ({"FAIL_ON": "lost"}, 1),
        ({"OUTPUT": "deploy", "SARIF": "notes.sarif"}, 0),
        ({"OUTPUT": "deploy", "CHECK": "true"}, 1),
        ({"OPTIONS": "--name\nshop\n"}, 0),
        ({"SOURCE": "run.sh; touch owned\n"}, 2),
    ],
)
def test_the_action_converts(inputs: dict[str, str], code: int, tmp_path: Path) -> None:
    (tmp_path / "run.sh").write_text("docker run --name web --frob nginx\n")
    ran = _run_step("action.yml", {"SOURCE": "run.sh\n", **inputs}, tmp_path)
    assert ran.returncode == code, ran.stderr
    assert not (tmp_path / "owned").exists()
    if code == 0:
        assert "::error file=run.sh,line=1,col=23," in ran.stdout
        assert ("services:" in ran.stdout) is False


PRIVILEGED = "services:\n  web:\n    image: nginx:1.27\n    privileged: true\n"


@pytest.mark.parametrize(
    ("inputs", "code"),
    [
        ({}, 0),
        ({"FAIL_ON": "warning"}, 1),
        ({"FAIL_ON": "warning", "SELECT": "TC51,TC52"}, 1),
        ({"FAIL_ON": "warning", "IGNORE": "TC"}, 0),
        ({"FILES": "shop\nshop/compose.yaml\n", "SARIF": "found.sarif"}, 0),
        ({"FILES": "shop; touch owned\n"}, 2),
        ({"FILES": "--fix\n"}, 2),
    ],
)
def test_the_action_checks(inputs: dict[str, str], code: int, tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "compose.yaml").write_text(PRIVILEGED)
    ran = _run_step("check/action.yml", inputs, tmp_path)
    assert ran.returncode == code, ran.stderr
    assert not (tmp_path / "owned").exists()
    assert (tmp_path / "shop" / "compose.yaml").read_text() == PRIVILEGED
    if code < 2 and "IGNORE" not in inputs:
        assert "::warning file=shop/compose.yaml,line=4," in ran.stdout
    assert (tmp_path / "found.sarif").exists() is ("SARIF" in inputs)


def test_the_hooks_are_commands_that_exist() -> None:
    entries = {
        hook["id"]: hook["entry"].split()
        for hook in yaml.safe_load((tree.ROOT / ".pre-commit-hooks.yaml").read_text())
    }
    assert entries == {
        "tocompose-check": ["tocompose", "convert", "--check"],
        "tocompose-lint": ["tocompose", "check"],
    }


@pytest.mark.parametrize(
    "name",
    [
        "compose.yaml",
        "a/docker-compose.prod.yml",
        "docker-compose-dev.yaml",
        "compose.override.yml",
        "shop/.env",
    ],
)
def test_the_lint_hook_looks_at_compose_files(name: str) -> None:
    assert re.search(_hook("tocompose-lint")["files"], name)


@pytest.mark.parametrize("name", ["decompose.py", "composer.json", "x/recompose.yml.j2"])
def test_the_lint_hook_looks_at_nothing_else(name: str) -> None:
    assert not re.search(_hook("tocompose-lint")["files"], name)


def _hook(name: str) -> dict[str, Any]:
    hooks = yaml.safe_load((tree.ROOT / ".pre-commit-hooks.yaml").read_text())
    return next(hook for hook in hooks if hook["id"] == name)


@oracles.needs_git
@pytest.mark.slow
def test_pre_commit_runs_the_hooks(tmp_path: Path) -> None:
    """With the program of this checkout, not one that is installed for the purpose."""
    hooks = []
    for name, arguments in (
        ("tocompose-lint", ["--fail-on", "warning"]),
        ("tocompose-check", ["run.sh", "-o", "shop"]),
    ):
        hook = {
            key: value
            for key, value in _hook(name).items()
            if key != "additional_dependencies"
        }
        entry = f"{sys.executable} -m {hook['entry']}"
        hooks.append({**hook, "language": "system", "entry": entry, "args": arguments})
    config = {"repos": [{"repo": "local", "hooks": hooks}]}
    (tmp_path / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    (tmp_path / "run.sh").write_text("docker run --name web --privileged nginx:1.27\n")
    env = {
        **os.environ,
        "PYTHONPATH": str(tree.PACKAGE.parent),
        "PRE_COMMIT_HOME": str(tmp_path / "cache"),
    }

    def call(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words,
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    assert call("git", "init", "-q").returncode == 0
    assert (
        call(
            sys.executable, "-m", "tocompose", "convert", "run.sh", "-o", "shop"
        ).returncode
        == 0
    )
    # What the source states is marked in the files of its conversion; here nothing is.
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "compose.yaml").write_text(
        "services:\n  web:\n    image: nginx:1.27\n    privileged: true\n"
    )
    call("git", "add", "--all", "--force")
    ran = call(sys.executable, "-m", "pre_commit", "run", "--all-files")
    lint, check = ran.stdout.split("compose files are those of their source")
    assert "Failed" in lint and "privileged" in lint, ran.stdout + ran.stderr
    assert "Passed" in check, check
