"""What is made from the code is current: manual pages, API reference, the list of notes in docs/reports.md."""

from __future__ import annotations

import pytest

import tocompose
from documents import ROOT, documents


@pytest.mark.parametrize("path", documents())
def test_the_document_is_current(path: str) -> None:
    assert (ROOT / path).read_text(encoding="utf-8") == documents()[path], (
        "run python tests/documents.py"
    )


def test_the_public_names_are_few_and_documented() -> None:
    # A name that goes with the next release stands for the same thing as its successor.
    assert len({getattr(tocompose, name) for name in tocompose.__all__}) <= 15
    for name in tocompose.__all__:
        assert getattr(tocompose, name).__doc__


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nope'"):
        _ = tocompose.nope
