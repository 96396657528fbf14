"""Each fault that fuzzing found, as the smallest input that showed it."""

from __future__ import annotations

import pytest

from tocompose.exporters.existing import combine
from tocompose.ignores import ignore_rules
from tocompose.model import File


@pytest.mark.parametrize("line", ["[s-c]", "restart: \\", "x\\", "[[:foo:]]", "[z--a]", "!", "/"])
def test_a_line_of_gitignore_that_is_no_pattern_is_skipped(line: str) -> None:
    after, said = combine(File(path=".gitignore", content=b".env\nsecrets/\n"), f"{line}\n.env\n".encode())
    assert after.decode() == f"{line}\n.env\nsecrets/\n"
    assert [item.code for item in said] == ["TC764"]
    assert ignore_rules([line, "kept"]).match_file("kept")
