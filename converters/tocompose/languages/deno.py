"""Deno: modules, versions, and what the Dockerfile of an app needs."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from tocompose.languages import versions
from tocompose.languages.language import DockerfileFacts, DockerfileInput, Language
from tocompose.patterns import regex
from tocompose.repository import Repository, map_at

_CONFIGURATIONS = ("deno.json", "deno.jsonc")
# https://docs.deno.com/runtime/: what a repository without a task starts.
_ENTRIES = ("main.ts", "main.js", "server.ts", "src/main.ts", "mod.ts")


# What `deno cache` is told too, as it decides what a module is: https://docs.deno.com/runtime/reference/cli/cache/
_CACHE_OPTIONS = regex(
    r"\s(-c[ =]\S+|--(?:config|import-map|lock)[ =]\S+|--(?:unstable|node-modules-dir|no-check)\S*)"
)
_SCRIPT = regex(
    r"\bdeno\s(?:run|serve)\s(?:[^;&|]*?\s)?([\w./-]+\.(?:[cm]?[jt]sx?))(?=\s|$)"
)
# https://docs.deno.com/runtime/fundamentals/modules/
_IMPORT = regex(
    r"[\"'](?:https://deno\.land/x/([\w.-]+)|(?:npm|jsr):/?((?:@[\w.-]+/)?[\w.-]+))[^\"'\n]*[\"']"
)
_SOURCES = (".ts", ".tsx", ".js", ".mjs")
# More are not read for what they import.
_MOST_SOURCES = 300


def _read_configuration(repository: Repository) -> dict[str, Any]:
    """The configuration as plain data; it may hold comments."""
    return repository.read_json(next(filter(repository.has_file, _CONFIGURATIONS), ""))


def _read_libraries(repository: Repository) -> Iterator[tuple[str, str]]:
    """The packages of the import map and of the code: `npm:redis@4` and `jsr:@db/postgres@^0.19` by their names."""
    file = next(filter(repository.has_file, _CONFIGURATIONS), "")
    for address in map_at(_read_configuration(repository), "imports").values():
        registry, separator, package = str(address).partition(":")
        if separator and registry in ("npm", "jsr"):
            scope, _, name = (
                package.rpartition("@") if "@" in package[1:] else (package, "", "")
            )
            yield scope or name, file
    paths = (path for path in repository.project.files() if path.endswith(_SOURCES))
    for path in islice(paths, _MOST_SOURCES):
        for match in _IMPORT.finditer(repository.read_text(path) or ""):
            yield match[1] or match[2], path


def _cached_scripts(source: DockerfileInput) -> Iterator[str]:
    """The scripts that commands run, with the options that decide what they import."""
    for command in source.commands:
        for match in _SCRIPT.finditer(command):
            if source.repository.has_file(match[1].removeprefix("./")):
                options = _CACHE_OPTIONS.findall(match[0])
                yield " ".join((*options, match[1]))


def _default_command(repository: Repository) -> str:
    tasks = map_at(_read_configuration(repository), "tasks")
    if "start" in tasks:
        return "deno task start"
    entry = next(filter(repository.has_file, _ENTRIES), "")
    return f"deno run -A {entry}" if entry else ""


def _dockerfile_facts(source: DockerfileInput) -> DockerfileFacts:
    repository = source.repository
    version = versions.choose_version(
        repository, "deno", versions.read_version_files(repository, "deno"), versions.dotted
    )
    if version is None:
        version = versions.use_default(repository, "deno")
    tasks = map_at(_read_configuration(repository), "tasks")
    return DockerfileFacts(
        image=f"denoland/deno:{version.number}",
        version_reason=version.reason,
        default_command=tuple(_default_command(repository).split())
        or ("deno", "task", "start"),
        development_command=("deno", "task", "dev") if "dev" in tasks else (),
        template={
            "installs": any(map(repository.has_file, (*_CONFIGURATIONS, "package.json"))),
            "frozen": repository.has_file("deno.lock"),
            "builds": "build" in tasks,
            "cached": tuple(dict.fromkeys(_cached_scripts(source))),
        },
    )


LANGUAGE = Language(
    read_libraries=_read_libraries,
    dockerfile_facts=_dockerfile_facts,
    default_command=_default_command,
)
