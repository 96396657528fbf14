"""Typography of word processors in docker commands, read as it was typed."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocompose.pipeline import convert
from tocompose.project import Memory
from tocompose.readers.typography import typographic_marks


def as_typed(command: str) -> str:
    """The command with what its marks say in their places."""
    for mark in reversed(typographic_marks(command)):
        command = command[: mark.start] + mark.typed + command[mark.end_offset :]
    return command


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("docker run –d x", "docker run -d x"),
        ("docker run –rm x", "docker run --rm x"),
        ("docker run —name=a x", "docker run --name=a x"),
        ("docker run ––name a x", "docker run --name a x"),
        ("docker run -–name a x", "docker run --name a x"),
        ("docker run –it x", "docker run -it x"),
        ("docker run −p 80:80 x", "docker run -p 80:80 x"),
        ("docker –context far run x", "docker --context far run x"),
        ("docker run -e “A=b c” x", 'docker run -e "A=b c" x'),
        ("docker run -e A=“b c” x", 'docker run -e A="b c" x'),
        ("docker run -e „A=b c“ x", 'docker run -e "A=b c" x'),
        ("docker run -e ‘A=b c’ x", "docker run -e 'A=b c' x"),
        ("docker run -e “A={\"b\": 1}” x", "docker run -e 'A={\"b\": 1}' x"),
        ('docker run -e "A=b c” x', 'docker run -e "A=b c" x'),
        ("docker run\u00a0-d x", "docker run -d x"),
    ],
)  # fmt: skip
def test_a_command_is_read_as_typed(written: str, typed: str) -> None:
    assert as_typed(written) == typed


@pytest.mark.parametrize(
    "written",
    [
        'docker run -e "A=it’s – as it is" x',
        "docker run -e 'A=“b”' x",
        "docker run -e A=it’s x",
        "docker run -e A=1–2 x",
        "docker run x sh -c 'echo – d'",
        "docker run -e “A=b x",
    ],
)
def test_what_was_meant_so_stays(written: str) -> None:
    assert typographic_marks(written) == ()


@given(st.lists(st.text("ab=–—“”‘’ $", min_size=1), max_size=6))
def test_words_in_quotes_are_never_changed(words: list[str]) -> None:
    command = shlex.join(["docker", "run", *words])
    assert as_typed(command) == command


def test_each_command_says_it_once() -> None:
    script = (
        "docker run –d ––name a –e “A=b c” x:1\necho “–d”\ndocker run -d --name b x:1\n"
    )
    result = convert(Memory({"run.sh": script.encode()}))
    services = {service.name: service for service in result.stack.services}
    assert services["a"].environment[0].value == "b c"
    said = [note for note in result.notes if note.code == "TC030"]
    assert [(note.span.line, note.span.column) for note in said if note.span] == [(1, 12)]
