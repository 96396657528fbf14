"""The folders of an image that its build fills below the source: a mount of the source must not hide them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping

from tocompose.patterns import regex
from tocompose.readers.dockerfile import Dockerfile, Stage
from tocompose.repository import Repository

# Variables that name a folder of libraries.
_ENVIRONMENTS = ("VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT", "BUNDLE_PATH", "GEM_HOME")
_MAKES_VENV = regex(r"\buv sync\b|virtualenvs\.in-project true")


def filled_folders(
    repository: Repository, dockerfile: Dockerfile, stage: Stage
) -> Iterator[str]:
    """The folders below the work directory that the build fills and the source does not hold.

    Of a stage that goes before, of an environment that ENV names or puts on PATH, of a tool that makes it there.
    """
    top = f"{stage.workdir.rstrip('/')}/"
    folders = [*_copied_targets(stage), *_named_environments(stage.environment)]
    if any(_MAKES_VENV.search(line.value) for line in dockerfile.instructions):
        folders.append(stage.environment.get("UV_PROJECT_ENVIRONMENT", f"{top}.venv"))
    subfolders = (folder.removeprefix(top) for folder in folders if folder.startswith(top))
    for folder in dict.fromkeys(folder.strip("/") for folder in subfolders):
        if folder not in ("", ".") and not repository.project.exists(folder):
            yield folder


def _copied_targets(stage: Stage) -> Iterator[str]:
    """Where folders of other stages go; a name with an ending is taken for a file."""
    for copy in stage.copies:
        target = copy.split()[-1]
        if "--from=" in copy and "." not in target.rstrip("/").rpartition("/")[2].lstrip(
            "."
        ):
            yield posixpath.normpath(posixpath.join(stage.workdir or "/", target))


def _named_environments(environment: Mapping[str, str]) -> Iterator[str]:
    yield from (environment[name] for name in _ENVIRONMENTS if name in environment)
    for entry in environment.get("PATH", "").split(":"):
        yield re.sub(r"/\.?s?bin$", "", entry)
