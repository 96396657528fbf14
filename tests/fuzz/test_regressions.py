"""Each fault that fuzzing found, as the smallest input that showed it."""

from __future__ import annotations

import pytest

from tocompose.exporters.existing import combine
from tocompose.ignores import ignore_rules
from tocompose.model import File
from tocompose.pipeline import Options, convert
from tocompose.project import Memory


@pytest.mark.parametrize("line", ["[s-c]", "restart: \\", "x\\", "[[:foo:]]", "[z--a]", "!", "/"])
def test_a_line_of_gitignore_that_is_no_pattern_is_skipped(line: str) -> None:
    after, said = combine(File(path=".gitignore", content=b".env\nsecrets/\n"), f"{line}\n.env\n".encode())
    assert after.decode() == f"{line}\n.env\nsecrets/\n"
    assert [item.code for item in said] == ["TC764"]
    assert ignore_rules([line, "kept"]).match_file("kept")


def test_containers_that_are_no_list_are_a_workload_without_containers() -> None:
    body = b"apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: {image: 'a:1'}}\n---\n"
    other = b"apiVersion: v1\nkind: Pod\nmetadata: {name: b}\nspec: {containers: [{name: b, image: 'b:1'}]}\n"
    found = convert(Memory({"a.yaml": body + other}), Options(source="kubernetes"))
    assert [item.name for item in found.stack.services] == ["b"]
    assert "TC210" in {item.code for item in found.notes}
