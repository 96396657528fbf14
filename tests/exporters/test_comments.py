"""What the comments of compose files name as the place of a loss."""

from __future__ import annotations

import pytest

from tocompose.exporters.comments import block_comments
from tocompose.model import Service, Stack
from tocompose.notes import note
from tocompose.source import Span
from tocompose.syntax.model_path import ModelPath


@pytest.mark.parametrize(
    ("file", "place"),
    [("a.yaml", "a.yaml:7"), ("kustomize build in", "kustomize build in")],
)
def test_a_place_is_written_in_one_way(file: str, place: str) -> None:
    span = Span(file, 7, 3, 7, 9)
    stack = Stack(name="shop", services=(Service(name="web", origin=span),))
    loss = note(
        "TC230",
        span,
        subject=ModelPath.service("web"),
        object="web",
        what="livenessProbe",
        advice_text="",
    )
    comments = block_comments({"services": {"web": {}}}, stack, [loss])
    first, second = comments["services", "web"]
    assert first == f"from {place}"
    assert second.startswith(f"lost (TC230, {place}): web: livenessProbe")
