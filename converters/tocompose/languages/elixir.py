"""Elixir: packages of Hex, versions, and what the Dockerfile of an app needs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tocompose.languages import node, versions
from tocompose.languages.language import DockerfileFacts, DockerfileInput, Language
from tocompose.languages.versions import slim_image
from tocompose.patterns import regex
from tocompose.repository import Repository

# The last line with the OpenSSL that webpack 4 needs.
_NODE = "16"
_PACKAGE_TOOLS = {
    "package-lock.json": ("npm --prefix assets", "ci"),
    "yarn.lock": ("yarn --cwd assets", "install --frozen-lockfile && yarn cache clean"),
    "package.json": ("npm --prefix assets", "install"),
}
_LIBRARY = regex(r"\{\s*:(\w+)\s*,([^}]*)")
_COMMENT = regex(r"(?m)^\s*#.*$")
_FOR_DEVELOPMENT = regex(r"only:\s*\[?\s*:(dev|test)\b")
_DEPLOYS_ASSETS = regex(r"[\"']assets\.deploy[\"']")
# What runs at the start of a release, and what without it: https://hexdocs.pm/elixir/Config.html
_SETTINGS = (
    "config/config.exs",
    "config/prod.exs",
    "config/prod.secret.exs",
    "config/releases.exs",
    "config/runtime.exs",
)
_FETCHED = regex(
    r"System\.(?:fetch_env!\(\s*|get_env\(\s*(?=\"\w+\"\s*\)\s*\|\|\s*raise\b))\"([A-Z][A-Z0-9_]{1,60})\""
)
_SERVER = ("mix", "phx.server")


def _read_libraries(repository: Repository) -> Iterator[tuple[str, str]]:
    mix = _COMMENT.sub("", repository.read_text("mix.exs") or "")
    for match in _LIBRARY.finditer(mix):
        if not _FOR_DEVELOPMENT.search(match[2]):
            yield match[1], "mix.exs"


def _required_variables(repository: Repository) -> Iterator[str]:
    for path in _SETTINGS:
        yield from _FETCHED.findall(_COMMENT.sub("", repository.read_text(path) or ""))


def _dockerfile_facts(source: DockerfileInput) -> DockerfileFacts:
    repository = source.repository
    mix = repository.read_text("mix.exs") or ""
    stated = versions.read_version_files(repository, "elixir")
    version = versions.choose_version(repository, "elixir", stated, versions.dotted)
    if version is None:
        minimum = re.search(r"elixir:\s*\"[^\d\"]*(\d{1,9}\.\d{1,9})", mix)
        reason = f"mix.exs asks for {minimum[1]} or newer" if minimum else ""
        version = versions.use_default(repository, "elixir", reason)
    line = ".".join(version.number.split(".")[:2])
    uses_phoenix = source.uses("phoenix")
    return DockerfileFacts(
        image=f"elixir:{line}-slim",
        version_reason=version.reason,
        default_command=_SERVER if uses_phoenix else ("mix", "run", "--no-halt"),
        development_command=_SERVER if uses_phoenix and _is_configured(repository) else (),
        template={
            "lock": repository.has_file("mix.lock"),
            "config": repository.project.exists("config"),
            "assets": _DEPLOYS_ASSETS.search(mix) is not None,
            "node": _node_stage(repository, mix),
            "release": any("/rel/" in command for command in source.commands),
        },
    )


def _node_stage(repository: Repository, mix: str) -> node.NodeStage | None:
    """Node.js for the assets of an older Phoenix app, which webpack or brunch builds; newer ones need no Node.js."""
    scripts = node.package_scripts(repository.read_json("assets/package.json"))
    script = next((name for name in ("deploy", "build") if name in scripts), "")
    files = (file for file in _PACKAGE_TOOLS if repository.has_file(f"assets/{file}"))
    file = next(files, "")
    is_used = script or "npm" in mix
    if not file or not is_used or "mix " in scripts.get(script, ""):
        return None
    stated = re.search(
        r"^node_version=v?(\d{1,9}(?:\.\d{1,9}){0,2})",
        repository.read_text("phoenix_static_buildpack.config") or "",
        re.MULTILINE,
    )
    program, install = _PACKAGE_TOOLS[file]
    build = f"NODE_ENV=production {program} run {script} && mix phx.digest"
    return node.NodeStage(
        image=slim_image("node", stated[1] if stated else _NODE),
        install=f"{program} {install}",
        steps=() if _DEPLOYS_ASSETS.search(mix) else (build,),
    )


def _is_configured(repository: Repository) -> bool:
    """Whether the development settings take the database's address from outside; generated ones name localhost."""
    text = repository.read_text("config/dev.exs")
    return text is None or "DATABASE_URL" in text


LANGUAGE = Language(
    read_libraries=_read_libraries,
    dockerfile_facts=_dockerfile_facts,
    default_command=lambda repository: " ".join(_SERVER),
    required_variables=_required_variables,
)
