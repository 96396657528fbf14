"""Harmless variables of real images stay as they are: at most one in a hundred is taken for a secret."""

from __future__ import annotations

import shlex
from pathlib import Path

from tocompose.pipeline import Options, convert
from tocompose.project import Memory

TABLE = Path(__file__).parent / "harmless_variables.txt"
VARIABLES = [
    line
    for line in TABLE.read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]
LEAST = 300


def taken_for_secrets() -> list[str]:
    """The names of the variables that the conversion moves out as secrets."""
    words = " ".join(f"-e {shlex.quote(variable)}" for variable in VARIABLES)
    script = f"docker run -d --name web {words} acme/web:1\n"
    result = convert(Memory({"run.sh": script.encode()}), Options(source="docker_run"))
    names = {setting.name for setting in result.stack.settings if setting.secret}
    return [variable for variable in VARIABLES if variable.partition("=")[0] in names]


def test_hardly_any_harmless_variable_is_taken_for_a_secret() -> None:
    assert len(VARIABLES) >= LEAST
    taken = taken_for_secrets()
    assert len(taken) <= len(VARIABLES) / 100, taken
