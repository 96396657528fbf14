"""A pasted docker command without any option of tocompose's own."""

from __future__ import annotations

import shlex
from typing import NoReturn

from tocompose.cli.conversion import run_conversion
from tocompose.cli.said import ConversionOptions
from tocompose.importers import Settings
from tocompose.importers.docker_run.pasted import FILE
from tocompose.project import Memory


def convert_pasted(
    argv: tuple[str, ...], options: ConversionOptions | None = None
) -> NoReturn:
    """Converts the command and ends the program."""
    given_options = options or ConversionOptions()
    settings = Settings(name=given_options.name, options={"argv": argv})
    run_conversion(
        Memory({FILE: shlex.join(argv).encode("utf-8", "surrogateescape")}),
        given_options,
        settings,
        "docker_run",
    )
