"""What is shipped: the wheel and the sdist hold everything, and the wheel works by itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest
import trove_classifiers
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


PASTED = ["--quiet", "docker", "run", "-d", "--name", "cache", "redis:7"]


def _installing(way: str, built: Path, folder: Path) -> list[list[str]]:
    """The commands that install the package, the last of which converts a command."""
    wheel, source = (str(next(built.glob(name))) for name in ("*.whl", "*.tar.gz"))
    pins = str(tree.ROOT / ".ci" / "constraints.txt")
    prefix = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        # Without it pip takes away the checkout that is installed where the tests run.
        "--ignore-installed",
        "--prefix",
        str(folder),
    ]
    program = str(folder / "bin" / "tocompose")
    return {
        "wheel": [[*prefix, wheel], [program, *PASTED]],
        "sdist": [[*prefix, "--no-build-isolation", source], [program, *PASTED]],
        "pipx": [["pipx", "install", f"--pip-args=-c {pins}", wheel], [program, *PASTED]],
        "uvx": [["uv", "tool", "run", "--from", wheel, "-c", pins, "tocompose", *PASTED]],
    }[way]


def _needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not shutil.which(program), reason=f"needs {program}")


@pytest.mark.slow
@pytest.mark.parametrize(
    "way",
    [
        "wheel",
        "sdist",
        pytest.param("pipx", marks=_needs("pipx")),
        pytest.param("uvx", marks=_needs("uv")),
    ],
)
def test_however_it_is_installed_it_converts(way: str, built: Path, tmp_path: Path) -> None:
    """pipx and uvx make environments of their own; else what it depends on comes from this one."""
    installed = sysconfig.get_path("purelib", vars={"base": str(tmp_path)})
    libraries = os.pathsep.join([installed, sysconfig.get_path("purelib")])
    environment = {
        **os.environ,
        "PIPX_HOME": str(tmp_path / "pipx"),
        "PIPX_BIN_DIR": str(tmp_path / "bin"),
        "UV_CACHE_DIR": str(tmp_path / "uv"),
        "UV_PYTHON": sys.executable,
        "UV_FIND_LINKS": os.environ.get("PIP_FIND_LINKS", ""),
        "SSL_CERT_FILE": os.environ.get("PIP_CERT", os.environ.get("SSL_CERT_FILE", "")),
        "PYTHONPATH": libraries if way in ("wheel", "sdist") else "",
    }
    environment = {name: value for name, value in environment.items() if value}
    printed = ""
    for command in _installing(way, built, tmp_path):
        ran = subprocess.run(
            command,
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr[-2000:]
        printed = ran.stdout
    assert yaml.safe_load(printed)["services"]["cache"]["image"] == "redis:7"


def test_the_metadata_say_where_it_runs(built: Path) -> None:
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        metadata = next(name for name in wheel.namelist() if name.endswith("/METADATA"))
        message = Parser().parsestr(wheel.read(metadata).decode())
        scripts = wheel.read(metadata.replace("METADATA", "entry_points.txt")).decode()
    classifiers = message.get_all("Classifier")
    assert set(classifiers) <= trove_classifiers.classifiers
    systems = {one for one in classifiers if one.startswith("Operating System")}
    assert {one.rpartition(":: ")[2] for one in systems} == {"MacOS", "Windows", "Linux"}
    assert {"serve", "mcp"} <= set(message.get_all("Provides-Extra"))
    assert message["Description-Content-Type"] == "text/markdown"
    assert "docker-tocompose = " in scripts and "tocompose = " in scripts
