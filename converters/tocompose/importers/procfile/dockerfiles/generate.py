"""The Dockerfile of a repository that has none."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, NamedTuple

from tocompose.importers.procfile.dependencies import Dependency
from tocompose.importers.procfile.dockerfiles.render import ignore, render
from tocompose.importers.procfile.dockerfiles.suites import archived, packages
from tocompose.importers.procfile.language import languages
from tocompose.importers.procfile.repository import Repository
from tocompose.importers.procfile.shell import command
from tocompose.model import File
from tocompose.tables import load

Facts = Mapping[str, Any]


class Brief(NamedTuple):
    """What a language's module is told; `commands` begin with the web process's.

    `packages` are system packages that the source asks for; `demanded` the variables that the app cannot do without (a
    build step that loads the app gives them dummy values); `mixed` says that a Node.js buildpack comes first too.
    """

    repository: Repository
    commands: tuple[str, ...]
    libraries: tuple[Dependency, ...]
    packages: tuple[str, ...]
    port: str
    demanded: tuple[str, ...]
    settings: Mapping[str, str]
    mixed: bool

    def uses(self, *names: str) -> bool:
        """Whether the app declares one of the libraries, of whatever language."""
        return any(item.name in names for item in self.libraries)


class Made(NamedTuple):
    """The files; the web command for development (empty: as in production); whether a build step makes others.

    `source` is mounted at `workdir` for development; empty is the whole repository. `develop` says that there is a
    stage for development: not where the program is built and nothing is known that would build it anew.
    """

    files: tuple[File, ...]
    dev_command: tuple[str, ...]
    builds_source: bool
    workdir: str
    source: str
    develop: bool


def generate(brief: Brief, language: str) -> Made:
    """The Dockerfile and .dockerignore, and other files that the image needs; none that the repository already has."""
    module = import_module(f"tocompose.importers.procfile.dockerfiles.{language}")
    facts: Callable[[Brief], Facts] = module.facts
    found = {
        "port": brief.port,
        "node": None,
        **system_packages(brief, language),
        **facts(brief),
    }
    base = str(found.get("image") or "")
    found["archived"] = archived(base)
    found["run_packages"] = tuple(
        sorted({*found["run_packages"], *found.get("more_packages", ())})
    )
    found["build_packages"] = tuple(
        sorted({*found["build_packages"], *found.get("more_build", ())})
    )
    for key in ("build_packages", "run_packages"):
        found[key] = packages(base, found[key])
    cmd = _cmd(brief) or tuple(found.get("default_command", ()))
    dev = tuple(found.get("dev_command", ()))
    built = bool(languages()[language].get("compiled") or found.get("build_steps"))
    found["develop"] = bool(dev) or not built
    found |= {"cmd": json.dumps(cmd), "cmd_dev": json.dumps(dev or cmd)}
    place: dict[str, Any] = {
        "builds_source": bool(found.get("build_steps")),
        "workdir": found.get("workdir", "/app"),
    }
    place |= {"source": found.get("source", ""), "develop": found["develop"]}
    made = [render(language, found), ignore(language, tuple(found.get("ignored", ())))]
    made += [
        File(path=path, content=text.encode())
        for path, text in found.get("files", {}).items()
    ]
    return Made(
        tuple(item for item in made if not _present(brief.repository, item)), dev, **place
    )


def _cmd(brief: Brief) -> tuple[str, ...]:
    """The web command as the image's default; the shell's dollars as they are."""
    text = brief.commands[0] if brief.commands else ""
    if "heroku-php-" in text:
        return ()
    return tuple(word.replace("$$", "$") for word in command(text).argv) if text else ()


def _present(repository: Repository, item: File) -> bool:
    return repository.project.read(item.path) is not None


def system_packages(brief: Brief, language: str) -> dict[str, tuple[str, ...]]:
    """Debian packages: `build` for compiling libraries, `run` for running them."""
    rows = load("system_packages").get(language, {})
    build: list[str] = []
    run: list[str] = list(brief.packages)
    for name, row in rows.items():
        if brief.uses(*name.split("|")) or name == "always":
            build += row.get("build", ())
            run += row.get("run", ())
    return {
        "build_packages": tuple(sorted(set(build))),
        "run_packages": tuple(sorted(set(run))),
    }


def told(brief: Brief, language: str, version: str, why: str, file: str) -> None:
    """Says which version was chosen when no file of the repository names one."""
    brief.repository.say(
        "TC356",
        None,
        subject="files.Dockerfile",
        language=language,
        version=version,
        why=why,
        file=file,
    )
