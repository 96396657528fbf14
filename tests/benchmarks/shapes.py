"""Processor time and memory at a size and at ten times that size, for each shape of source.

`python tests/benchmarks/shapes.py [SHAPE]…` prints both ratios of each shape; none may be above 12.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "converters")]
MOST = 12.0
FACTOR = 10
# Below that a measurement says nothing: seconds, and bytes beyond an empty run.
_LEAST_SECONDS, _LEAST_BYTES = 0.05, 8_000_000
SHAPES: Mapping[str, Mapping[str, Any]] = yaml.safe_load(
    Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8")
)


def source(shape: str, size: int) -> str:
    """The text of that shape with so many repetitions."""
    row = SHAPES[shape]
    return "".join(
        [
            row.get("head", ""),
            *_repeated(row["line"], size),
            row.get("middle", ""),
            *_repeated(row.get("again", ""), size),
            row.get("tail", ""),
        ]
    )


def _repeated(line: str, size: int) -> Iterator[str]:
    return (line.replace("<n>", str(number)) for number in range(size))


def files(shape: str, size: int) -> dict[str, bytes]:
    """The files of that shape: the one whose lines repeat, and those of which there is one for each repetition."""
    row = SHAPES[shape]
    made = {row["file"]: source(shape, size).encode()} if "file" in row else {}
    for path, text in row.get("files", {}).items():
        for number in range(size):
            made[path.replace("<n>", str(number))] = text.replace(
                "<n>", str(number)
            ).encode()
    return made


def work(shape: str, size: int) -> None:
    """Converts a source of that size with its reports, or checks it."""
    from tocompose.check import audit
    from tocompose.exporters.bundle import Layout
    from tocompose.pipeline import Options, convert
    from tocompose.project import Memory
    from tocompose.reports import with_reports

    form = SHAPES[shape]["form"]
    project = Memory(files(shape, size))
    if form == "check":
        audit(project, project.named)
        return
    result = convert(project, Options(source=form, layout=Layout(split=True)))
    with_reports(result, project)


def measure(shape: str, size: int) -> tuple[float, int]:
    """Seconds of the processor and bytes of memory that a size takes beyond the smallest source."""
    done = subprocess.run(
        [sys.executable, __file__, "--one", shape, str(size)],
        capture_output=True,
        text=True,
        env={**os.environ, "TOCOMPOSE_MAX_SERVICES": "100000"},
        check=True,
    )
    seconds, memory = json.loads(done.stdout)
    return seconds, memory


def _one(shape: str, size: int) -> None:
    work(shape, 1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    work(shape, size)
    seconds = time.process_time() - start
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps([seconds, (after - before) * 1024]))


def main(shapes: Sequence[str] = ()) -> int:
    """Prints the ratios; 1 when one is too large."""
    worst = 0.0
    for shape in shapes or SHAPES:
        size = SHAPES[shape]["size"]
        (small, small_memory), (large, large_memory) = (
            measure(shape, size),
            measure(shape, size * FACTOR),
        )
        slower = large / max(small, _LEAST_SECONDS)
        bigger = large_memory / max(small_memory, _LEAST_BYTES)
        worst = max(worst, slower, bigger)
        print(
            f"{shape:36} {large:6.2f} s  x{slower:4.1f}   {large_memory / 1e6:6.1f} MB  x{bigger:4.1f}",
            flush=True,
        )
    return 1 if worst > MOST else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        _one(sys.argv[2], int(sys.argv[3]))
    else:
        sys.exit(main(sys.argv[1:]))
