"""Golden files: `TOCOMPOSE_UPDATE_GOLDEN=1 pytest tests/reports` writes them anew; read what changed."""

from __future__ import annotations

import os

import pytest


@pytest.fixture
def update_golden() -> bool:
    return bool(os.environ.get("TOCOMPOSE_UPDATE_GOLDEN"))
