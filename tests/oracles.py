"""Where the real binaries are that tests compare with, and the reason to skip where they are not."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tocompose.prove.clients import Binaries, ProofError, find_binaries

FOLDER = os.environ.get("TOCOMPOSE_ORACLES", "")
# Why a test is skipped, said the same everywhere.
REASON = "needs docker and docker-compose (in TOCOMPOSE_ORACLES or on PATH)"
NO_COMPOSE = REASON
NO_KUSTOMIZE = "needs kustomize (in TOCOMPOSE_ORACLES)"
NO_ENGINE = "needs a Docker engine (TOCOMPOSE_ENGINE) and a static busybox"
NO_GIT = "needs git"
NO_CORPUS = "needs a corpus of real sources (TOCOMPOSE_CORPUS)"


def binary(name: str) -> str:
    """The path of `docker`, `docker-compose` or `kustomize`, in TOCOMPOSE_ORACLES, else on PATH; empty if missing."""
    return shutil.which(name, path=FOLDER or None) or ""


def clients() -> Binaries | None:
    """The docker CLI and docker compose, or None where one is missing."""
    try:
        return find_binaries(binary("docker"), binary("docker-compose"))
    except ProofError:
        return None


CLIENTS = clients()
unless_oracles = pytest.mark.skipif(CLIENTS is None, reason=REASON)
needs_git = pytest.mark.skipif(shutil.which("git") is None, reason=NO_GIT)
needs_oracles = [pytest.mark.oracle, unless_oracles]


def oracles() -> Binaries:
    """The clients, in a test that `needs_oracles`."""
    assert CLIENTS is not None, REASON
    return CLIENTS


def corpus(part: str) -> Path | None:
    """A folder of the corpus that TOCOMPOSE_CORPUS names; None where it is not there."""
    folder = Path(os.environ.get("TOCOMPOSE_CORPUS", "")) / part
    return folder if os.environ.get("TOCOMPOSE_CORPUS") and folder.is_dir() else None
