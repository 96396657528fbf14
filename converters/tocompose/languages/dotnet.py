""".NET: packages, frameworks, and what the Dockerfile of an app needs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tocompose.languages import versions
from tocompose.languages.language import DockerfileFacts, DockerfileInput, Language
from tocompose.patterns import regex
from tocompose.repository import Repository, StatedVersion

_PROJECT = regex(r"\.(?:cs|fs|vb)proj$")
_PACKAGE = regex(r"<PackageReference\s[^>]*Include=\"([^\"]+)\"")
_FRAMEWORK = regex(r"<TargetFrameworks?>\s*(?:[^<]*;)?net(?:coreapp)?(\d{1,9}\.\d{1,9})")
# Where the generated Dockerfile publishes a project, below its folder.
PUBLISHED = "bin/publish"
# Where the older buildpack publishes the project that serves: https://github.com/jincod/dotnetcore-buildpack
_BY_OLDER_BUILDPACK = "heroku_output"
_WEB = 'Sdk="Microsoft.NET.Sdk.Web"'


def _projects(repository: Repository) -> list[str]:
    """The project files without those of tests, the nearest to the root first."""
    paths = (path for path in repository.project.files() if _PROJECT.search(path))
    own = (path for path in paths if not re.search(r"(?i)tests?(?:/|\.)", path))
    return sorted(own, key=lambda path: (path.count("/"), path))


def _read_libraries(repository: Repository) -> Iterator[tuple[str, str]]:
    for path in _projects(repository):
        for name in _PACKAGE.findall(repository.read_text(path) or ""):
            yield name, path


def _web_project(repository: Repository) -> str:
    """The project that serves; the first one where none says so."""
    projects = _projects(repository)
    serving = (path for path in projects if _WEB in (repository.read_text(path) or ""))
    return next(serving, projects[0] if projects else "")


def _folder_and_name(project: str) -> tuple[str, str]:
    folder, _, file = project.rpartition("/")
    return folder, _PROJECT.sub("", file)


def _default_command(repository: Repository) -> str:
    """https://devcenter.heroku.com/articles/dotnet-behavior-in-heroku: what is published, in its folder."""
    project = _web_project(repository)
    if not project:
        return ""
    _, name = _folder_and_name(project)
    return f"cd {published_folder(repository)} && exec ./{name} --urls http://*:$PORT"


def published_folder(repository: Repository) -> str:
    """The folder in which the program that serves is started."""
    if _BY_OLDER_BUILDPACK in (repository.read_text("Procfile") or ""):
        return _BY_OLDER_BUILDPACK
    return _own_folder(_web_project(repository))


def _own_folder(project: str) -> str:
    """Where a project is published: below its own folder."""
    folder, _ = _folder_and_name(project)
    return f"{folder}/{PUBLISHED}" if folder else PUBLISHED


def _dockerfile_facts(source: DockerfileInput) -> DockerfileFacts:
    repository = source.repository
    project = _web_project(repository)
    version = versions.choose_version(
        repository, "dotnet", _stated_versions(repository, project), versions.dotted
    )
    if version is None:
        version = versions.use_default(repository, "dotnet")
    line = ".".join(version.number.split(".")[:2])
    watched = f"dotnet watch run --no-launch-profile --urls http://*:{source.port}"
    return DockerfileFacts(
        image=f"mcr.microsoft.com/dotnet/sdk:{line}",
        version_reason=version.reason,
        default_command=("sh", "-c", _default_command(repository)),
        development_command=(*watched.split(), "--project", project) if project else (),
        template={
            "runtime": f"mcr.microsoft.com/dotnet/aspnet:{line}",
            "publish": tuple(_publish_steps(repository)),
        },
    )


def _publish_steps(repository: Repository) -> Iterator[str]:
    """Each project that can be started is published to its own bin/publish, as the platform does it."""
    serving = _web_project(repository)
    for project in _projects(repository):
        is_serving = project == serving
        target = published_folder(repository) if is_serving else _own_folder(project)
        text = repository.read_text(project) or ""
        if _WEB in text or "<OutputType>Exe</OutputType>" in text or "Sdk.Worker" in text:
            yield f"dotnet publish {project} --configuration Release --output {target}"


def _stated_versions(repository: Repository, project: str) -> Iterator[StatedVersion]:
    match = _FRAMEWORK.search(repository.read_text(project) or "") if project else None
    if match:
        yield StatedVersion(match[1], f"{project} says so")
    yield from versions.read_version_files(repository, "dotnet")


LANGUAGE = Language(
    read_libraries=_read_libraries,
    dockerfile_facts=_dockerfile_facts,
    default_command=_default_command,
)
