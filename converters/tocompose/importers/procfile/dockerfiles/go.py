"""What the Dockerfile of a Go app needs."""

from __future__ import annotations

import re

from tocompose.importers.procfile.defaults import go_binary
from tocompose.importers.procfile.dockerfiles.generate import Brief, Facts, told
from tocompose.knowledge.versions import default_version


def facts(brief: Brief) -> Facts:
    """The facts of go.j2."""
    repository = brief.repository
    text = repository.text("go.mod") or ""
    version = _version(text)
    if not version:
        version = default_version("go")
        told(brief, "Go", version, "it is the newest that is known", "go.mod (go 1.25)")
    packages = re.search(r"^//\s*\+heroku\s+install\s+(.+)$", text, re.MULTILINE)
    main = go_binary(repository)
    return {
        "image": f"golang:{version}-alpine",
        "sums": repository.project.read("go.sum") is not None,
        "vendored": repository.project.exists("vendor/modules.txt"),
        "packages": packages[1].split() if packages else _packages(brief),
        "cgo": brief.uses("github.com/mattn/go-sqlite3"),
        "default_command": (main,),
        "dev_command": ("go", "run", _main(brief)),
    }


def _version(text: str) -> str:
    stated = re.search(r"^//\s*\+heroku\s+goVersion\s+(?:go)?([\d.]+)", text, re.MULTILINE)
    chain = re.search(r"^toolchain\s+go([\d.]+)", text, re.MULTILINE)
    line = re.search(r"^go\s+([\d.]+)", text, re.MULTILINE)
    return next((match[1] for match in (stated, chain, line) if match), "")


def _packages(brief: Brief) -> list[str]:
    """What the platform installs: the commands below cmd/, and the root where it holds a main package."""
    files = brief.repository.project.files()
    found = (
        ["./cmd/..."] if any(re.fullmatch(r"cmd/.+\.go", path) for path in files) else []
    )
    root = any(re.fullmatch(r"[^/]+\.go", path) for path in files)
    return [*found, "."] if root or not found else found


def _main(brief: Brief) -> str:
    """The package that the web command is built from."""
    text = (
        brief.commands[0].split()[0].rsplit("/", 1)[-1]
        if brief.commands and brief.commands[0].split()
        else ""
    )
    files = brief.repository.project.files()
    return (
        f"./cmd/{text}"
        if text and any(path.startswith(f"cmd/{text}/") for path in files)
        else "."
    )
