"""What is shipped: the wheel and the sdist hold everything, and the wheel works by itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
import yaml

import tree


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with wheel and sdist; the wheel is built from the sdist, as package indexes do it."""
    folder = tmp_path_factory.mktemp("dist")
    command = [
        sys.executable,
        "-m",
        "build",
        "--no-isolation",
        "--outdir",
        str(folder),
        str(tree.ROOT),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    return folder


def test_the_wheel_is_complete(built: Path) -> None:
    names = set(zipfile.ZipFile(next(built.glob("*.whl"))).namelist())
    assert "tocompose/py.typed" in names
    for folder, inside in (
        ("mappings", "tocompose/mappings"),
        ("converters/tocompose", "tocompose"),
    ):
        for path in sorted((tree.ROOT / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                assert (
                    f"{inside}/{path.relative_to(tree.ROOT / folder).as_posix()}" in names
                )
    assert any(name.endswith("share/man/man1/tocompose.1") for name in names)
    assert not any(name.startswith(("tests", "fixtures")) for name in names)


def test_the_sdist_can_be_built_from(built: Path) -> None:
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {
        "pyproject.toml",
        "LICENSE",
        "README.md",
        "mappings/notes/general.yaml",
    } <= names


def test_the_wheel_works_by_itself(built: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        wheel.extractall(tmp_path / "site")
    command = [
        sys.executable,
        "-m",
        "tocompose",
        "--report",
        "report.html",
        "docker",
        "run",
        "--frob",
        "nginx",
    ]
    ran = subprocess.run(
        command,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert yaml.safe_load(ran.stdout)["services"]["nginx"]["image"] == "nginx"
    assert "--frob" in ran.stderr
    assert "<svg" in (tmp_path / "report.html").read_text()


def test_the_wheel_fills_the_compiled_templates(built: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        wheel.extractall(tmp_path / "site")
    templates = tmp_path / "site" / "tocompose" / "dockerfiles" / "templates"
    shutil.rmtree(templates)
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "Gemfile").write_text("gem 'puma'\n")
    (tmp_path / "app" / "Procfile").write_text("web: puma\n")
    dockerfiles = []
    for place in (tmp_path / "site", tree.ROOT / "converters"):
        command = [sys.executable, "-m", "tocompose", "convert", "app", "-o", place.name]
        environment = {**os.environ, "PYTHONPATH": str(place)}
        subprocess.run(command, env=environment, cwd=tmp_path, check=True, timeout=60)
        dockerfiles.append((tmp_path / place.name / "Dockerfile").read_bytes())
    assert dockerfiles[0] == dockerfiles[1]


def test_the_action_runs_no_text_of_its_inputs() -> None:
    action = yaml.safe_load((tree.ROOT / "action.yml").read_text())
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
    bash = shutil.which("bash")
    assert bash
    program = tmp_path / "tocompose" / "bin" / "tocompose"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m tocompose "$@"\n')
    program.chmod(0o755)
    (tmp_path / "run.sh").write_text("docker run --name web --frob nginx\n")
    step = yaml.safe_load((tree.ROOT / "action.yml").read_text())["runs"]["steps"][1]
    empty = dict.fromkeys(step["env"], "")
    env = {
        **os.environ,
        "PYTHONPATH": str(tree.PACKAGE.parent),
        "RUNNER_TEMP": str(tmp_path),
    }
    ran = subprocess.run(
        [bash, "-eo", "pipefail", "-c", step["run"]],
        env={**env, **empty, "SOURCE": "run.sh\n", **inputs},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ran.returncode == code, ran.stderr
    assert not (tmp_path / "owned").exists()
    if code == 0:
        assert "::error file=run.sh,line=1,col=23," in ran.stdout
        assert ("services:" in ran.stdout) is False


def test_the_hook_is_a_command_that_exists() -> None:
    hook = yaml.safe_load((tree.ROOT / ".pre-commit-hooks.yaml").read_text())[0]
    assert hook["entry"].split()[:2] == ["tocompose", "convert"]
    assert hook["language"] == "python"


def test_the_image_copies_what_exists_and_runs_as_a_user() -> None:
    lines = (tree.ROOT / "Dockerfile").read_text().splitlines()
    for line in lines:
        if line.startswith("COPY ") and "--from" not in line:
            for name in line.split()[1:-1]:
                assert (tree.ROOT / name).exists(), line
    assert "USER tocompose" in lines
    ignored = (tree.ROOT / ".dockerignore").read_text().splitlines()
    copied = {
        name
        for line in lines
        if line.startswith("COPY ") and "--from" not in line
        for name in line.split()[1:-1]
    }
    assert {f"!{name}" for name in copied} <= set(ignored)
