"""A bundle to write, and what stands in a folder."""

from __future__ import annotations

from pathlib import Path

from tocompose.model import File

ENV = File(
    path=".env",
    content=b'# head\n\nA="1"\nB="two"\n# C has no value in the source: set it here.\n# C=\n',
    mode=0o600,
    secret=True,
)
FILES = (
    File(path="docker-compose.yml", content=b"name: a\n"),
    File(path="docker-compose.override.yml", content=b"name: a\n"),
    ENV,
    File(
        path=".env.example",
        content=b'# head\n\n# About A.\nA="1"\n\n# About B.\nB="change-me"\n',
    ),
    File(path=".gitignore", content=b".env\nsecrets/\n"),
    File(path="secrets/token", content=b"s3cr3t-value", mode=0o444, secret=True),
    File(path="config/app.toml", content=b"x = 1\n"),
)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o7777


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below the folder."""
    return {
        str(place.relative_to(folder)): place.read_bytes()
        for place in sorted(folder.rglob("*"))
        if place.is_file()
    }
