"""Which version of the format a compose file is written in.

https://docs.docker.com/reference/compose-file/legacy-versions/
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import Any

from tocompose.compose.documents import document_of, read_file
from tocompose.compose.files import BASE_NAMES
from tocompose.compose.keys import section_keys
from tocompose.compose.loading import find_compose_files, is_compose
from tocompose.patterns import regex
from tocompose.project import Project
from tocompose.readers.reading import in_utf8
from tocompose.tables import load

# What Compose was called, and looked for, before it was Docker's.
FIG_NAMES = ("fig.yml", "fig.yaml")
# What `docker stack deploy -c` is given by habit.
STACK_NAMES = ("docker-stack.yml", "docker-stack.yaml", "stack.yml")
_VERSION_ONE_MARKS = ("image", "build", "extends")
_LATER_SECTIONS = ("services", "networks", "volumes")
# A scalar under a key at the top, as each Kubernetes manifest has one: no service, and the file need not be parsed.
_SCALAR_AT_TOP = regex(rb"(?m)^[\"']?[A-Za-z][\w.-]*[\"']?:[ \t]+[\"']?[\w/.]")


def is_version_one(document: Mapping[str, Any]) -> bool:
    """Whether the services stand at the top: maps of keys that a service has, some with an image or a build."""
    if isinstance(document.get("version"), str | int | float) or not document:
        return False
    if any(section in document for section in _LATER_SECTIONS):
        return False
    bodies = [body for body in document.values() if isinstance(body, Mapping)]
    if len(bodies) != len(document):
        return False
    # A job of GitLab has an image too, and a script: https://docs.gitlab.com/ci/yaml/#script
    if any("script" in body for body in bodies):
        return False
    return any(map(_says_what_runs, bodies)) and all(map(_is_service, bodies))


def _says_what_runs(body: Mapping[str, Any]) -> bool:
    """Whether a map names an image, a folder to build or what it extends; version 1 had no map for a build."""
    if any(isinstance(body.get(mark), str) for mark in _VERSION_ONE_MARKS):
        return True
    extends = body.get("extends")
    return isinstance(extends, Mapping) and isinstance(extends.get("service"), str)


def _is_service(body: Mapping[str, Any]) -> bool:
    """Whether a map is a service, perhaps with a word that is none: the job of a workflow has more of those."""
    known_keys = section_keys("service").keys() | load("legacy_keys").keys()
    count = len(body.keys() & known_keys)
    return count > 0 and count >= len(body) - count


def version_one_files(project: Project) -> tuple[str, ...]:
    """The files of version 1 that are named, or that the folder has under a name that Compose looked for."""
    return tuple(
        path for path in _candidates(project) if _is_version_one_file(project, path)
    )


def _candidates(project: Project) -> tuple[str, ...]:
    if project.named:
        return tuple(path for path in project.named if path.endswith((".yml", ".yaml")))
    names = (*FIG_NAMES, *BASE_NAMES)
    return tuple(name for name in names if project.exists(name))


def _is_version_one_file(project: Project, path: str) -> bool:
    content = project.read(path)
    text = in_utf8(content or b"")
    if content is None or not any(mark.encode() in text for mark in _VERSION_ONE_MARKS):
        return False
    if _SCALAR_AT_TOP.search(content) is not None:
        return False
    return is_version_one(document_of(read_file(content, path)))


def present_files(project: Project) -> tuple[str, ...]:
    """The files with services that are named, or that docker compose or a swarm reads in the folder."""
    paths = project.named or source_files(project)
    return tuple(path for path in paths if is_compose(project.read(path) or b"", path))


def source_files(project: Project) -> tuple[str, ...]:
    """The files that make the stack: those that are named, else what docker compose or fig would read."""
    if project.named:
        return project.named
    files = find_compose_files(project)
    if files is not None:
        return files.loaded
    names = (*FIG_NAMES, *STACK_NAMES)
    return tuple(name for name in names if project.exists(name))[:1]


def is_fig(path: str) -> bool:
    """Whether the file is fig's, which left every `$` to the shell in the container."""
    return posixpath.basename(path) in FIG_NAMES
