"""`conf/*.env`: the files of the tree that a pattern of the shell names."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from fnmatch import translate
from itertools import takewhile

from tocompose.importers.docker_run.shell.state import Shell
from tocompose.importers.docker_run.shell.variables import Value
from tocompose.project import normal_path
from tocompose.syntax.interpolation import literal

_PATTERN = re.compile(r"[*?]|\[[^\]]+\]")
_QUOTED = re.compile(r"'[^']*'|\"(?:[^\"\\]|\\.)*\"|\\.")


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
    parts = [part for part in pattern.split("/") if part not in ("", ".")]
    is_outside = pattern.startswith(("/", "~")) or ".." in parts or "\n" in pattern
    if is_outside or not _PATTERN.search(pattern):
        return []
    tail = "/" if pattern.endswith("/") else ""
    prefix = "./" if pattern.startswith("./") else ""
    # Of a folder only what is in it tells that it is there.
    depth = len(parts) + len(tail)
    names_of_paths = (path.split("/") for path in _paths_below(shell, _fixed_folder(parts)))
    matching = {
        "/".join(names[: len(parts)])
        for names in names_of_paths
        if len(names) >= depth and _matches(names, parts)
    }
    return [f"{prefix}{path}{tail}" for path in sorted(matching)]


def _fixed_folder(parts: list[str]) -> str:
    """The folder that a pattern names before its first part that may be several."""
    return "/".join(takewhile(lambda part: not _PATTERN.search(part), parts))


def _matches(names: list[str], parts: list[str]) -> bool:
    """Whether the first names of a path are those that the parts of a pattern give."""
    return all(
        re.match(_pattern_of(part), name) for name, part in zip(names, parts, strict=False)
    )


def _pattern_of(part: str) -> str:
    """The regular expression for one name of a path; a leading dot is only matched by itself."""
    hidden = "" if part.startswith(".") else r"(?!\.)"
    return hidden + translate(re.sub(r"\[\^", "[!", part))


def _paths_below(shell: Shell, folder: str) -> Iterable[str]:
    """The files of the tree, and those that the script made, by their paths from the script's folder."""
    here = normal_path(shell.directory) or ""
    folder_path = posixpath.join(here, folder) if folder else here
    paths = {
        *shell.project.files(),
        *shell.project.below(folder_path or "."),
        *shell.made_files,
    }
    start = f"{here}/" if here else ""
    clean_paths = (posixpath.normpath(path) for path in paths)
    return [path[len(start) :] for path in clean_paths if path.startswith(start)]
