"""What the Dockerfile of an Elixir app needs."""

from __future__ import annotations

import re
from typing import Any

from tocompose.importers.procfile.dockerfiles import node, versions
from tocompose.importers.procfile.dockerfiles.generate import Brief, Facts, told
from tocompose.importers.procfile.dockerfiles.versions import File, Version
from tocompose.importers.procfile.repository import Repository
from tocompose.knowledge.versions import default_version

_FILES = (
    File(
        "elixir_buildpack.config",
        r"^elixir_version\s*=\s*[\"(]?v?(\d{1,9}\.\d{1,9}(?:\.\d{1,9})?)",
    ),
    File(".tool-versions", r"^elixir\s+(\d{1,9}\.\d{1,9}(?:\.\d{1,9})?)"),
    File(".elixir-version", r"^(\d{1,9}\.\d{1,9}(?:\.\d{1,9})?)"),
)
# The last line with the OpenSSL that webpack 4 needs.
_NODE = "16"
_NPM = ("npm --prefix assets", "install")
_TOOLS = {
    "package-lock.json": ("npm --prefix assets", "ci"),
    "yarn.lock": ("yarn --cwd assets", "install --frozen-lockfile && yarn cache clean"),
}


def facts(brief: Brief) -> Facts:
    """The facts of elixir.j2."""
    repository = brief.repository
    text = repository.text("mix.exs") or ""
    stated = re.search(r"elixir:\s*\"[^\d\"]*(\d{1,9}\.\d{1,9})", text)
    candidates: list[tuple[Version, Any]] = list(
        versions.from_files(repository, _FILES, "elixir")
    )
    version = versions.choose(candidates, Version("", ""), versions.dotted)
    if not version.why:
        version = Version(
            default_version("elixir"),
            f"mix.exs asks for {stated[1]} or newer"
            if stated
            else "it is the newest that is known",
        )
        told(brief, "Elixir", version.text, version.why, ".tool-versions")
    return {
        "image": f"elixir:{'.'.join(version.text.split('.')[:2])}-slim",
        "lock": repository.project.read("mix.lock") is not None,
        "config": repository.project.exists("config"),
        "assets": bool(re.search(r"[\"']assets\.deploy[\"']", text)),
        "node": _node(repository, text),
        "release": any("/rel/" in item for item in brief.commands),
        "default_command": ("mix", "phx.server")
        if brief.uses("phoenix")
        else ("mix", "run", "--no-halt"),
        "dev_command": ("mix", "phx.server")
        if brief.uses("phoenix") and _configured(repository)
        else (),
    }


def _node(repository: Repository, mix: str) -> dict[str, str] | None:
    """Node.js for the assets of an older Phoenix app, which webpack or brunch builds; newer ones need no Node.js."""
    package = repository.json("assets/package.json")
    known = node.scripts(package)
    script = next((name for name in ("deploy", "build") if name in known), "")
    if not package or (not script and "npm" not in mix) or "mix " in known.get(script, ""):
        return None
    stated = re.search(
        r"^node_version=v?(\d{1,9}(?:\.\d{1,9}){0,2})",
        _static_config(repository),
        re.MULTILINE,
    )
    version = stated[1] if stated else _NODE
    locks = (
        found
        for lock, found in _TOOLS.items()
        if repository.project.exists(f"assets/{lock}")
    )
    program, install = next(locks, _NPM)
    own = re.search(r"[\"']assets\.deploy[\"']", mix)
    build = "" if own else f"NODE_ENV=production {program} run {script} && mix phx.digest"
    install = f"{program} {install}"
    return {"image": node.image(version), "install": install, "build": build}


def _static_config(repository: Repository) -> str:
    return repository.text("phoenix_static_buildpack.config") or ""


def _configured(repository: Repository) -> bool:
    """Whether the development settings take the database's address from outside; generated ones name localhost."""
    text = repository.text("config/dev.exs")
    return text is None or "DATABASE_URL" in text
