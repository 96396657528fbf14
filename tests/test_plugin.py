"""A format from another package is found through its entry point, once it is installed, with no edit of ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import tree

EXAMPLE = tree.ROOT / "tests" / "plugin_example"
CONFIG = """[supervisord]
nodaemon=true
[program:web]
command=gunicorn shop:app --bind 0.0.0.0:8000 ; the site
environment=MODE="live",PRICE="5$"
autorestart=true
stopsignal=QUIT
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
    ]
    subprocess.run([*pip, "--target", str(folder), str(EXAMPLE)], check=True, timeout=120)
    return folder


def _run(installed: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(installed), str(tree.PACKAGE.parent)])
    return subprocess.run(
        [sys.executable, "-m", "tocompose", *arguments],
        env={**os.environ, "PYTHONPATH": path},
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_it_is_listed(installed: Path, tmp_path: Path) -> None:
    rows = json.loads(_run(installed, "formats", "--format", "json", cwd=tmp_path).stdout)
    assert {
        "name": "supervisor",
        "title": "supervisord.conf programs",
        "package": "tocompose_supervisor",
    } in rows


def test_it_is_found_by_its_files_and_accounted_for(
    installed: Path, tmp_path: Path
) -> None:
    (tmp_path / "supervisord.conf").write_text(CONFIG)
    ran = _run(installed, "convert", ".", "--format", "json", cwd=tmp_path)
    web = yaml.safe_load(ran.stdout)["services"]["web"]
    assert web["command"] == ["sh", "-c", "gunicorn shop:app --bind 0.0.0.0:8000"]
    assert web["environment"] == {"MODE": "live", "PRICE": "5$$"}
    assert web["restart"] == "always"
    lost = [item for item in json.loads(ran.stderr)["notes"] if item["kind"] == "lost"]
    assert [(item["code"], item["span"]["line"]) for item in lost] == [
        ("TC001", 2),
        ("TC001", 7),
    ]
