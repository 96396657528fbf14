"""What the user said."""

from __future__ import annotations

from typing import NamedTuple


class ConversionOptions(NamedTuple):
    """What the user said, on the command line or in the configuration file."""

    output: str | None = None
    merge: str | None = None
    name: str | None = None
    practices: str = "all"
    env: tuple[str, ...] = ("dev", "prod")
    answers: str | None = None
    form: str = "text"
    report: tuple[str, ...] = ()
    fail_on: tuple[str, ...] = ()
    diff: bool = False
    check: bool = False
    force: bool = False
    inline_secrets: bool = False
    modern_names: bool = False
    harden: bool = False
    keep_ports: bool = False
    allow_path: tuple[str, ...] = ()
    quiet: bool = False
    verbose: int = 0
