"""The rules of an ignore file, by Git's own reading of them."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec


def ignore_rules(lines: Sequence[str]) -> GitIgnoreSpec:
    """The rules that the lines make; a line that is no pattern is skipped, as Git does."""
    from pathspec import GitIgnoreSpec

    with warnings.catch_warnings():
        # `[a--b]` and its kin: Python warns about what a later version may read in them.
        warnings.simplefilter("ignore", FutureWarning)
        try:
            return GitIgnoreSpec.from_lines(lines)
        except (ValueError, re.error):
            return GitIgnoreSpec.from_lines([line for line in lines if _is_pattern(line)])


def _is_pattern(line: str) -> bool:
    from pathspec import GitIgnoreSpec

    try:
        GitIgnoreSpec.from_lines([line])
    except (ValueError, re.error):
        return False
    return True
