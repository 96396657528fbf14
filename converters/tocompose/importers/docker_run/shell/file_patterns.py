"""`conf/*.env`: the files of the tree that a pattern of the shell names."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from fnmatch import translate

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
    if not _PATTERN.search(pattern) or pattern.startswith(("/", "~")) or "\n" in pattern:
        return []
    prefix = "./" if pattern.startswith("./") else ""
    is_folder = pattern.endswith("/")
    parts = [part for part in pattern.split("/") if part not in ("", ".")]
    if ".." in parts:
        return []
    patterns = [re.compile(_pattern_of(part)) for part in parts]
    constant_parts = parts[
        : next(at for at, part in enumerate(parts) if _PATTERN.search(part))
    ]
    known_paths = _paths_below(shell, "/".join(constant_parts))
    matching = {
        "/".join(names[: len(parts)])
        for path in known_paths
        if len(names := path.split("/")) >= len(parts) + is_folder
        and all(one.match(name) for one, name in zip(patterns, names, strict=False))
    }
    return [f"{prefix}{path}{'/' if is_folder else ''}" for path in sorted(matching)]


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
