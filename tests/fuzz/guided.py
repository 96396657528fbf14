"""Coverage-guided runs with atheris, one process a reader: `python -m tests.fuzz --atheris 100000 --target yaml`.

atheris is no dependency of the tests: `pip install atheris` (https://github.com/google/atheris).
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from fuzz.targets import TARGETS

ROOT = Path(__file__).parents[2]
_HARNESS = """
import sys
import atheris
with atheris.instrument_imports(include=["tocompose"]):
    from fuzz.targets import TARGETS
target = TARGETS[{name!r}]
path = {path!r}
def one(data):
    target.run({{path: data}})
atheris.Setup(sys.argv, one)
atheris.Fuzz()
"""
# The file that the input stands for, where the importer goes by names.
_PATHS = {"docker_run": "run.sh", "kubernetes": "app.yaml", "procfile": "Procfile", "check": "docker-compose.yml"}


def run_all(names: list[str], runs: int) -> int:
    """Each target in turn, so many inputs; 1 when one of them fell over."""
    return int(sum(run(name, runs) for name in names) > 0)


def run(name: str, runs: int) -> bool:
    """Whether a target fell over; atheris prints the input and the traceback."""
    with tempfile.TemporaryDirectory() as corpus:
        for number, files in enumerate(TARGETS[name].starts()[:300]):
            Path(corpus, f"{number}").write_bytes(next(iter(files.values()))[:20_000])
        script = _HARNESS.format(name=name, path=_PATHS.get(name, "input"))
        limits = [f"-atheris_runs={runs}", "-timeout=5", "-rss_limit_mb=1000", "-max_len=20000", "-print_final_stats=1"]
        paths = os.pathsep.join([str(ROOT / "tests"), str(ROOT / "converters")])
        command = [sys.executable, "-W", "ignore", "-c", script, *limits, f"-artifact_prefix={corpus}/", corpus]
        done = subprocess.run(
            command, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True, errors="replace"
        )
    lines = (done.stdout + done.stderr).splitlines()
    shown = lines[-2500:] if done.returncode else [line for line in lines if "number_of_executed_units" in line]
    print(f"{name}: {'failed' if done.returncode else 'ok'}", *shown[-60:], sep="\n    ", flush=True)
    return bool(done.returncode)
