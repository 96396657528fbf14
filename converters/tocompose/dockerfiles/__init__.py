"""The Dockerfile of a repository that has none, from its language's facts and template."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from tocompose.dockerfiles.data_files import add_data_files
from tocompose.dockerfiles.ignored_files import (
    excluded_by_project,
    git_ignored,
    is_ignored,
    needed_again,
    private_keys,
    public_settings,
)
from tocompose.dockerfiles.rendering import render_template
from tocompose.knowledge.secrets.commands import command_secrets
from tocompose.languages import find_language, language_rows
from tocompose.languages.language import DockerfileFacts, DockerfileInput
from tocompose.languages.node import inlined_prefixes
from tocompose.languages.versions import is_archived, package_names
from tocompose.model import File
from tocompose.record import NamedTuple
from tocompose.repository import Repository
from tocompose.syntax.model_path import ModelPath


class GeneratedDockerfile(NamedTuple):
    """The files; the web command for development (empty: as in production); whether a build step makes others.

    `source` is mounted at `workdir` for development; empty is the whole repository. `develops` says that there is a
    stage for development: not where the program is built and nothing is known that would build it anew. `base` is the
    image that it starts from, in words.
    """

    files: tuple[File, ...]
    development_command: tuple[str, ...]
    builds_source: bool
    workdir: str
    source: str
    develops: bool
    base: str = ""


def generate_dockerfile(source: DockerfileInput, language: str) -> GeneratedDockerfile:
    """The Dockerfile and .dockerignore, and other files that the image needs; none that the repository already has."""
    facts = find_language(language).dockerfile_facts(source)
    is_built = bool(language_rows()[language].get("compiled") or facts.build_steps)
    develops = bool(facts.development_command) or not is_built
    command = source.web_arguments or facts.default_command
    values: dict[str, Any] = {
        "node": None,
        "port": source.port,
        "image": facts.image,
        "archived": is_archived(facts.image),
        "build_packages": _collect_packages(source, language, facts, "build"),
        "run_packages": _collect_packages(source, language, facts, "run"),
        "build_steps": facts.build_steps,
        "inlined": source.inlined,
        "unset": source.unset,
        "develop": develops,
        "cmd": json.dumps(command),
        "cmd_dev": json.dumps(facts.development_command or command),
        **facts.template,
    }
    rendered = render_template(f"{language}.j2", values).strip()
    rendered = add_data_files(rendered, source.data_files)
    dockerfile = _without_secret_commands(
        _space_stages(rendered), (command, facts.development_command)
    )
    contents = {
        "Dockerfile": dockerfile,
        **_dockerignore(source.repository, language, dockerfile),
        **facts.files,
    }
    return GeneratedDockerfile(
        tuple(
            File(path=path, content=text.encode())
            for path, text in contents.items()
            if not source.repository.has_file(path)
        ),
        facts.development_command,
        bool(facts.build_steps),
        facts.workdir,
        facts.source,
        develops,
        _base_in_words(facts),
    )


def _base_in_words(facts: DockerfileFacts) -> str:
    """The image that it starts from, with what of the source states its version; empty where it is of no matter."""
    reason = f" ({facts.version_reason})" if facts.version_reason else ""
    return f"{facts.image}{reason}" if facts.image else ""


def _without_secret_commands(dockerfile: str, commands: Iterable[tuple[str, ...]]) -> str:
    """The Dockerfile without a `CMD` in which a secret stands: Compose gives that command, with a variable in it."""
    secret_lines = {
        f"CMD {json.dumps(command)}" for command in commands if command_secrets(command)
    }
    lines = dockerfile.splitlines(keepends=True)
    return "".join(line for line in lines if line.strip() not in secret_lines)


def _dockerignore(repository: Repository, language: str, dockerfile: str) -> dict[str, str]:
    """The file that keeps files out of the image; beside one of the repository, whose lines come first in it.

    BuildKit prefers the one that is named after the Dockerfile.
    """
    text = ignored_text(repository, language, dockerfile)
    if repository.read_text(".dockerignore") is None:
        return {".dockerignore": text}
    return {"Dockerfile.dockerignore": text}


def ignored_text(repository: Repository, language: str, dockerfile: str) -> str:
    """What keeps files out of an image, behind what the repository says itself."""
    patterns = git_ignored(repository)
    keys = private_keys(repository)
    if tracked := [path for path in keys if not is_ignored(path, patterns)]:
        subject = ModelPath.of("files", "Dockerfile")
        repository.add_note("TC564", subject=subject, files=", ".join(tracked))
    values = {
        "language": language,
        "git": tuple(pattern.line for pattern in patterns),
        "excluded": excluded_by_project(repository),
        "needed": needed_again(repository, dockerfile, patterns),
        "public": public_settings(repository, inlined_prefixes()),
        "keys": keys,
    }
    text = render_template("dockerignore.j2", values)
    present = repository.read_text(".dockerignore")
    return text if present is None else f"{present.rstrip()}\n\n{text}"


def _collect_packages(
    source: DockerfileInput, language: str, facts: DockerfileFacts, purpose: str
) -> tuple[str, ...]:
    """The Debian packages to `build` libraries or to `run` them: of facts, of libraries, and asked for."""
    named = facts.build_packages if purpose == "build" else facts.run_packages
    packages = {*named, *(source.packages if purpose == "run" else ())}
    for libraries, row in language_rows()[language].get("packages", {}).items():
        if libraries == "always" or source.uses(*libraries.split("|")):
            packages.update(row.get(purpose, ()))
    return package_names(facts.image, sorted(packages))


def _space_stages(text: str) -> str:
    """The lines with a blank one before each stage and the comment above it."""
    lines: list[str] = []
    for line in text.splitlines():
        if line.startswith("FROM "):
            start = len(lines)
            while start and lines[start - 1].startswith("#"):
                start -= 1
            if start and lines[start - 1]:
                lines.insert(start, "")
        lines.append(line)
    return "\n".join(lines) + "\n"
