"""What the benchmarks compare: tocompose installed from this checkout, and its peer from the npm registry."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import gettempdir

ROOT = Path(__file__).parents[2]
CACHE = Path(
    os.environ.get("TOCOMPOSE_BENCHMARKS", Path(gettempdir()) / "tocompose-benchmarks")
)


@cache
def environment() -> Path:
    """The `bin` folder of a virtual environment with tocompose installed as users install it."""
    folder = CACHE / "venv"
    if not folder.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    pip = [folder / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--force-reinstall", "--no-deps", ROOT], check=True)
    subprocess.run([*pip, ROOT], check=True)
    return folder / "bin"


@cache
def composerize() -> Path:
    """The peer's command-line script."""
    script = CACHE / "node" / "node_modules" / "composerize" / "cli.js"
    if not script.exists():
        (CACHE / "node").mkdir(parents=True, exist_ok=True)
        subprocess.run(
            ["npm", "install", "--silent", "--prefix", CACHE / "node", "composerize@1.7.6"],
            check=True,
        )
    return script
