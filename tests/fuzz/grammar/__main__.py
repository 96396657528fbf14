"""Tries sources made by grammars: `python -m tests.fuzz.grammar --inputs 200000`, from the root of the checkout.

`--only SOURCE NUMBER` shows one input and what is wrong with it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[3]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "converters")]

from fuzz.grammar.composed import Output, refusal, refused  # noqa: E402
from fuzz.grammar.judging import SOURCES, Outcome, build, is_told, judge  # noqa: E402
from fuzz.grammar.shapes import Shapes  # noqa: E402
from fuzz.running import lift_memory, limit_memory  # noqa: E402

_TOGETHER = 120
_CHUNK = 1000
_WARM = 200
# One input in so many is tried under another hash seed too, and its file held against docker compose in any case; so
# are the repairs of one compose file in as many.
_AGAIN = 20
_Line = dict[str, Any]


class Schedule(NamedTuple):
    """Which grammar makes which number, and which numbers are tried again."""

    source: str | None

    def name(self, number: int) -> str:
        """The grammar of that number."""
        return self.source or _ORDER[number % len(_ORDER)]

    def is_sampled(self, number: int) -> bool:
        """Whether the input is tried again; of each grammar the same share is."""
        return bool(self.source) or (number // len(_ORDER) + number) % _AGAIN == 0

    @property
    def arguments(self) -> list[str]:
        """What asks for this schedule on the command line."""
        return ["--source", self.source] if self.source else []


_ORDER = [name for name, source in SOURCES.items() for _ in range(source.share)]


def chunk(numbers: range, schedule: Schedule, shapes: Shapes) -> Iterator[_Line]:
    """What came of the inputs: faults, digests of some, refusals, and what was new in their files."""
    outputs: list[Output] = []
    outcomes: dict[int, Outcome] = {}
    pieces: list[int] = []
    for number in numbers:
        name = schedule.name(number)
        outcome = outcomes[number] = judge(name, number)
        is_sampled = schedule.is_sampled(number)
        if is_sampled:
            yield {"digest": [name, number, outcome.digest]}
        for fault in outcome.faults:
            yield {"fault": [name, number, fault]}
        for text in outcome.compose[:1] if name != "compose" else ():
            new = shapes.add(text)
            pieces += new
            if new or is_sampled:
                outputs.append(Output(name, number, text, outcome.dotenv))
    lift_memory()
    for start in range(0, len(outputs), _TOGETHER):
        for output, reason in refused(outputs[start : start + _TOGETHER]):
            said = outcomes[output.number].codes
            if is_told(reason, said):
                continue
            yield {"refused": [output.source, output.number, reason, said]}
    for number in numbers:
        if schedule.name(number) == "compose" and schedule.is_sampled(number):
            yield from _refused_repairs(number, outcomes[number])
    yield {"judged": len(outputs), "pieces": pieces}


def _refused_repairs(number: int, outcome: Outcome) -> Iterator[_Line]:
    """Of a repaired file, the refusal where docker compose took the file before it."""
    if len(outcome.compose) == 2:
        before, after = (Output("compose", number, text, b"") for text in outcome.compose)
        reason = refusal(after)
        if reason and not refusal(before):
            yield {"refused": ["compose", number, reason, ()]}


def _in_child(numbers: range, schedule: Schedule, shapes: Shapes) -> list[_Line]:
    """The lines of one chunk, from a process of its own, which has what this one has imported."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        limit_memory(900 * 1024 * 1024)
        with os.fdopen(writing, "w", encoding="utf-8") as stream:
            for line in chunk(numbers, schedule, shapes):
                stream.write(json.dumps(line) + "\n")
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as stream:
        lines = [json.loads(line) for line in stream]
    _, status = os.waitpid(child, 0)
    if status:
        lines.append({"fault": ["chunk", numbers.start, f"ended with {status}"]})
    return lines


class Tally:
    """What was tried and found so far."""

    def __init__(self) -> None:
        self.totals: Counter[str] = Counter()
        self.digests: dict[tuple[str, int], str] = {}
        self._seen: Counter[str] = Counter()
        self._start = time.monotonic()

    def add(self, lines: list[_Line]) -> Iterator[str]:
        """The findings that the log shall hold: each kind a few times."""
        for line in lines:
            self.totals["judged"] += line.get("judged", 0)
            if "digest" in line:
                name, number, digest = line["digest"]
                self.digests[name, number] = digest
            for kind in line.keys() & {"fault", "refused", "seed"}:
                finding = [kind, *line[kind]]
                self.totals[kind] += 1
                key = f"{finding[:2]} {str(finding[3:4])[:60]}"
                self._seen[key] += 1
                if self._seen[key] <= 3:
                    yield json.dumps(finding) + "\n"

    def line(self) -> str:
        """The numbers so far."""
        return f"# {dict(self.totals)} {time.monotonic() - self._start:.0f} s\n"


def run(first: int, inputs: int, schedule: Schedule, log: Path) -> int:
    """Tries so many inputs in processes of their own; what was found goes to the log as it is found."""
    tally, shapes = Tally(), Shapes()
    for number in range(first, first + min(_WARM, inputs)):
        judge(schedule.name(number), number)
    with log.open("a", encoding="utf-8") as stream:
        for start in range(first, first + inputs, _CHUNK):
            numbers = range(start, min(start + _CHUNK, first + inputs))
            lines = _in_child(numbers, schedule, shapes)
            for line in lines:
                shapes.pieces.update(line.get("pieces", ()))
            tally.totals["inputs"] += len(numbers)
            stream.writelines(tally.add(lines))
            stream.write(tally.line())
            stream.flush()
        stream.writelines(tally.add(_differing(first, inputs, schedule, tally.digests)))
        tally.totals["seeded"] = len(tally.digests)
        stream.write(tally.line())
    print(tally.line(), end="")
    return 1 if tally.totals.keys() & {"fault", "refused", "seed"} else 0


def _differing(
    first: int, inputs: int, schedule: Schedule, digests: dict[tuple[str, int], str]
) -> list[_Line]:
    """The inputs that gave other bytes under another hash seed."""
    command = [sys.executable, "-m", "tests.fuzz.grammar", *schedule.arguments]
    done = subprocess.run(
        [*command, "--digests", str(first), str(inputs)],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    lines = map(json.loads, done.stdout.splitlines())
    second = {(name, number): digest for name, number, digest in lines}
    return [
        {"seed": list(key)} for key, digest in digests.items() if second.get(key) != digest
    ]


def print_digests(first: int, inputs: int, schedule: Schedule) -> None:
    """Prints what each input that is tried twice came to, a line of JSON each."""
    limit_memory(900 * 1024 * 1024)
    for number in range(first, first + inputs):
        if schedule.is_sampled(number):
            name = schedule.name(number)
            print(json.dumps([name, number, judge(name, number).digest]))


def show(name: str, number: int) -> None:
    """Prints one input, what it came to, and what docker compose says."""
    files, _ = build(name, number)
    for path, content in files.items():
        print(f"=== {path}\n{content.decode('utf-8', 'replace')}")
    outcome = judge(name, number)
    print("faults:", outcome.faults, outcome.codes)
    for text in outcome.compose[: 1 + (name == "compose")]:
        print(text.decode("utf-8", "replace"))
        print("refused:", refused([Output(name, number, text, outcome.dotenv)]))


def main() -> int:
    """Prints what was tried and found; 1 when something was found."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz.grammar", description=__doc__
    )
    parser.add_argument("--inputs", type=int, default=1000)
    parser.add_argument("--from", dest="first", type=int, default=0)
    parser.add_argument("--log", type=Path, default=Path("grammar.log"))
    parser.add_argument("--only", nargs=2)
    parser.add_argument("--digests", nargs=2, type=int)
    parser.add_argument("--source", choices=SOURCES, help="this one, each input twice")
    wanted = parser.parse_args()
    schedule = Schedule(wanted.source)
    if wanted.only:
        show(wanted.only[0], int(wanted.only[1]))
        return 0
    if wanted.digests:
        print_digests(*wanted.digests, schedule)
        return 0
    if os.environ.get("PYTHONHASHSEED") != "0":
        again = [sys.executable, "-m", "tests.fuzz.grammar", *sys.argv[1:]]
        os.execve(sys.executable, again, {**os.environ, "PYTHONHASHSEED": "0"})
    os.nice(10)
    return run(wanted.first, wanted.inputs, schedule, wanted.log)


if __name__ == "__main__":
    sys.exit(main())
