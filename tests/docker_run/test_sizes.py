"""Sizes in flags: docker takes -1, for no limit, of swap alone."""

from __future__ import annotations

import pytest

from tocompose.exporters.bundle import Layout
from tocompose.pipeline import Options, convert
from tocompose.project import Memory

SIZES = ("--memory", "--memory-reservation", "--shm-size")


@pytest.mark.parametrize("flag", SIZES)
def test_a_size_below_zero_is_told_of(flag: str) -> None:
    source = {"run.sh": f"docker run -d {flag}=-1 nginx:1.27\n".encode()}
    result = convert(Memory(source), Options(layout=Layout(split=True)))
    (lost,) = [note for note in result.notes if note.kind.value == "lost"]
    assert lost.code == "TC102" and flag in lost.message


def test_swap_without_a_limit_is_carried_over() -> None:
    source = b"docker run -d -m 1g --memory-swap=-1 nginx:1.27\n"
    result = convert(Memory({"run.sh": source}), Options())
    assert b"memswap_limit: -1\n" in result.files[0].content
