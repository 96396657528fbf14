"""The docker commands of `fixtures/docker_run/flags.txt`, and how tests convert them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

from tocompose.importers import ImportOptions
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory

FIXTURES = Path(__file__).parents[2] / "fixtures" / "docker_run"
# The files that the commands name.
FILES = {
    "plain.env": b"A=1\nB=two words\n# c\n",
    "odd.env": b'Q="quoted"\nH=a #b\nD=$HOME x\n',
    "labels.txt": b"a=b\nc=d e\n",
}


def commands() -> Iterator[tuple[str, ...]]:
    """Each command as its words; a quoted line break continues it."""
    text = ""
    for line in (
        (FIXTURES / "flags.txt").read_text(encoding="utf-8").splitlines(keepends=True)
    ):
        if not text and (line.startswith("#") or not line.strip()):
            continue
        text += line
        try:
            words = shlex.split(text)
        except ValueError:
            continue
        yield tuple(words)
        text = ""


def converted(argv: tuple[str, ...], practices: str = "none") -> Result:
    """The outcome of a pasted command."""
    settings = ImportOptions(options={"argv": argv})
    return convert(
        Memory(FILES), Options(source="docker_run", practices=practices, settings=settings)
    )


def text(result: Result) -> str:
    """The compose file."""
    return result.files[0].content.decode()
