"""What the Dockerfile of a Python app needs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tocompose.importers.procfile.dockerfiles import demands, node, versions
from tocompose.importers.procfile.dockerfiles.generate import Brief, Facts, told
from tocompose.importers.procfile.dockerfiles.suites import suite, tag
from tocompose.importers.procfile.dockerfiles.versions import File, Version
from tocompose.importers.procfile.repository import Repository, inside, maps
from tocompose.importers.procfile.shell import command
from tocompose.knowledge.versions import default_version, pinned_tool
from tocompose.ledger import Cursor
from tocompose.patterns import regex
from tocompose.syntax.interpolation import plain
from tocompose.tables import load

_FILES = (
    File(".python-version", r"^(?:python-)?([23]\.\d{1,9}(?:\.\d{1,9})?)(?:\.[x*])?$"),
    File("runtime.txt", r"^(?:[Pp]ython-)?([23]\.\d{1,9}(?:\.\d{1,9})?)(?:\.[x*])?$"),
    File(".tool-versions", r"^python\s+([23]\.\d{1,9}(?:\.\d{1,9})?)"),
)
_FIRST = 5
_REQUIREMENTS = regex(
    r"(?:^|/)(?:[\w.-]*requirements[\w.-]*\.txt|Pipfile|pyproject\.toml)$|^requirements/[\w.-]+\.txt$"
)
_DEVELOPMENT = (
    "requirements-dev.txt",
    "requirements_dev.txt",
    "dev-requirements.txt",
    "requirements/dev.txt",
)


def facts(brief: Brief) -> Facts:
    """The facts of python.j2."""
    repository = brief.repository
    version = _version(repository)
    compiled = _compiled(brief) if not version.why else ()
    if not version.why:
        version = Version(default_version("python"), "it is the platform's default")
        told(brief, "Python", version.text, version.why, ".python-version")
    return {
        "image": image(version.text),
        # The module venv came with Python 3.3.
        "venv": "python -m virtualenv"
        if version.text.startswith("2")
        else "python -m venv",
        **_install(brief),
        "static_step": _static_step(brief),
        "more_packages": (
            *_geography(repository),
            *(("libpq5",) if "libpq-dev" in compiled else ()),
        ),
        "more_build": (*_from_git(repository), *compiled),
        "node": _assets(brief),
        "default_command": ("python", "app.py"),
        "dev_command": _development(brief),
    }


def image(version: str) -> str:
    """The official slim image: of the exact release where there is one on Debian 12, else of its minor line."""
    line = ".".join(version.split(".")[:2])
    exact = suite("python", version) and suite("python", version) == suite("python", line)
    return tag("python", version if exact or not suite("python", line) else line)


def _version(repository: Repository) -> Version:
    candidates: list[tuple[Version, Cursor | None]] = list(
        versions.from_files(repository, _FILES, "python")
    )
    requires = maps(repository.toml("Pipfile"), "requires")
    for key in ("python_full_version", "python_version"):
        if isinstance(requires.get(key), str):
            candidates.append((Version(requires[key], "the Pipfile says so"), None))
    project = repository.toml("pyproject.toml")
    stated = [
        inside(project, "project", "requires-python"),
        inside(project, "tool", "poetry", "dependencies", "python"),
    ]
    for text in stated:
        if isinstance(text, str) and (number := _allowed(text)):
            candidates.append((Version(number, "pyproject.toml says so"), None))
    return versions.choose(candidates, Version("", ""), _dotted)


def _allowed(text: str) -> str:
    """The release for a range: the one that `^3.11` or `==3.10.*` names; below an upper bound the newest; else none."""
    if not re.search(r"[<>!]", text):
        return versions.line_of(text)
    bounds = (
        re.sub(r"!=\s*[\d.*]+", "", text)
        .replace(",", " ")
        .replace("~=", "~")
        .replace("==", "=")
    )
    newest = int(default_version("python").split(".")[1])
    fits = [
        minor
        for minor in range(newest, _FIRST, -1)
        if versions.satisfies((3, minor, 0), bounds)
    ]
    return f"3.{fits[0]}" if fits and fits[0] != newest else ""


def _dotted(text: str) -> str:
    """The version out of what is written; `3` alone is the platform's default."""
    number = versions.dotted(text)
    return default_version("python") if number == "3" else number


def _install(brief: Brief) -> dict[str, Any]:
    """How the libraries come into /opt/venv: by the first file that the platform would take."""
    has = brief.repository.project.read
    extra = tuple(name for name in _DEVELOPMENT if has(name) is not None)[:1]
    found: dict[str, Any] = {
        "manifests": (),
        "tool": "",
        "install": "",
        "install_dev": "",
        "whole_first": False,
    }
    if has("Pipfile.lock") is not None:
        export = "pipenv requirements{} > /tmp/requirements.txt && pip install --no-cache-dir -r /tmp/requirements.txt"
        found |= {"manifests": ("Pipfile", "Pipfile.lock"), "tool": pinned_tool("pipenv")}
        found |= {"install": export.format(""), "install_dev": export.format(" --dev")}
    elif has("requirements.txt") is not None:
        nested = _nested_requirements(brief.repository)
        found |= {
            "manifests": ("requirements.txt",),
            "install": "pip install --no-cache-dir -r requirements.txt",
        }
        found |= {"whole_first": nested}
        if extra:
            found["install_dev"] = f"pip install --no-cache-dir -r {extra[0]}"
    elif has("poetry.lock") is not None:
        base = "poetry install --no-interaction --no-root"
        found |= {
            "manifests": ("pyproject.toml", "poetry.lock"),
            "tool": pinned_tool("poetry"),
        }
        found |= {"install": f"{base} --only main", "install_dev": base}
    elif has("uv.lock") is not None:
        base = "uv sync --locked --no-install-project"
        found |= {"manifests": ("pyproject.toml", "uv.lock"), "tool": pinned_tool("uv")}
        found |= {"install": f"{base} --no-dev", "install_dev": base}
    else:
        found |= _without_lock(brief)
    return found


def _without_lock(brief: Brief) -> dict[str, Any]:
    what, command = (
        "there is no requirements.txt and no lock file",
        "pip freeze > requirements.txt",
    )
    brief.repository.say(
        "TC357", None, subject="files.Dockerfile", what=what, command=command
    )
    has = brief.repository.project.read
    if has("Pipfile") is not None:
        install = "pipenv install --system --skip-lock"
        return {
            "manifests": ("Pipfile",),
            "tool": pinned_tool("pipenv"),
            "install": install,
        }
    if has("pyproject.toml") is not None or has("setup.py") is not None:
        return {"whole_first": True, "install": "pip install --no-cache-dir ."}
    return {}


def _nested_requirements(repository: Repository) -> bool:
    """Whether requirements.txt refers to other files, which the install then needs: `-r base.txt`, `-e .`, a path."""
    text = repository.text("requirements.txt") or ""
    return (
        re.search(
            r"^[ \t]*(?:-[rce]\s|--(?:requirement|constraint|editable)\b|\.{1,2}/)",
            text,
            re.MULTILINE,
        )
        is not None
    )


def _static_step(brief: Brief) -> str:
    """collectstatic, as the platform runs it; with dummy values for what the settings demand."""
    repository = brief.repository
    if repository.project.read("manage.py") is None or brief.settings.get(
        "DISABLE_COLLECTSTATIC", "0"
    ) not in (
        "0",
        "",
    ):
        return ""
    if not any(
        "STATIC_ROOT" in (repository.text(path) or "")
        for path in _settings_files(repository)
    ):
        return ""
    outright = demands.of_python(
        repository.text(path) or "" for path in _settings_files(repository)
    )
    names = {"SECRET_KEY": "build", **dict.fromkeys(brief.demanded, "build"), **outright}
    names["DATABASE_URL"] = "sqlite:////tmp/build.sqlite3"
    if "DJANGO_SETTINGS_MODULE" in brief.settings:
        names["DJANGO_SETTINGS_MODULE"] = brief.settings["DJANGO_SETTINGS_MODULE"]
    given = " ".join(
        f"{name}={value}"
        for name, value in names.items()
        if re.fullmatch(r"[\w.:/-]+", value)
    )
    return f"{given} python manage.py collectstatic --noinput"


def _settings_files(repository: Repository) -> Iterator[str]:
    for path in repository.project.files():
        if path.endswith(".py") and re.search(r"(?:^|/)settings(?:/[\w/]+|\w*)\.py$", path):
            yield path


def _compiled(brief: Brief) -> tuple[str, ...]:
    """A compiler, as the platform's build image has one: pinned libraries may have no wheel for a newer Python."""
    known = load("system_packages")["python_wheels"]
    if not any(
        item.language == "python" and item.name in known for item in brief.libraries
    ):
        return ()
    return (
        ("build-essential", "libpq-dev")
        if brief.uses("psycopg2-binary")
        else ("build-essential",)
    )


def _from_git(repository: Repository) -> tuple[str, ...]:
    """Git, for libraries that come from a repository: the slim image has none."""
    texts = [
        repository.text(path) or ""
        for path in repository.project.files()
        if _REQUIREMENTS.search(path)
    ]
    return (
        ("git",)
        if any(
            re.search(r"^[^#\n]*(?:git\+|\bgit\s*=\s*[\"'])", text, re.MULTILINE)
            for text in texts
        )
        else ()
    )


def _geography(repository: Repository) -> tuple[str, ...]:
    """The libraries that GeoDjango loads: https://docs.djangoproject.com/en/stable/ref/contrib/gis/install/geolibs/."""
    texts = (repository.text(path) or "" for path in _settings_files(repository))
    return (
        tuple(load("system_packages")["python"]["gdal|django-gis"]["run"])
        if any("django.contrib.gis" in text for text in texts)
        else ()
    )


def _assets(brief: Brief) -> dict[str, Any] | None:
    """The Node.js stage of an app whose front end is built by npm, as the nodejs buildpack in front of python does."""
    repository = brief.repository
    package = node.package_json(repository)
    if not brief.mixed or not package:
        return None
    version = node.node_version(repository).text
    chosen = node.package_tool(repository, package)
    steps = tuple(node.build_steps(package, chosen))
    if not steps:
        return None
    return {
        "image": node.image(version),
        "steps": steps,
        **node.install(repository, package, chosen, version),
    }


def _development(brief: Brief) -> tuple[str, ...]:
    """The web command with reloading: the framework's own server, or the reload option of the one that is used."""
    text = brief.commands[0] if brief.commands else ""
    if brief.repository.project.read("manage.py") is not None and brief.uses("django"):
        return ("python", "manage.py", "runserver", f"0.0.0.0:{brief.port}")
    if re.match(r"(?:\S*/)?(?:gunicorn|uvicorn)\b", text):
        reloading = text if re.search(r"\s--reload\b", text) else f"{text} --reload"
        run = command(reloading)
        if run.balanced and not run.comment and not re.search(r"[;&|`]", text):
            return tuple(plain(word) or "" for word in run.argv)
    if brief.uses("flask") and re.match(r"flask\b", text):
        return ("flask", "run", "--debug", "--host", "0.0.0.0", "--port", brief.port)
    return ()
