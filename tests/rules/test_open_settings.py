"""Services that let everybody in: told of where the image starts without a password too."""

from __future__ import annotations

import pytest

from tocompose.pipeline import Options, convert
from tocompose.project import Memory


@pytest.mark.parametrize(
    ("arguments", "is_open"),
    [
        ("postgres:10.0-alpine", True),
        ("postgres:9.6.15", True),
        ("postgres:12.0", True),
        ("-e POSTGRES_USER=shop postgres:11.5", True),
        # Newer ones refuse to start without a password, which another note tells.
        ("postgres:10.11", False),
        ("postgres:10", False),
        ("postgres:12.2", False),
        ("-e POSTGRES_PASSWORD=x83kd-Wq postgres:10.0-alpine", False),
        ("-e POSTGRES_PASSWORD_FILE=/run/pw postgres:10.0-alpine", False),
        ("-e POSTGRES_HOST_AUTH_METHOD=md5 postgres:10.0-alpine", False),
        ("me/postgres:10.0", False),
    ],
)
def test_an_old_postgres_without_a_password_lets_everybody_in(
    arguments: str, *, is_open: bool
) -> None:
    script = f"docker run -d --name db {arguments}".encode()
    result = convert(Memory({"run.sh": script}), Options())
    told = [note.message for note in result.notes if note.code == "TC532"]
    assert bool(told) is is_open
    assert not told or "no POSTGRES_PASSWORD" in told[0]
