"""Generated Dockerfiles."""

from __future__ import annotations

from tocompose.importers.procfile.repository import Repository
from tocompose.model import File


def generate(repository: Repository, language: str) -> tuple[File, ...]:
    return (File(path="Dockerfile", content=b"FROM scratch\n"),)
