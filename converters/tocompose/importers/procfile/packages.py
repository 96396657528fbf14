"""System packages that the source asks for: the Aptfile's, and those that buildpacks stand for."""

from __future__ import annotations

from collections.abc import Iterable

from tocompose.importers.procfile.repository import Repository
from tocompose.patterns import regex
from tocompose.readers.lines import read_lines
from tocompose.tables import Row

APTFILES = ("Aptfile", "apt.txt", "apt-packages")
_PACKAGE = regex(r"[a-z0-9][a-z0-9+.-]+(?::[a-z0-9]+)?(?:=[A-Za-z0-9.+:~-]+)?")


def of(
    repository: Repository, buildpacks: Iterable[Row], recipes: Iterable[object]
) -> tuple[str, ...]:
    """The packages that a generated Dockerfile installs; each line of the Aptfile is settled."""
    generated = (
        not any(True for _ in recipes) and repository.project.read("Dockerfile") is None
    )
    found = [str(row["package"]) for row in buildpacks if "package" in row]
    for path in APTFILES:
        for line in repository.open(path, read_lines, "lines"):
            text = line.peek() or ""
            if not _PACKAGE.fullmatch(text):
                line.note("TC361")
            elif generated:
                line.take(to="files.Dockerfile")
                found.append(text)
            else:
                line.note("TC362", name=text)
    return tuple(dict.fromkeys(found))
