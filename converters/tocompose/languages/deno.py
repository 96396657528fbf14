"""Deno: modules, versions, and what the Dockerfile of an app needs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tocompose.languages import versions
from tocompose.languages.language import DockerfileFacts, DockerfileInput, Language
from tocompose.repository import Repository, map_at

_CONFIGURATIONS = ("deno.json", "deno.jsonc")
# https://docs.deno.com/runtime/: what a repository without a task starts.
_ENTRIES = ("main.ts", "main.js", "server.ts", "src/main.ts", "mod.ts")


def _read_configuration(repository: Repository) -> dict[str, Any]:
    """The configuration as plain data; it may hold comments."""
    return repository.read_json(next(filter(repository.has_file, _CONFIGURATIONS), ""))


def _read_libraries(repository: Repository) -> Iterator[tuple[str, str]]:
    """The packages of the import map: `npm:redis@4` and `jsr:@db/postgres@^0.19` by their names."""
    file = next(filter(repository.has_file, _CONFIGURATIONS), "")
    for address in map_at(_read_configuration(repository), "imports").values():
        registry, separator, package = str(address).partition(":")
        if separator and registry in ("npm", "jsr"):
            scope, _, name = (
                package.rpartition("@") if "@" in package[1:] else (package, "", "")
            )
            yield scope or name, file


def _default_command(repository: Repository) -> str:
    tasks = map_at(_read_configuration(repository), "tasks")
    if "start" in tasks:
        return "deno task start"
    entry = next(filter(repository.has_file, _ENTRIES), "")
    return f"deno run -A {entry}" if entry else ""


def _dockerfile_facts(source: DockerfileInput) -> DockerfileFacts:
    repository = source.repository
    version = versions.choose_version(
        versions.read_version_files(repository, "deno"), versions.dotted
    )
    if version is None:
        version = versions.use_default(repository, "deno")
    tasks = map_at(_read_configuration(repository), "tasks")
    return DockerfileFacts(
        image=f"denoland/deno:{version.number}",
        default_command=tuple(_default_command(repository).split())
        or ("deno", "task", "start"),
        development_command=("deno", "task", "dev") if "dev" in tasks else (),
        template={
            "installs": any(map(repository.has_file, (*_CONFIGURATIONS, "package.json"))),
            "frozen": repository.has_file("deno.lock"),
            "builds": "build" in tasks,
        },
    )


LANGUAGE = Language(
    read_libraries=_read_libraries,
    dockerfile_facts=_dockerfile_facts,
    default_command=_default_command,
)
