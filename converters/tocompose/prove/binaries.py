"""Where the real docker CLI and docker compose are on this machine."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NamedTuple

# https://docs.docker.com/compose/install/linux/ and the CLI's own list in cli-plugins/manager.
PLUGIN_FOLDERS = (
    "~/.docker/cli-plugins",
    "/usr/local/lib/docker/cli-plugins",
    "/usr/local/libexec/docker/cli-plugins",
    "/usr/lib/docker/cli-plugins",
    "/usr/libexec/docker/cli-plugins",
)


class ProofError(Exception):
    """A proof that could not be made: one sentence for the user."""


class Binaries(NamedTuple):
    """Paths of the two clients; `compose` is the plugin's file, which also runs on its own."""

    docker: str
    compose: str


def find_binaries(docker: str = "", compose: str = "", path: str | None = None) -> Binaries:
    """The two clients: those named, else those on `path` (by default PATH) or in the CLI's plugin folders.

    Raises ProofError that says which one is missing and how to name it.
    """
    return Binaries(
        _executable(docker, "docker", path) or _missing("docker", "--docker"),
        _executable(compose, "docker-compose", path) or _plugin() or _missing("docker compose", "--compose"),
    )


def _executable(named: str, name: str, path: str | None) -> str:
    found = shutil.which(named or name, path=None if named else path)
    if named and not found:
        raise ProofError(f"{named} is not a program that can be run")
    return str(Path(found).absolute()) if found else ""


def _plugin() -> str:
    files = [Path(folder).expanduser() / "docker-compose" for folder in PLUGIN_FOLDERS]
    return next((str(file) for file in files if os.access(file, os.X_OK)), "")


def _missing(name: str, option: str) -> str:
    raise ProofError(f"{name} was not found on PATH: install it, or name the program with {option}")
