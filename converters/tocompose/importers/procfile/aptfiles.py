"""The system packages that an app asks for: those of its Aptfile and those that buildpacks stand for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tocompose.importers.procfile.heroku_yml import HerokuYml
from tocompose.ledger import Cursor
from tocompose.patterns import regex
from tocompose.readers.reading import read_lines
from tocompose.repository import Repository
from tocompose.syntax.model_path import ModelPath
from tocompose.tables import Row
from tocompose.wording import listed_names

_APTFILES = ("Aptfile", "apt.txt", "apt-packages")
_PACKAGE = regex(r"[a-z0-9][a-z0-9+.-]+(?::[a-z0-9]+)?(?:=[A-Za-z0-9.+:~-]+)?")
_SHOWN_PACKAGES = 6


def asked_packages(
    repository: Repository, buildpacks: Iterable[Row], heroku: HerokuYml
) -> tuple[str, ...]:
    """The system packages that the source asks for and that a generated Dockerfile installs.

    The Aptfile's, each line of which is settled, and those that buildpacks stand for.
    """
    packages = [str(row["package"]) for row in buildpacks if "package" in row]
    lines = list(_aptfile_lines(repository))
    package_lines = [line for line in lines if _PACKAGE.fullmatch(line.peek() or "")]
    for line in lines:
        if line not in package_lines:
            line.note("TC361")
    if heroku.recipes or repository.has_file("Dockerfile"):
        _note_not_installed(package_lines)
        return tuple(dict.fromkeys(packages))
    for line in package_lines:
        packages.append(line.take(to=ModelPath.of("files", "Dockerfile")) or "")
    return tuple(dict.fromkeys(packages))


def _note_not_installed(package_lines: Sequence[Cursor]) -> None:
    """Says once of all packages that a Dockerfile of the repository has to install them itself."""
    names = list(dict.fromkeys(line.peek() or "" for line in package_lines))
    for line in package_lines[:1]:
        line.annotate(
            "TC362",
            related=[other_line.span for other_line in package_lines[1:]],
            names=listed_names(names, _SHOWN_PACKAGES),
            verb="is" if len(names) == 1 else "are",
            packages=" ".join(names),
        )
    for line in package_lines:
        line.mark_noted("TC362")


def _aptfile_lines(repository: Repository) -> Iterator[Cursor]:
    for path in _APTFILES:
        yield from repository.open(path, read_lines, "lines")
