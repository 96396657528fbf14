"""What `.gitignore` and `.tocomposeignore` leave out, by Git's rules: the deepest file and its last match decide."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from pathspec import GitIgnoreSpec

from tocompose.ignores import ignore_rules

IGNORE_FILES = (".gitignore", ".tocomposeignore")
LARGEST_IGNORE_FILE = 1_000_000


class IgnoreRules(NamedTuple):
    """Patterns by the folder whose file holds them, the innermost last; folders are relative and end with `/`."""

    layers: tuple[tuple[str, GitIgnoreSpec], ...] = ()

    def with_patterns(self, folder: str, lines: Iterable[str]) -> IgnoreRules:
        """These patterns and those of an ignore file in `folder` (empty for the root)."""
        spec = _compile_patterns(tuple(lines))
        base = f"{folder}/" if folder else ""
        return IgnoreRules((*self.layers, (base, spec))) if spec is not None else self

    def ignores(self, path: str) -> bool:
        """Whether a path is ignored; a folder's path ends with `/`."""
        for base, spec in reversed(self.layers):
            if (
                path.startswith(base)
                and (is_ignored := spec.check_file(path[len(base) :]).include) is not None
            ):
                return is_ignored
        return False


def _compile_patterns(lines: tuple[str, ...]) -> GitIgnoreSpec | None:
    """The patterns of a file, None where there are none."""
    if not any(line.strip() and not line.startswith("#") for line in lines):
        return None
    return ignore_rules(lines)
