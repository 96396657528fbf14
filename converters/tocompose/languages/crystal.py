"""Crystal: shards, versions, and what the Dockerfile of an app needs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tocompose.languages import versions
from tocompose.languages.language import (
    DockerfileFacts,
    DockerfileInput,
    Language,
    note_missing_lock,
)
from tocompose.patterns import regex
from tocompose.repository import Repository

_NAME = regex(r"^name:\s*([\w-]+)", re.MULTILINE)
_DEPENDENCIES = regex(r"^dependencies:\n((?:[ \t]+.*\n?|\n)*)", re.MULTILINE)
_DEPENDENCY = regex(r"^  ([\w-]+):\s*$", re.MULTILINE)
_COMPILER = regex(r"^crystal:\s*[\"']?[^\d\"'\n]*(\d{1,9}\.\d{1,9}\.\d{1,9})", re.MULTILINE)


def _read_libraries(repository: Repository) -> Iterator[tuple[str, str]]:
    block = _DEPENDENCIES.search(repository.read_text("shard.yml") or "")
    for name in _DEPENDENCY.findall(block[1]) if block else ():
        yield name, "shard.yml"


def _program(repository: Repository) -> str:
    """The name of the shard, which is that of its main file."""
    match = _NAME.search(repository.read_text("shard.yml") or "")
    return match[1] if match else "app"


def _default_command(repository: Repository) -> str:
    """https://github.com/crystal-lang/heroku-buildpack-crystal"""
    return "./app --port $PORT"


def _dockerfile_facts(source: DockerfileInput) -> DockerfileFacts:
    repository = source.repository
    stated = _COMPILER.search(repository.read_text("shard.yml") or "")
    version = (
        versions.use_default(
            repository, "crystal", f"shard.yml asks for {stated[1]} or newer"
        )
        if stated
        else versions.use_default(repository, "crystal")
    )
    if not repository.has_file("shard.lock"):
        note_missing_lock(repository, "shard.yml has no shard.lock", "shards lock")
    return DockerfileFacts(
        image=f"crystallang/crystal:{version.number}-alpine",
        default_command=("sh", "-c", f"exec {_default_command(repository)}"),
        template={"program": _program(repository)},
    )


LANGUAGE = Language(
    read_libraries=_read_libraries,
    dockerfile_facts=_dockerfile_facts,
    default_command=_default_command,
)
