"""The command line: parses, calls the pipeline, prints, exits; nothing else."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

# What a pasted command starts with; its words are docker's, not ours.
TOOLS = ("docker", "podman", "sudo", "$")


def is_tool(word: str) -> bool:
    """Whether a command line that starts with the word is a pasted docker command."""
    return word.rpartition("/")[2] in TOOLS


def asks_for_help(words: Sequence[str]) -> bool:
    """Whether a docker command only asks for help (`docker`, `docker run --help`): with ours, not docker's."""
    return len(words) == 1 or (len(words) < 4 and words[-1] in ("-h", "--help"))


def run(args: list[str] | None = None) -> None:
    """The program: runs the command line and ends with its exit code."""
    from tocompose.cli.ending import Done, ending, leave, open_closed
    from tocompose.collector import collect_seldom

    if args is None:
        collect_seldom()
        open_closed()
    try:
        with ending():
            _run(sys.argv[1:] if args is None else args)
    except Done as end:
        if args is None:
            leave(end)
        raise


def _run(words: list[str]) -> NoReturn:
    from tocompose.cli.settings import nearest

    if words and is_tool(words[0]) and not (asks_for_help(words) or nearest(Path.cwd())):
        # Nothing is left to parse: click and its options would be half of the time.
        from tocompose.cli.pasting import convert

        convert(tuple(words))
    from tocompose.cli.group import main

    code = main.main(args=words, prog_name="tocompose", standalone_mode=False)
    sys.exit(code if isinstance(code, int) else 0)
