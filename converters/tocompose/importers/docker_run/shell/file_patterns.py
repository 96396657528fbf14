"""`conf/*.env`: the files of the tree that a pattern of the shell names."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from fnmatch import translate
from itertools import takewhile

from tocompose.importers.docker_run.shell.globs import for_fnmatch
from tocompose.importers.docker_run.shell.state import Shell
from tocompose.importers.docker_run.shell.variables import Value
from tocompose.patterns import regex
from tocompose.project import normal_path
from tocompose.syntax.interpolation import literal

_PATTERN = regex(r"[*?]|\[[^\]]+\]")
_QUOTED = regex(r"'[^']*'|\"(?:[^\"\\]|\\.)*\"|\\.")


def file_names(shell: Shell, raw: str, fields: tuple[Value, ...]) -> tuple[Value, ...]:
    """The fields of a word with the files in place of each pattern that names some, as the shell puts them."""
    if not re.search(r"[*?\[$]", _QUOTED.sub("", raw)):
        return fields
    named: list[Value] = []
    for field in fields:
        paths = _matching_paths(shell, field.plain or "")
        named += [field._replace(text=literal(path)) for path in paths] or [field]
    return tuple(named)


def _matching_paths(shell: Shell, pattern: str) -> list[str]:
    """The paths that a pattern gives, sorted; none for text without one, and outside of the tree."""
    globs = [glob for glob in pattern.split("/") if glob not in ("", ".")]
    if _leads_outside(pattern, globs) or not _PATTERN.search(pattern):
        return []
    tail = "/" if pattern.endswith("/") else ""
    prefix = "./" if pattern.startswith("./") else ""
    # Of a folder only what is in it tells that it is there.
    depth = len(globs) + len(tail)
    all_names = (path.split("/") for path in _paths_below(shell, _fixed_folder(globs)))
    matching = {
        "/".join(names[: len(globs)])
        for names in all_names
        if len(names) >= depth and _matches(names, globs)
    }
    return [f"{prefix}{path}{tail}" for path in sorted(matching)]


def _leads_outside(pattern: str, globs: list[str]) -> bool:
    """Whether the paths may lie outside of the tree; no path of it holds a line break either."""
    return pattern.startswith(("/", "~")) or ".." in globs or "\n" in pattern


def _fixed_folder(globs: list[str]) -> str:
    """The folder that a pattern names before its first name that may be several."""
    return "/".join(takewhile(lambda glob: not _PATTERN.search(glob), globs))


def _matches(names: list[str], globs: list[str]) -> bool:
    """Whether the first names of a path are those that the names of a pattern give."""
    return all(
        re.match(_pattern_of(glob), name) for name, glob in zip(names, globs, strict=False)
    )


def _pattern_of(glob: str) -> str:
    """The regular expression for one name of a path; a leading dot is only matched by itself."""
    hidden = "" if glob.startswith(".") else r"(?!\.)"
    return hidden + translate(for_fnmatch(glob))


def _paths_below(shell: Shell, folder: str) -> Iterable[str]:
    """The files of the tree, and those that the script made, by their paths from the script's folder."""
    directory = normal_path(shell.directory) or ""
    folder_path = posixpath.join(directory, folder) if folder else directory
    paths = {
        *shell.project.files(),
        *shell.project.below(folder_path or "."),
        *shell.made_files,
    }
    start = f"{directory}/" if directory else ""
    clean_paths = (posixpath.normpath(path) for path in paths)
    return [path[len(start) :] for path in clean_paths if path.startswith(start)]
