"""Tests that run side by side on one engine publish different ports of the machine."""

from __future__ import annotations

import re
from collections import Counter

import tree

PUBLISHED = re.compile(
    r"-p (?:[\d.]+:)?(\d{4,5})(?:-\d+)?:\d|(?:nodePort|hostPort): ?(\d{4,5})"
)


def test_no_two_files_publish_one_port() -> None:
    engine_tests = [
        path
        for path in (tree.ROOT / "tests").rglob("test_*.py")
        if "pytest.mark.engine" in path.read_text(encoding="utf-8")
    ]
    ports = Counter(
        port
        for path in [*engine_tests, tree.ROOT / "docs" / "sessions.md"]
        for port in {
            first or second
            for first, second in PUBLISHED.findall(path.read_text(encoding="utf-8"))
        }
    )
    assert ports["18611"] == 1  # the session of docs/sessions.md is among them
    assert [port for port, files in ports.items() if files > 1] == []
