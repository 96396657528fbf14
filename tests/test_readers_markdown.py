"""Code blocks of documentation: which are read, and that their words stand where the file has them."""

from __future__ import annotations

import pytest

from test_script import commands, read

FENCES = "# App\n\nSome `docker run text`.\n\n```{lang}\ndocker run -d a\n```\n\nMore.\n"


@pytest.mark.parametrize(
    "language", ["", "sh", "bash", "shell", "console", "text", "powershell", "bash {1,2}"]
)
def test_blocks_of_these_languages_are_read(language: str) -> None:
    assert commands(FENCES.replace("{lang}", language), "README.md") == ["run -d a"]


@pytest.mark.parametrize("language", ["yaml", "python", "json", "dockerfile", "diff"])
def test_blocks_of_other_languages_are_not(language: str) -> None:
    source = FENCES.replace("{lang}", language) + "```sh\ndocker run b\n```\n"
    assert commands(source, "README.md") == ["run b"]


CASES = [
    ("tildes", "~~~\ndocker run a\n~~~\n", ["run a"]),
    ("longer fence", "````\ndocker run a\n```\ndocker run b\n````\n", ["run a", "run b"]),
    ("in a list", "1. Do\n\n   ```\n   docker run \\\n     -d a\n   ```\n", ["run -d a"]),
    ("in a quote", "> ```sh\n> docker run a\n> ```\n", ["run a"]),
    (
        "indented",
        "Text\n\n    docker run \\\n      -d a\n\n    docker ps\n\nEnd",
        ["run -d a", "ps"],
    ),
    ("tabs", "Text\n\n\tdocker run a\n", ["run a"]),
    (
        "output",
        "```console\n$ docker run -d a\n3f2a\n$ docker stop 3f2a\n3f2a\n```\n",
        ["run -d a", "stop 3f2a"],
    ),
    (
        "settings of an earlier block",
        "```\nexport TAG=2\n```\n```\ndocker run i:$TAG\n```",
        ["run i:${TAG:-2}"],
    ),
    ("blocks without docker", "```\nnpm install\n```\n```\ndocker run a\n```", ["run a"]),
    ("windows", "```\r\ndocker run \\\r\n -d a\r\n```\r\n", ["run -d a"]),
    ("open to the end", "```\ndocker run a", ["run a"]),
    ("inline only", "Run `docker run -d a` or `sudo docker run b`.", ["run -d a", "run b"]),
    (
        "bare lines",
        "Start it\ndocker volume create v\ndocker run \\\n  -d a\n\nDone",
        ["volume create v", "run -d a"],
    ),
    (
        "prose in a block",
        "```\nIt's (docker run) like\nNAME\n```\n```\ndocker run a\n```",
        ["run a"],
    ),
    ("powershell", "```powershell\ndocker run `\n  -v ${PWD}:/x a\n```", ["run -v .:/x a"]),
]


@pytest.mark.parametrize(
    ("source", "found"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_blocks(source: str, found: list[str]) -> None:
    assert commands(source, "README.md") == found


def test_restructured_text_and_asciidoc() -> None:
    assert commands("Run::\n\n  docker run a\n\nEnd", "README.rst") == ["run a"]
    assert commands("[source,sh]\n----\ndocker run a\n----\n", "guide.adoc") == ["run a"]


def test_words_stand_where_the_file_has_them() -> None:
    source = "# Ä\n\n1. Do:\n\n   ```sh\n   $ docker run -e A=1 \\\n       img\n   ```\n"
    (call,) = read(source, "README.md").calls
    assert [(word.span.line, word.span.column) for word in call.arguments] == [
        (6, 17),
        (6, 20),
        (7, 8),
    ]


def test_a_block_that_is_broken_does_not_spoil_the_others() -> None:
    found = read("```\ndocker run 'a\n```\n\n```\ndocker run b\n```\n", "README.md")
    assert [call.arguments[0].text for call in found.calls] == ["b"]
    assert [(note.code, str(note.span)) for note in found.ledger.notes] == [
        ("TC172", "README.md:2:12")
    ]


def test_prose_in_code_blocks_says_nothing() -> None:
    found = read("```text\nNAME\n   app (1) - Don't\n\ndocker run a\n```", "README.md")
    assert [call.arguments[0].text for call in found.calls] == ["a"]
    assert found.codes == []
