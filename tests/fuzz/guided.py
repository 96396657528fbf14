"""Coverage-guided runs with atheris, one process a target: `python -m tests.fuzz --atheris 100000 --target yaml`.

What each run says, and the input of a fault, is kept in `TOCOMPOSE_FUZZ_KEPT` (the folder for temporary files).
atheris is no dependency of the other tests: `pip install atheris` (https://github.com/google/atheris).
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from fuzz.targets import TARGETS, Files

ROOT = Path(__file__).parents[2]
# Of the processor: what is watched for coverage takes five times as long as it does otherwise.
SECONDS = 25.0
# What is imported only when it is needed counts for the guidance only when it is imported here, so seeds run first.
_HARNESS = """
import sys
import atheris
with atheris.instrument_imports(include=["tocompose"]):
    from fuzz.guided import SECONDS, files_of
    from fuzz.running import limited
    from fuzz.targets import TARGETS
    target = TARGETS[{name!r}]
    for files in target.starts()[:30]:
        target.run(files)
def one(data):
    try:
        with limited(SECONDS):
            target.run(files_of({name!r}, data))
    except BaseException as fault:
        import traceback
        raised = "".join(traceback.format_exception(fault))
        print("Uncaught Python exception", raised, sep="\\n", flush=True)
        raise
atheris.Setup(sys.argv, one)
atheris.Fuzz()
"""
# The file that the input stands for, where the importer goes by names.
_PATHS = {
    "docker_run": "run.sh",
    "pasted": "run.sh",
    "kubernetes": "app.yaml",
    "check": "docker-compose.yml",
}
# The files of an application: the first byte of the input says which of them the rest is.
_APPLICATION = {
    "Procfile": b"web: npm start\n",
    "app.json": b'{"addons": ["heroku-postgresql"]}',
    "heroku.yml": b"build: {docker: {web: Dockerfile}}\n",
    ".env": b"A=1\n",
    "Dockerfile": b"FROM node:20\nEXPOSE 3000\nCMD node a.js\n",
    "package.json": b'{"engines": {"node": "20"}, "scripts": {"start": "node a.js"}}',
    "requirements.txt": b"django\n",
    "runtime.txt": b"python-3.12\n",
    "Gemfile.lock": b"RUBY VERSION\n   ruby 3.2.0\n",
    "CHECKS": b"/ ok\n",
}


class Guided(NamedTuple):
    """How many inputs ran, how many lines and branches they reached, and the last lines of a run that failed."""

    runs: int
    coverage: int
    failure: tuple[str, ...] = ()


def files_of(name: str, data: bytes) -> Files:
    """The files that an input of the fuzzer stands for."""
    if name != "procfile":
        return {_PATHS.get(name, "input"): data}
    paths = list(_APPLICATION)
    path = paths[data[0] % len(paths)] if data else paths[0]
    given = {
        key: text
        for key, text in _APPLICATION.items()
        if key == "Procfile" or data[:1] > b"\x7f"
    }
    return given | {path: data[1:]}


def _seeds(name: str) -> list[bytes]:
    if name != "procfile":
        return [next(iter(files.values())) for files in TARGETS[name].starts()[:300]]
    paths = list(_APPLICATION)
    every = (
        item
        for files in TARGETS[name].starts()[:100]
        for item in files.items()
        if item[0] in _APPLICATION
    )
    return [
        bytes([paths.index(path) + offset]) + text
        for path, text in every
        for offset in (0, 130)
    ]


def run_all(names: list[str], runs: int) -> int:
    """Each target in turn, so many inputs; 1 when one of them fell over."""
    total, failed = 0, 0
    for name in names:
        outcome = run(name, runs)
        total, failed = total + outcome.runs, failed + bool(outcome.failure)
        said = (
            "\n    ".join(("failed", *outcome.failure))
            if outcome.failure
            else f"{outcome.coverage} edges reached"
        )
        print(f"{name:16} {outcome.runs:9,} inputs, {said}", flush=True)
    print(f"{total:,} inputs, {failed} targets failed")
    return int(failed > 0)


def run(name: str, runs: int) -> Guided:
    """Runs one target in a process of its own; atheris prints the input and the traceback of a fault."""
    with tempfile.TemporaryDirectory() as corpus:
        for number, text in enumerate(_seeds(name)):
            Path(corpus, f"{number}").write_bytes(text[:20_000])
        kept = os.environ.get("TOCOMPOSE_FUZZ_KEPT") or tempfile.gettempdir()
        limits = [
            f"-atheris_runs={runs}",
            "-timeout=300",
            "-rss_limit_mb=1000",
            "-max_len=20000",
        ]
        paths = os.pathsep.join([str(ROOT / "tests"), str(ROOT / "converters")])
        script = _HARNESS.format(name=name)
        command = [
            sys.executable,
            "-W",
            "ignore",
            "-c",
            script,
            *limits,
            f"-artifact_prefix={kept}/{name}-",
            corpus,
        ]
        done = subprocess.run(
            command,
            env={**os.environ, "PYTHONPATH": paths},
            capture_output=True,
            text=True,
            errors="replace",
        )
    said = done.stdout + done.stderr
    Path(kept, f"{name}.log").write_text(said, encoding="utf-8", errors="backslashreplace")
    counts = re.findall(r"^#(\d+)\s.*\bcov: (\d+)", said, re.MULTILINE)
    ended = re.search(r"^Done (\d+) in", said, re.MULTILINE)
    tried = int(ended[1]) if ended else int(counts[-1][0]) if counts else 0
    _, _, raised = done.stdout.partition("Uncaught Python exception")
    told = [line for line in (raised or said).splitlines() if not line.startswith("#")]
    failure = (
        () if ended and done.returncode == 0 else tuple(told[-60:] or ["it said nothing"])
    )
    return Guided(tried, int(counts[-1][1]) if counts else 0, failure)
