"""What judges compose files: docker compose itself, the published schema, yamllint and dclint."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from filelock import FileLock

from effort import tries_everything
from oracles import NO_COMPOSE, binary
from tocompose.model import File

DCLINT = "3.1.0"
COMPOSE = binary("docker-compose")
needs_compose = [
    pytest.mark.oracle,
    pytest.mark.skipif(not COMPOSE, reason=NO_COMPOSE),
]

YAMLLINT = """
extends: default
rules:
  document-start: disable   # one document a file: Compose merges a second one into the first
  line-length: disable   # a command, a rule or a URL is not wrapped
"""

# dclint rules that cannot hold, with the service that breaks them, and why.
EXCEPTIONS = {
    "service-keys-order": "a service that begins with the merge key: it stands first for readers, dclint sorts it last",
    "no-unbound-port-interfaces": "the source publishes the port on all addresses; a note says so",
    "no-build-and-image": "the source names the image that its build makes",
    "service-image-require-explicit-tag": "the source names no tag, and a version is never invented; a note says so",
    "no-duplicate-exported-ports": "the source publishes a port twice; a note says so",
    "no-quotes-in-volumes": "a variable that says with blanks what to set, which we quote everywhere",
    "invalid-schema": "dclint brings an older copy of the schema; the one of docker compose is checked besides",
}


def write(folder: Path, files: Iterable[File]) -> None:
    """The files in the folder with their modes, for docker compose to read."""
    for item in files:
        place = folder / item.path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(item.content)
        place.chmod(item.mode)


def compose_config(
    folder: Path,
    *names: str,
    env: Mapping[str, str] | None = None,
    extra: Iterable[str] = (),
) -> Any:
    """What docker compose reads from the named files; fails the test with its message when it refuses them."""
    done = run_config(folder, names, env=env, extra=extra)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def run_config(
    folder: Path,
    names: Iterable[str],
    env: Mapping[str, str] | None = None,
    extra: Iterable[str] = (),
) -> subprocess.CompletedProcess[str]:
    """`docker-compose config --format json` on the named files."""
    given = [part for name in names for part in ("-f", name)]
    return subprocess.run(
        [COMPOSE, *given, *extra, "config", "--format", "json"],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **(env or {})},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@cache
def _validator() -> Any:
    import jsonschema

    schema = json.loads(
        (Path(__file__).parent / "schemas" / "compose-spec.json").read_text(
            encoding="utf-8"
        )
    )
    return jsonschema.Draft7Validator(schema)


class _Loader(yaml.SafeLoader):
    """Knows the tags of Compose, which stand for no value here."""


_Loader.add_constructor("!reset", lambda loader, node: None)


def schema_errors(text: str) -> list[str]:
    """What the Compose Specification's schema says against a file."""
    return [error.message for error in _validator().iter_errors(yaml.load(text, _Loader))]


def yamllint_findings(text: str) -> list[str]:
    """What yamllint's default rules (save those above) say against a file."""
    from yamllint import linter
    from yamllint.config import YamlLintConfig

    return [str(problem) for problem in linter.run(text, YamlLintConfig(YAMLLINT))]


# Why a test of what dclint says is left out.
NO_DCLINT = "needs dclint, which CI installs with npm"


@cache
def dclint() -> Path | None:
    """The dclint program, in CI installed into the user's cache on first use; None where it is not there.

    npm tries for minutes where no registry answers, and nobody who runs a few tests has asked for an installation.
    """
    cached = (
        Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
        / "tocompose"
        / f"dclint-{DCLINT}"
    )
    program = cached / "node_modules" / ".bin" / "dclint"
    npm = shutil.which("npm")
    if npm and tries_everything():
        cached.parent.mkdir(parents=True, exist_ok=True)
        # Two processes of a test run would install over each other and leave half a package.
        with FileLock(f"{cached}.lock"):
            if not program.exists():
                _install_dclint(npm, cached)
    return program if program.exists() else None


def _install_dclint(npm: str, folder: Path) -> None:
    """All of the package in the folder, or nothing."""
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    options = ["--prefix", str(unfinished), "--no-audit", "--no-fund"]
    command = [npm, "install", *options, f"dclint@{DCLINT}"]
    done = subprocess.run(command, capture_output=True, timeout=300, check=False)
    if done.returncode == 0:
        shutil.rmtree(folder, ignore_errors=True)
        unfinished.rename(folder)


def dclint_findings(folder: Path) -> list[tuple[str, str, str]]:
    """File, rule and message of each finding of dclint's default rules in a folder and all below it, in one process."""
    program = dclint()
    assert program is not None
    # Into a file: dclint ends before a pipe has taken a long report.
    report = folder / "dclint.json"
    command = [str(program), "-f", "json", "-r", "-o", report.name, "."]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=300, check=False
    )
    reports = json.loads(report.read_text(encoding="utf-8"))
    seen = {Path(item["filePath"]) for item in reports}
    assert seen == {
        path.relative_to(folder) for path in folder.rglob("docker-compose*.yml")
    }, done.stderr
    return [
        (item["filePath"], finding["rule"], finding["message"])
        for item in reports
        for finding in item["messages"]
    ]


def unexcused(
    folder: Path, allowed: Iterable[str] = ("service-keys-order",)
) -> list[tuple[str, str, str]]:
    """The findings of dclint that none of the `allowed` exceptions covers."""
    assert set(allowed) <= set(EXCEPTIONS)
    findings = [
        item
        for item in dclint_findings(folder)
        if item[1] not in set(allowed) - {"service-keys-order"}
    ]
    return [
        item
        for item in findings
        if not (item[1] == "service-keys-order" and _begins_with_merge(folder, item))
    ]


def _begins_with_merge(folder: Path, finding: tuple[str, str, str]) -> bool:
    """Whether the service that the finding is about begins with `<<`."""
    name = finding[2].partition('in service "')[2].partition('"')[0]
    return f"  {name}:\n    <<: *" in (folder / finding[0]).read_text(encoding="utf-8")
