"""A pasted docker command without any option of tocompose's own."""

from __future__ import annotations

import shlex
from typing import NoReturn

from tocompose.cli.conversion import run
from tocompose.cli.said import Said
from tocompose.importers import Settings
from tocompose.importers.docker_run.pasted import FILE
from tocompose.project import Memory


def convert(argv: tuple[str, ...], said: Said | None = None) -> NoReturn:
    """Converts the command and ends the program."""
    wanted = said or Said()
    settings = Settings(name=wanted.name, options={"argv": argv})
    run(
        Memory({FILE: shlex.join(argv).encode("utf-8", "surrogateescape")}),
        wanted,
        settings,
        "docker_run",
    )
