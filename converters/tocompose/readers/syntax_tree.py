"""tree-sitter's syntax tree of a script in bash, within a bound on what it may cost."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from time import process_time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tocompose.readers.browser_grammar import GrammarTree

# What the parser may spend on errors, as its steps at one by the length of the text, each of which costs that much; and
# the processor time that nothing that is a script takes.
_MOST_ON_ERRORS, _SECONDS = 1_000_000, 1.5
# WebAssembly is slower, and there time is all that passes.
_SECONDS_IN_BROWSER = 8.0
_CHUNK = 65_536


def syntax_tree(source: bytes) -> GrammarTree | None:
    """The syntax tree; None where the grammar would take the square of the length to get over what is no script."""
    parser = bash_parser()
    if parser is None:
        from tocompose.readers.browser_grammar import browser_tree

        return browser_tree(source, _MOST_ON_ERRORS, _SECONDS_IN_BROWSER)
    errors = 0
    deadline = process_time() + _SECONDS

    def gives_up(offset: int, erring: bool) -> bool:
        nonlocal errors
        errors += erring
        return errors * len(source) > _MOST_ON_ERRORS or process_time() > deadline

    try:
        # Its own binding gives the same to what reads the tree.
        tree: GrammarTree | None = parser.parse(
            lambda offset, _: source[offset : offset + _CHUNK], progress_callback=gives_up
        )
    except ValueError:
        parser.reset()
        return None
    return tree


@cache
def bash_parser() -> Any:
    """tree-sitter's parser of bash, made once; None in a browser, where it has no binding to Python."""
    try:
        import tree_sitter
        import tree_sitter_bash
    except ModuleNotFoundError:
        if sys.platform != "emscripten":
            raise
        return None

    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_bash.language()))


def character_offsets(source: bytes) -> Callable[[int], int]:
    """From an offset in bytes to one in characters."""
    if source.isascii():
        return lambda offset: offset
    table: list[int] = []
    count = -1
    for byte in source:
        count += byte & 0xC0 != 0x80
        table.append(count)
    table.append(count + 1)
    return table.__getitem__
