"""Counts, over files of any kind, the places that start a container and what came of each.

`python tests/docker_run/measure_mentions.py FOLDER…` prints a line for each place of which nothing came: no service, no
note, no reason in the ledger. The places are found by patterns of their own, not by the readers.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tocompose.importers import ImportOptions, SourceError
from tocompose.importers.docker_run import DockerRun
from tocompose.ledger import Ledger
from tocompose.notes import Kind
from tocompose.project import Memory

# A call with an option or an image that has an owner or a tag; what follows a bare `docker run` may be prose.
_CALL = re.compile(
    r"(?<![\w./-])(?:docker|podman|nerdctl)(?:[ \t]+(?:container|service))?[ \t]+(?:run|create)"
    r"(?:[ \t]*\\\n)?[ \t]+(?:-[\w-]+[ =\\\n]|[\w.-]+[/:][\w.-])"
)
_MODULE = re.compile(r"^[ \t-]*(?:[\w.]+\.)?(?:docker|podman)_container:", re.MULTILINE)


def places(text: str) -> Iterator[int]:
    """The lines, from 1, on which a container is started; a comment starts nothing."""
    for pattern in (_CALL, _MODULE):
        for match in pattern.finditer(text):
            line_start = text.rfind("\n", 0, match.start()) + 1
            if text[line_start : match.start()].lstrip().startswith(("#", "//")):
                continue
            yield text.count("\n", 0, match.start()) + 1


def accounted_lines(path: Path, data: bytes) -> tuple[set[int], int, int]:
    """The lines that some leaf or note stands on, how many services there are, and how many notes of a loss."""
    ledger = Ledger()
    services = problem_line = 0
    try:
        stack = DockerRun().read(Memory({path.name: data}, "shop"), ledger, ImportOptions())
        services = len(stack.services)
    except SourceError as problem:
        named = re.search(rf"{re.escape(path.name)}:(\d+):", str(problem))
        problem_line = int(named[1]) if named else 0
    lines = {problem_line}
    spans = [leaf.span for leaf in ledger.leaves()]
    spans += [note.span for note in ledger.notes if note.span is not None]
    for span in spans:
        lines.update(range(span.line, min(span.end_line, span.line + 400) + 1))
    lost = sum(note.kind is Kind.LOST for note in ledger.notes) + (problem_line > 0)
    return lines, services, lost


def measure(folder: Path, counts: Counter[str]) -> None:
    """Adds what the files of a folder give to the counts, and prints the places of which nothing came."""
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.stat().st_size > 200_000:
            continue
        data = path.read_bytes()
        wanted = sorted(set(places(data.decode("utf-8", "replace"))))
        if not wanted:
            continue
        lines, services, lost = accounted_lines(path, data)
        silent = [line for line in wanted if line not in lines]
        counts["files"] += 1
        counts["files with services"] += services > 0
        counts["files with a lost note only"] += services == 0 and lost > 0
        counts["files of which nothing came"] += services == 0 and lost == 0
        counts["places"] += len(wanted)
        counts["places that are silent"] += len(silent)
        if services == 0 and lost == 0:
            print(f"{path}:{wanted[0]}: nothing")
        for line in silent:
            print(f"{path}:{line}: silent")


def main() -> None:
    """Measures the folders that are named."""
    counts: Counter[str] = Counter()
    for name in sys.argv[1:]:
        measure(Path(name), counts)
    for name, count in counts.items():
        print(f"{count:6} {name}")


if __name__ == "__main__":
    main()
