"""Where the real binaries are that tests compare with, and the reason to skip where they are not."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tocompose.prove.clients import Binaries, ProofError, find_binaries

FOLDER = os.environ.get("TOCOMPOSE_ORACLES", "")
REASON = "the real docker and docker compose are neither in TOCOMPOSE_ORACLES nor on PATH"


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
needs_oracles = [pytest.mark.oracle, unless_oracles]


def oracles() -> Binaries:
    """The clients, in a test that `needs_oracles`."""
    assert CLIENTS is not None, REASON
    return CLIENTS


def corpus(part: str) -> Path | None:
    """A folder of the corpus that TOCOMPOSE_CORPUS names; None where it is not there."""
    folder = Path(os.environ.get("TOCOMPOSE_CORPUS", "")) / part
    return folder if os.environ.get("TOCOMPOSE_CORPUS") and folder.is_dir() else None
