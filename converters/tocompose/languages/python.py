"""Python: requirements, versions, what Django's settings read, and what the Dockerfile of an app needs."""

from __future__ import annotations

import re
import shlex
from collections import ChainMap
from collections.abc import Iterable, Iterator
from typing import Any

from tocompose.knowledge.versions import default_version, pinned_tool
from tocompose.languages import node, python_settings, versions
from tocompose.languages.language import (
    DockerfileFacts,
    DockerfileInput,
    Language,
    note_missing_lock,
    note_no_libraries,
)
from tocompose.languages.python_modules import loaded_reads
from tocompose.languages.python_pins import fitting_python
from tocompose.languages.versions import (
    debian_release,
    slim_image,
)
from tocompose.patterns import regex
from tocompose.record import NamedTuple
from tocompose.repository import Repository, StatedVersion, map_at, value_at
from tocompose.tables import Row, load

_OLDEST_MINOR = 6
_DEVELOPMENT_FILES = (
    "requirements-dev.txt",
    "requirements_dev.txt",
    "dev-requirements.txt",
    "requirements/dev.txt",
)
_REQUIREMENT = regex(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(\[[^\]]*\])?\s*([^#]*)")
_ANY_REQUIREMENTS = regex(
    r"(?:^|/)(?:[\w.-]*requirements[\w.-]*\.txt|Pipfile|pyproject\.toml)$|^requirements/[\w.-]+\.txt$"
)
# `-r base.txt`, `-e .`, a path.
_REFERS_TO_FILES = regex(
    r"^[ \t]*(?:-[rce]\s|--(?:requirement|constraint|editable)\b|\.{1,2}/)", re.MULTILINE
)
_FROM_REPOSITORY = regex(r"^[^#\n]*(?:git\+|\bgit\s*=\s*[\"'])", re.MULTILINE)
_SETTINGS = regex(r"(?:^|/)settings(?:/[\w/]+|\w*)\.py$")
_OTHER_SETTINGS = regex(r"(?:^|/)settings/(?:dev|local|test|ci\b)")
_BUILD_DATABASE = "sqlite:////tmp/build.sqlite3"


class _Install(NamedTuple):
    """How the libraries come into /opt/venv; `tool` is the installer that the image lacks.

    `install_more` adds what development needs; with `whole_first` the install needs the whole repository.
    """

    manifests: tuple[str, ...] = ()
    tool: str = ""
    install: str = ""
    install_more: str = ""
    whole_first: bool = False


def _read_libraries(repository: Repository) -> Iterator[tuple[str, str]]:
    for path in ("requirements.txt", *load("languages")["python"]["libraries"]):
        lines = (repository.read_text(path) or "").splitlines()
        stated = (line for line in lines if not line.lstrip().startswith(("#", "-")))
        yield from _read_requirements(stated, path)
    yield from _read_tables(map_at(repository.read_toml("Pipfile"), "packages"), "Pipfile")
    project = repository.read_toml("pyproject.toml")
    listed = value_at(project, "project", "dependencies")
    if isinstance(listed, list):
        texts = (requirement for requirement in listed if isinstance(requirement, str))
        yield from _read_requirements(texts, "pyproject.toml")
    poetry = map_at(project, "tool", "poetry", "dependencies")
    yield from _read_tables(poetry, "pyproject.toml")


def _read_requirements(lines: Iterable[str], file: str) -> Iterator[tuple[str, str]]:
    for line in lines:
        match = _REQUIREMENT.match(line)
        if match is None:
            continue
        yield match[1].replace("_", "-"), file
        for extra in (match[2] or "[]")[1:-1].split(","):
            if extra.strip():
                yield f"{match[1]}[{extra.strip()}]", file


def _read_tables(packages: dict[str, Any], file: str) -> Iterator[tuple[str, str]]:
    """The libraries of a TOML table, whose values may name extras."""
    for name, value in packages.items():
        yield name.replace("_", "-"), file
        for extra in value.get("extras", ()) if isinstance(value, dict) else ():
            if isinstance(extra, str):
                yield f"{name}[{extra}]", file


def _declared_libraries(repository: Repository) -> str:
    installers: dict[str, Row] = load("languages")["python"]["installers"]
    file = next(filter(repository.has_file, installers), "")
    paths = installers.get(file, {}).get("manifests", (file,))
    text = "\n".join(repository.read_text(path) or "" for path in paths)
    return "" if _REFERS_TO_FILES.search(text) or _FROM_REPOSITORY.search(text) else text


def _default_command(repository: Repository) -> str:
    match = re.search(
        r"DJANGO_SETTINGS_MODULE[\"'],\s*[\"']([\w.]+)\.settings",
        repository.read_text("manage.py") or "",
    )
    return f"gunicorn {match[1]}.wsgi" if match else ""


def _settings_files(repository: Repository) -> Iterator[str]:
    return (path for path in repository.project.files() if _SETTINGS.search(path))


def _required_variables(repository: Repository) -> Iterator[str]:
    for path in _settings_files(repository):
        if not _OTHER_SETTINGS.search(path):
            yield from python_settings.required_values(repository.read_text(path) or "")


def _dockerfile_facts(source: DockerfileInput) -> DockerfileFacts:
    repository = source.repository
    version = versions.choose_version(
        repository, "python", _stated_versions(repository), _usable_version
    )
    compilers: tuple[str, ...] = ()
    if version is None:
        compilers = _compilers(source)
        fitting = fitting_python(repository) or ("", "")
        version = versions.use_default(repository, "python", fitting[1], fitting[0])
    libraries = ("libpq5",) if "libpq-dev" in compilers else ()
    return DockerfileFacts(
        image=_image(version.number),
        version_reason=version.reason,
        default_command=("python", "app.py"),
        development_command=_development_command(source),
        build_packages=(*_packages_for_git(repository), *compilers),
        run_packages=(*_packages_for_geography(repository), *libraries),
        template={
            # The module venv came with Python 3.3.
            "venv": "python -m virtualenv"
            if version.number.startswith("2")
            else "python -m venv",
            **_choose_install(repository)._asdict(),
            "static_step": _static_step(source),
            "node": _node_stage(source),
            "keeps_node": "node" in source.spoken,
            "has_package": repository.has_file("package.json"),
        },
    )


def _node_stage(source: DockerfileInput) -> node.NodeStage | None:
    """The stage that builds the front end, or that has the packages of a process that runs Node.js."""
    repository = source.repository
    package = repository.read_json("package.json")
    if "node" in source.spoken:
        tool = node.package_tool(repository, package)
        steps = tuple(node.build_steps(package, tool)) if source.node_first else ()
        version = node.choose_node_version(repository).number
        return node.node_stage(repository, package, tool, version, steps)
    return node.build_stage(repository) if source.node_first and package else None


def _image(version: str) -> str:
    """The official slim image: of the exact release where there is one on Debian 12, else of its minor line."""
    line = ".".join(version.split(".")[:2])
    release_of_line = debian_release("python", line)
    is_exact = not release_of_line or debian_release("python", version) == release_of_line
    return slim_image("python", version if is_exact else line)


def _stated_versions(repository: Repository) -> Iterator[StatedVersion]:
    yield from versions.read_version_files(repository, "python")
    requires = map_at(repository.read_toml("Pipfile"), "requires")
    for key in ("python_full_version", "python_version"):
        if isinstance(requires.get(key), str):
            yield StatedVersion(requires[key], "the Pipfile says so")
    project = repository.read_toml("pyproject.toml")
    for text in (
        value_at(project, "project", "requires-python"),
        value_at(project, "tool", "poetry", "dependencies", "python"),
    ):
        if isinstance(text, str) and (number := _allowed_version(text)):
            yield StatedVersion(number, "pyproject.toml says so")


def _allowed_version(text: str) -> str:
    """The release for a range: the one that `^3.11` or `==3.10.*` names; below an upper bound the newest; else none."""
    if not re.search(r"[<>!]", text):
        return versions.minor_line(text)
    bounds = re.sub(r"!=\s*[\d.*]+", "", text).replace(",", " ")
    bounds = bounds.replace("~=", "~").replace("==", "=")
    newest = int(default_version("python").split(".")[1])
    for minor in range(newest, _OLDEST_MINOR - 1, -1):
        if versions.satisfies((3, minor, 0), bounds):
            return f"3.{minor}" if minor != newest else ""
    return ""


def _usable_version(text: str) -> str:
    """The version out of what is written; `3` alone is the platform's default."""
    number = versions.dotted(text)
    return default_version("python") if number == "3" else number


def _choose_install(repository: Repository) -> _Install:
    """By the first file that the platform would take."""
    installers: dict[str, Row] = load("languages")["python"]["installers"]
    file = next(filter(repository.has_file, installers), "")
    row = installers.get(file, {})
    if not file:
        note_no_libraries(repository, "Python", "requirements.txt")
    elif "unlocked" in row:
        problem = "there is no requirements.txt and no lock file"
        note_missing_lock(repository, problem, "pip freeze > requirements.txt")
    install = _Install(
        manifests=tuple(row.get("manifests", ())),
        tool=pinned_tool(row["tool"]) if "tool" in row else "",
        install=row.get("install", ""),
        install_more=row.get("install_more", ""),
        whole_first=row.get("whole_first", False),
    )
    return _read_more(repository, install) if file == "requirements.txt" else install


def _read_more(repository: Repository, install: _Install) -> _Install:
    """The install with the requirements for development, and with what requirements.txt refers to."""
    development_file = next(filter(repository.has_file, _DEVELOPMENT_FILES), "")
    text = repository.read_text("requirements.txt") or ""
    development_install = (
        f"pip install --no-cache-dir -r {development_file}" if development_file else ""
    )
    refers = _REFERS_TO_FILES.search(text) is not None
    return install._replace(install_more=development_install, whole_first=refers)


def _static_step(source: DockerfileInput) -> str:
    """collectstatic, as the platform runs it; with dummy values for what the settings demand."""
    repository = source.repository
    is_disabled = source.settings.get("DISABLE_COLLECTSTATIC", "0") not in ("0", "")
    if is_disabled or not repository.has_file("manage.py"):
        return ""
    texts = [repository.read_text(path) or "" for path in _settings_files(repository)]
    if not any("STATIC_ROOT" in text for text in texts):
        return ""
    values = {"SECRET_KEY": "build", **dict.fromkeys(source.required, "build")}
    values |= ChainMap(*map(python_settings.required_values, texts))
    values["DATABASE_URL"] = _BUILD_DATABASE
    if "DJANGO_SETTINGS_MODULE" in source.settings:
        values["DJANGO_SETTINGS_MODULE"] = source.settings["DJANGO_SETTINGS_MODULE"]
    assignments = " ".join(
        f"{name}={value}"
        for name, value in values.items()
        if re.fullmatch(r"[\w.:/-]+", value)
    )
    return f"{assignments} python manage.py collectstatic --noinput"


def _compilers(source: DockerfileInput) -> tuple[str, ...]:
    """A compiler, as the platform's build image has one: pinned libraries may have no wheel for a newer Python."""
    compiled = load("languages")["python"]["compiled_libraries"]
    names = {library.name for library in source.libraries if library.language == "python"}
    if names.isdisjoint(compiled):
        return ()
    if "psycopg2-binary" in names:
        return ("build-essential", "libpq-dev")
    return ("build-essential",)


def _packages_for_git(repository: Repository) -> tuple[str, ...]:
    """Git, for libraries that come from a repository: the slim image has none."""
    for path in filter(_ANY_REQUIREMENTS.search, repository.project.files()):
        if _FROM_REPOSITORY.search(repository.read_text(path) or ""):
            return ("git",)
    return ()


def _packages_for_geography(repository: Repository) -> tuple[str, ...]:
    """The libraries that GeoDjango loads: https://docs.djangoproject.com/en/stable/ref/contrib/gis/install/geolibs/."""
    for path in _settings_files(repository):
        if "django.contrib.gis" in (repository.read_text(path) or ""):
            return tuple(load("languages")["python"]["packages"]["gdal|django-gis"]["run"])
    return ()


def _development_command(source: DockerfileInput) -> tuple[str, ...]:
    """The web command with reloading: the framework's own server, or the reload option of the one that is used."""
    text = source.web_command
    if source.repository.has_file("manage.py") and source.uses("django"):
        return ("python", "manage.py", "runserver", f"0.0.0.0:{source.port}")
    if re.match(r"(?:\S*/)?(?:gunicorn|uvicorn)\b", text):
        return reloading_command(text, source.web_arguments)
    if source.uses("flask") and re.match(r"flask\b", text):
        return ("flask", "run", "--debug", "--host", "0.0.0.0", "--port", source.port)
    return ()


def reloading_command(text: str, arguments: tuple[str, ...]) -> tuple[str, ...]:
    """A server's command with `--reload`; none for one that is more than a program and its arguments."""
    try:
        arguments_written = shlex.split(text)
    except ValueError:
        return ()
    if re.search(r"[;&|`]", text):
        return ()
    if "--reload" in arguments_written:
        return arguments
    if len(arguments) == 3 and arguments[1] == "-c":
        return (*arguments[:2], f"{arguments[2]} --reload")
    return (*arguments, "--reload")


LANGUAGE = Language(
    read_libraries=_read_libraries,
    dockerfile_facts=_dockerfile_facts,
    default_command=_default_command,
    required_variables=_required_variables,
    loaded_reads=loaded_reads,
    declared_libraries=_declared_libraries,
    conditional_line=python_settings.is_conditional,
)
