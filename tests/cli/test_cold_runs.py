"""How much a cold run does before and beside its work, counted in steps: times are measured in `tests/benchmarks`.

Each bar is what the run takes now and a little more; what raises one on purpose raises its bar.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

import tree

FIXTURES = tree.ROOT / "fixtures"
PASTED = (
    "docker run -d --name web -p 8080:80 -v data:/data -e A=1 --restart always nginx:1.27"
)
COUNTING = """
import json, re, sys
compiled = []
compiling = re._compiler.compile
re._compiler.compile = lambda *pattern: compiled.append(pattern) or compiling(*pattern)
from tocompose.cli import run
try:
    run(json.loads(sys.argv[1]))
except SystemExit:
    pass
own = [name for name in sys.modules if name.partition(".")[0] == "tocompose"]
print(json.dumps({"modules": len(own), "patterns": len(compiled)}), file=sys.stderr)
"""


class ColdRun(NamedTuple):
    """A command, and how many modules of ours and patterns it takes at most."""

    arguments: tuple[str, ...]
    modules: int
    patterns: int


def convert(source: str, *options: str) -> tuple[str, ...]:
    return ("convert", *options, str(FIXTURES / source))


RUNS = {
    "pasted": ColdRun(tuple(PASTED.split()), 236, 80),
    "script": ColdRun(convert("docker_run/shop/run.sh"), 330, 247),
    "manifests": ColdRun(convert("kubernetes/web-stack/stack.yaml"), 323, 188),
    "Procfile": ColdRun(convert("procfile/web_stack", "--from", "procfile"), 287, 356),
}


@pytest.mark.parametrize("name", RUNS)
def test_a_cold_run_takes_no_more_steps_than_it_did(name: str, tmp_path: Path) -> None:
    cold_run = RUNS[name]
    ran = subprocess.run(
        [sys.executable, "-c", COUNTING, json.dumps(cold_run.arguments)],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tree.PACKAGE.parent)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    steps = json.loads(ran.stderr.splitlines()[-1])
    assert steps["modules"] <= cold_run.modules, steps
    assert steps["patterns"] <= cold_run.patterns, steps
