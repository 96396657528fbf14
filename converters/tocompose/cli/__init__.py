"""The command line: parses, calls the pipeline, prints, exits; nothing else."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

# What a pasted command starts with; its words are docker's, not ours.
DOCKER_PROGRAMS = ("docker", "podman", "sudo", "$", "%", "❯")


def is_docker_command(program: str) -> bool:
    """Whether a command line that starts with the word is a pasted docker command."""
    words = program.rpartition("/")[2].split() if " " not in program else program.split()
    return bool(words) and words[0].strip("`“‘\"'").lower() in DOCKER_PROGRAMS


def asks_for_help(argv: Sequence[str]) -> bool:
    """Whether a docker command only asks for help (`docker`, `docker run --help`): with ours, not docker's."""
    return (len(argv) == 1 and " " not in argv[0]) or (
        len(argv) < 4 and argv[-1] in ("-h", "--help")
    )


def run(args: list[str] | None = None) -> None:
    """The program: runs the command line and ends with its exit code."""
    from tocompose.cli.exit import (
        Finished,
        exit_cleanly,
        exit_now,
        open_closed_streams,
        show_what_encoding_lacks,
        watched_memory,
    )
    from tocompose.collector import collect_seldom

    if args is not None:
        with exit_cleanly():
            _run_command_line(args)
    collect_seldom()
    open_closed_streams()
    show_what_encoding_lacks()
    try:
        with watched_memory(), exit_cleanly():
            _run_command_line(sys.argv[1:])
    except Finished as end:
        exit_now(end)


def _run_command_line(argv: list[str]) -> NoReturn:
    from tocompose.cli.settings import has_settings

    if (
        argv
        and is_docker_command(argv[0])
        and not (asks_for_help(argv) or has_settings(Path.cwd()))
    ):
        # Nothing is left to parse: click and its options would be half of the time.
        from tocompose.cli.conversion import convert_pasted

        convert_pasted(tuple(argv))
    if not argv and sys.stdin is not None and sys.stdin.isatty():
        argv = ["paste"]
    from tocompose.cli.group import main

    code = main.main(args=argv, prog_name="tocompose", standalone_mode=False)
    sys.exit(code if isinstance(code, int) else 0)
