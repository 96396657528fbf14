"""Each leaf that counts as mapped changes the output when it is changed: nothing is read and then dropped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from golden import cases, inputs, outcome, said
from tocompose.exporters.bundle import Layout
from tocompose.ledger import Fate
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory
from tocompose.source import Leaf

CASES = tuple(case for case in cases() if case.parent.name == "procfile")
_SWAPS = {"true": "false", "false": "true"}


def changed(content: bytes, leaf: Leaf) -> Iterator[bytes]:
    """The file with one letter or digit of the leaf replaced, the last one first; a truth value is turned round."""
    text = content.decode("utf-8-sig").replace("\r\n", "\n")
    lines = text.split("\n")
    line = lines[leaf.span.line - 1]
    start, end = leaf.span.column - 1, leaf.span.end_column - 1
    raw = line[start:end] if leaf.span.line == leaf.span.end_line else line[start:]
    if raw in _SWAPS:
        lines[leaf.span.line - 1] = line[:start] + _SWAPS[raw] + line[start + len(raw) :]
        yield "\n".join(lines).encode()
        return
    for place in range(len(raw) - 1, -1, -1):
        if raw[place].isascii() and raw[place].isalnum():
            other = (
                str((int(raw[place]) + 4) % 10)
                if raw[place].isdigit()
                else ("q" if raw[place] != "q" else "z")
            )
            lines[leaf.span.line - 1] = (
                line[: start + place] + other + line[start + place + 1 :]
            )
            yield "\n".join(lines).encode()


def mapped(result: Result) -> Iterator[Leaf]:
    return (
        leaf
        for leaf in result.ledger.leaves()
        if result.ledger.fate(leaf).fate is Fate.MAPPED
    )


def again(case: Path, files: dict[str, bytes]) -> Result:
    practices = said(case).get("options", {}).get("practices", "all")
    return convert(
        Memory(files, case.name),
        Options(source="procfile", practices=practices, layout=Layout(split=True)),
    )


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_mapped_leaf_reaches_the_output(case: Path) -> None:
    first, given = outcome(case), inputs(case)
    before = {item.path: item.content for item in first.files}
    dropped = []
    for leaf in mapped(first):
        variants = list(changed(given[leaf.span.file], leaf))
        files = ({**given, leaf.span.file: content} for content in variants)
        if variants and all(
            {item.path: item.content for item in again(case, one).files} == before
            for one in files
        ):
            dropped.append(f"{leaf.span}: {first.ledger.fate(leaf).detail}")
    assert dropped == []
