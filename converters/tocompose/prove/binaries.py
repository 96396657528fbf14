"""Where the real docker CLI and docker compose are on this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache
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
    """The two clients: those named, else docker on `path` (by default PATH), Compose among its plugins or there.

    Raises ProofError that says which one is missing and how to name it.
    """
    return Binaries(
        _find_program(docker, "docker", path) or _raise_missing("docker", "--docker"),
        (not compose and _find_plugin()) or _find_compose(compose, path),
    )


def _find_program(named: str, name: str, path: str | None) -> str:
    program = shutil.which(named or name, path=None if named else path)
    if named and not program:
        raise ProofError(f"{named} is not a program that can be run")
    return str(Path(program).absolute()) if program else ""


def _find_compose(named: str, path: str | None) -> str:
    return _find_program(named, "docker-compose", path) or _raise_missing(
        "docker compose", "--compose"
    )


def _find_plugin() -> str:
    """The plugin that `docker compose` runs; a `docker-compose` on PATH may still be version 1."""
    files = [Path(folder).expanduser() / "docker-compose" for folder in PLUGIN_FOLDERS]
    return next((str(file) for file in files if os.access(file, os.X_OK)), "")


def _raise_missing(name: str, option: str) -> str:
    raise ProofError(
        f"{name} was not found on PATH: install it, or name the program with {option}"
    )


@cache
def genuine_docker(path: str) -> str:
    """The path of a docker CLI that is Docker's own.

    Raises ProofError for another: podman's `docker` would start real containers instead of asking our engine.
    """
    return _check_version(path, ("--version",), "Docker version ")


@cache
def genuine_compose(path: str) -> str:
    """The path of a docker compose that is Docker's own. Raises ProofError for another, as podman-compose."""
    return _check_version(path, ("version",), "Docker Compose version ")


def _check_version(path: str, arguments: tuple[str, ...], start: str) -> str:
    try:
        done = subprocess.run(
            [path, *arguments],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=30,
            env={},
        )
    except (OSError, subprocess.TimeoutExpired) as fault:
        raise ProofError(f"{path} cannot be run: {fault}") from fault
    if not done.stdout.startswith(start):
        answer = (done.stdout or done.stderr).strip().partition("\n")[0]
        raise ProofError(
            f"{path} is not Docker's own client (it says {answer!r}): a proof needs the real one"
        )
    return path
