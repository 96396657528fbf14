"""Which files of a repository this importer reads, and which of several it prefers."""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from tocompose.patterns import regex
from tocompose.project import Project

# Read at the root only, as the platforms do.
PLATFORM = ("Procfile", "heroku.yml", "heroku.yaml", "app.json", "DOKKU_SCALE", "CHECKS")
# Never picked by a platform; taken when nothing else names processes, or when the user names one.
VARIANTS = (
    "Procfile.production",
    "Procfile.heroku",
    "Procfile.docker",
    "Procfile.dev",
    "Procfile.local",
)
_VARIANT = regex(r"Procfile\.[A-Za-z0-9_.-]+|[A-Za-z0-9_.-]+\.procfile", re.IGNORECASE)
_LINE = regex(r"[A-Za-z0-9_-]+:[ \t]+[^\s\[{&*!|>'\"%@`].*")
# What makes an app.json Heroku's or Dokku's: Expo and others use the same file name.
_APP_KEYS = frozenset(
    {
        "addons",
        "buildpacks",
        "env",
        "environments",
        "formation",
        "scripts",
        "stack",
        "healthchecks",
        "cron",
    }
    | {"success_url", "repository", "website", "logo", "image"}
)
_STANDARD_INPUT = ("-", "<stdin>", "stdin", "standard input")
MANIFESTS = (
    "Gemfile",
    "requirements.txt",
    "Pipfile",
    "composer.json",
    "mix.exs",
    "go.mod",
    "pom.xml",
    "build.gradle",
)
OTHER_FORMATS = (".yml", ".yaml", ".sh", ".bash", ".service", "Makefile", "justfile")


class Choice(NamedTuple):
    """The Procfile that is read, and the variants that are left aside."""

    procfile: str
    left_aside: tuple[str, ...]
    fallback: bool


def sniff(project: Project) -> tuple[str, ...]:
    """The files that speak of a Procfile or Heroku-style repository."""
    names = [path for path in project.files() if "/" not in path]
    found = [path for path in names if path in PLATFORM or _VARIANT.fullmatch(path)]
    found = [path for path in found if path != "app.json" or _is_app_json(project)]
    found += [
        path
        for path in project.named
        if path not in found and _named_procfile(project, path)
    ]
    return tuple(found) or _bare(names, project)


def _is_app_json(project: Project) -> bool:
    content = project.read("app.json") or b""
    try:
        data = json.loads(content)
    except (ValueError, RecursionError):
        return any(
            f'"{key}"'.encode() in content
            for key in ("addons", "formation", "buildpacks", "env")
        )
    return isinstance(data, dict) and "expo" not in data and bool(_APP_KEYS & set(data))


def _named_procfile(project: Project, path: str) -> bool:
    """A file that the user named: by its name, or by what it holds when it has none of its own."""
    name = path.rsplit("/", 1)[-1]
    if name == "Procfile" or _VARIANT.fullmatch(name):
        return True
    if name not in _STANDARD_INPUT:
        return False
    lines = (project.read(path) or b"").decode("utf-8", "replace").splitlines()
    said = [line for line in lines if line.strip() and not line.startswith("#")]
    return bool(said) and all(_LINE.fullmatch(line) for line in said)


def _bare(names: list[str], project: Project) -> tuple[str, ...]:
    """A repository without a platform file, which a buildpack could still run; only where no other format may be."""
    if project.named or any(name.endswith(OTHER_FORMATS) for name in names):
        return ()
    return tuple(
        name
        for name in names
        if name in MANIFESTS or name in ("package.json", "static.json")
    )[:1]


def below(project: Project) -> tuple[str, ...]:
    """The folders that hold a Procfile, where the root holds none: a repository of several apps."""
    return tuple(
        sorted(
            path.rpartition("/")[0]
            for path in project.files()
            if path.endswith("/Procfile")
        )
    )


def procfile(project: Project, wanted: str) -> Choice:
    """The Procfile to read: the one that the user names, else the platform's, else the variant nearest production."""
    present = [
        path for path in project.files() if "/" not in path and _VARIANT.fullmatch(path)
    ]
    said = [path for path in project.named if _named_procfile(project, path)]
    named = wanted or (said[0] if len(said) == 1 else "")
    if named or project.exists("Procfile"):
        chosen = named or "Procfile"
        rest = (
            ("Procfile", *present)
            if chosen != "Procfile" and project.exists("Procfile")
            else present
        )
        return Choice(chosen, tuple(path for path in rest if path != chosen), False)
    ranked = sorted(
        present,
        key=lambda path: (
            VARIANTS.index(path) if path in VARIANTS else len(VARIANTS),
            path,
        ),
    )
    usable = [path for path in ranked if not re.search(r"(?i)windows|test|ci\b", path)]
    return (
        Choice(usable[0], tuple(path for path in ranked if path != usable[0]), True)
        if usable
        else Choice("", tuple(ranked), False)
    )
