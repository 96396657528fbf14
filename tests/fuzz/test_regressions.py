"""Each fault that fuzzing found, as the smallest input that showed it."""

from __future__ import annotations

import pytest

from tocompose.exporters.existing import combine
from tocompose.exporters.insertion import InsertionError, insert
from tocompose.ignores import ignore_rules
from tocompose.importers import Settings, SourceError
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


@pytest.mark.parametrize(
    "words", [(), ("docker",), ("",), ("docker", ""), ("docker", "run"), ("--",), ("docker", "--")]
)
def test_a_pasted_command_of_hardly_a_word_is_one_message(words: tuple[str, ...]) -> None:
    with pytest.raises(SourceError, match="image"):
        convert(Memory({}), Options(source="docker_run", settings=Settings(options={"argv": words})))


def test_a_compose_file_that_is_nested_too_deeply_is_refused() -> None:
    text = "services: {}\nx-a: " + "[" * 900 + "]" * 900 + "\n"
    with pytest.raises(InsertionError, match="nested too deeply"):
        insert(text, "docker-compose.yml", {"services": {"a": {"image": "a:1"}}})
