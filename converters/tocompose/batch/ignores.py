"""What `.gitignore` and `.tocomposeignore` leave out, by Git's rules: the deepest file and its last match decide."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from pathspec import GitIgnoreSpec

from tocompose.ignores import ignore_rules

FILES = (".gitignore", ".tocomposeignore")
LARGEST = 1_000_000


class Ignores(NamedTuple):
    """Patterns by the folder whose file holds them, the innermost last; folders are relative and end with `/`."""

    layers: tuple[tuple[str, GitIgnoreSpec], ...] = ()

    def below(self, folder: str, lines: Iterable[str]) -> Ignores:
        """These patterns and those of an ignore file in `folder` (empty for the root)."""
        spec = _spec(tuple(lines))
        base = f"{folder}/" if folder else ""
        return Ignores((*self.layers, (base, spec))) if spec is not None else self

    def match(self, path: str) -> bool:
        """Whether a path is ignored; a folder's path ends with `/`."""
        for base, spec in reversed(self.layers):
            if (
                path.startswith(base)
                and (said := spec.check_file(path[len(base) :]).include) is not None
            ):
                return said
        return False


def _spec(lines: tuple[str, ...]) -> GitIgnoreSpec | None:
    """The patterns of a file, None where there are none."""
    if not any(line.strip() and not line.startswith("#") for line in lines):
        return None
    return ignore_rules(lines)
