"""“Did you mean”: the name that a misspelt one is closest to."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from shlex import quote

from tocompose.reports.escape import printable


def spelling_hint(misspelt: str, known_names: Iterable[str]) -> str:
    """`; did you mean X?`, or nothing when no known name is close."""
    from difflib import get_close_matches

    by_lower = {name.lower(): name for name in known_names}
    close = get_close_matches(misspelt.lower(), by_lower, n=1, cutoff=0.6)
    return f"; did you mean {by_lower[close[0]]}?" if close else ""


def explain_unknown_command(command_name: str, commands: Iterable[str]) -> str:
    """What to say about a first word that is no command: often it is a file to convert."""
    if command_name == "help":
        return "'help' is no command: write tocompose --help, or --help behind a command"
    if Path(command_name).exists() or command_name == "-":
        shown = printable(quote(command_name))
        return f"{shown} is no command; did you mean: tocompose convert {shown}"
    return f"{command_name!r} is no command{spelling_hint(command_name, commands)}"
