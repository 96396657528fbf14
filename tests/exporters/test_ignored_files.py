"""The values of a stack stay out of the images that are built from its folder."""

from __future__ import annotations

import pytest

from tocompose.exporters.bundle import Bundle, Layout, bundle
from tocompose.exporters.existing import combine
from tocompose.model import Build, EnvSetting, File, Service, Stack

TOKEN = EnvSetting(name="TOKEN", value="sesame-81", secret=True)


def built(context: str, *files: File) -> Bundle:
    service = Service(name="web", build=Build(context=context))
    stack = Stack(name="shop", services=(service,), settings=(TOKEN,), files=files)
    return bundle(stack, Layout(split=True))


def ignored(made: Bundle) -> list[File]:
    return [file for file in made.files if file.path == ".dockerignore"]


@pytest.mark.parametrize(
    ("context", "code"), [(".", "TC430"), ("./", "TC430"), ("..", "TC431"), ("web", "")]
)
def test_the_context_decides_where_values_would_go(context: str, code: str) -> None:
    made = built(context)
    assert bool(ignored(made)) is (code == "TC430")
    assert [note.code for note in made.notes if note.code.startswith("TC43")] == [
        *([code] if code else [])
    ]


def test_a_file_that_is_generated_already_is_left_alone() -> None:
    own = File(path=".dockerignore", content=b".git\n.env\n")
    assert ignored(built(".", own)) == [own]


def test_the_lines_of_the_user_stay_and_ours_count_last() -> None:
    [file] = ignored(built("."))
    content, notes = combine(file, b"node_modules\n!.env\n")
    assert content == b"node_modules\n!.env\n.env\n"
    assert [note.code for note in notes] == ["TC764"]
    assert combine(file, b"*\n!src\n") == (b"*\n!src\n", ())
