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
from pathlib import Path

ROOT = Path(__file__).parents[3]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "converters")]

from fuzz.grammar.composed import Output, refused  # noqa: E402
from fuzz.grammar.judging import SOURCES, build, judge  # noqa: E402
from fuzz.running import lift_memory, limit_memory  # noqa: E402

_TOGETHER = 120
_CHUNK = 5000
_AGAIN = 20


def chunk(first: int, count: int, seeded: bool) -> None:
    """Prints what came of the inputs from a number on, a line of JSON each; `seeded` only digests of some."""
    limit_memory(900 * 1024 * 1024)
    order = [name for name, source in SOURCES.items() for _ in range(source.share)]
    outputs: list[Output] = []
    codes: dict[tuple[str, int], tuple[str, ...]] = {}
    for number in range(first, first + count):
        name = order[number % len(order)]
        if seeded and number % _AGAIN:
            continue
        outcome = judge(name, number)
        print(json.dumps({"digest": [name, number, outcome.digest]}))
        if seeded:
            continue
        for fault in outcome.faults:
            print(json.dumps({"fault": [name, number, fault]}))
        codes[name, number] = outcome.codes
        if name == "compose" and len(outcome.compose) == 2:
            before, after = outcome.compose
            outputs += [
                Output("given", number, before, b""),
                Output("repaired", number, after, b""),
            ]
        elif name != "compose":
            outputs += [
                Output(name, number, text, outcome.dotenv) for text in outcome.compose[:1]
            ]
    lift_memory()
    refusals = [
        refusal
        for start in range(0, len(outputs), _TOGETHER)
        for refusal in refused(outputs[start : start + _TOGETHER])
    ]
    refused_before = {output.number for output, _ in refusals if output.source == "given"}
    for output, reason in refusals:
        if output.source == "given" or (
            output.source == "repaired" and output.number in refused_before
        ):
            continue
        print(
            json.dumps(
                {
                    "refused": [
                        output.source,
                        output.number,
                        reason,
                        codes.get((output.source, output.number), ()),
                    ]
                }
            )
        )
    print(json.dumps({"judged": len(outputs)}))


def run(first: int, inputs: int, log: Path) -> int:
    """Tries so many inputs in processes of their own; what was found goes to the log as it is found."""
    totals: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    start = time.monotonic()
    with log.open("a", encoding="utf-8") as stream:
        for number in range(first, first + inputs, _CHUNK):
            count = min(_CHUNK, first + inputs - number)
            lines = _lines(number, count, "0", False)
            second = {
                (line[0], line[1]): line[2]
                for line in _kind(_lines(number, count, "1", True), "digest")
            }
            totals["inputs"] += count
            totals["seeded"] += len(second)
            totals["judged"] += sum(int(line) for line in _kind(lines, "judged"))
            differing = [
                ["seed", *line[:2]]
                for line in _kind(lines, "digest")
                if second.get((line[0], line[1]), line[2]) != line[2]
            ]
            for kind in ("fault", "refused"):
                totals[kind] += len(_kind(lines, kind))
            totals["seed"] += len(differing)
            for finding in [
                *(
                    [kind, *line]
                    for kind in ("fault", "refused")
                    for line in _kind(lines, kind)
                ),
                *differing,
            ]:
                key = f"{finding[0]} {finding[1]} {str(finding[3:4])[:60]}"
                seen[key] += 1
                if seen[key] <= 3:
                    stream.write(json.dumps(finding) + "\n")
            stream.write(f"# {dict(totals)} {time.monotonic() - start:.0f} s\n")
            stream.flush()
    print(dict(totals))
    return 1 if totals["fault"] or totals["refused"] or totals["seed"] else 0


def _lines(first: int, count: int, seed: str, seeded: bool) -> list[dict[str, list[str]]]:
    command = [
        sys.executable,
        "-m",
        "tests.fuzz.grammar",
        "--chunk",
        str(first),
        str(count),
    ]
    done = subprocess.run(
        [*command, "--seeded"] if seeded else command,
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    if done.returncode:
        lines.append({"fault": ["chunk", first, done.stderr[-500:]]})
    return lines


def _kind(lines: list[dict[str, list[str]]], kind: str) -> list[list[str]]:
    return [line[kind] for line in lines if kind in line]


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
    parser.add_argument("--chunk", nargs=2, type=int)
    parser.add_argument("--seeded", action="store_true")
    wanted = parser.parse_args()
    if wanted.only:
        show(wanted.only[0], int(wanted.only[1]))
        return 0
    if wanted.chunk:
        chunk(*wanted.chunk, wanted.seeded)
        return 0
    os.nice(10)
    return run(wanted.first, wanted.inputs, wanted.log)


if __name__ == "__main__":
    sys.exit(main())
