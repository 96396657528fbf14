"""`.env` files as docker compose reads them: which names there are, their values, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from judges import needs_compose, run_config
from tocompose.exporters.existing import combine
from tocompose.model import File
from tocompose.readers.dotenv import compose_values
from tocompose.syntax.env_lines import entries_by_name, filled_names, open_quote
from tocompose.writing.env_values import missing_values, set_values

# What may stand behind `A=`, below a line that gives B a value.
VALUES = (
    *(
        "#c",
        " # c",
        "x#y",
        "x #y",
        "x\t#y",
        "  x  ",
        "x y # z",
        "#",
        "x #",
        "\u00a0x",
        "x\r",
    ),
    *(
        "$B",
        "${B}",
        "${C:-d}",
        "'$B'",
        '"$B"',
        "$$B",
        '"$$B"',
        "\\$B",
        '"\\$B"',
        "x # $B",
        "${C}",
    ),
    *(
        '"a\\nb"',
        "'a\\nb'",
        "a\\nb",
        '"a\\tb\\x\\\\"',
        "'a\\'b'",
        '"a\\"b"',
        '"\\\\n"',
        "'\\\\'",
    ),
    *(
        '"\\u0041"',
        '"\\a\\f\\v\\b\\r\\c"',
        '"\\0"',
        '"\\012"',
        '"\\0123"',
        '"\\0999"',
        '"\\\'"',
    ),
    *(
        "",
        "''",
        '""',
        '"x" # c',
        '"x"#c',
        "a'b'",
        '"a\nb"',
        "'a\nb' # c",
        '"a#b"',
        "a=b",
        "a: b",
    ),
    *('"x" !y', '"x" y=z"', "'x' 'y'", '"x', '"x\\"', "'x'y'", '"x" [y]', "it's"),
)


@pytest.mark.parametrize(
    "value", [pytest.param(value, marks=needs_compose) for value in VALUES]
)
def test_docker_compose_reads_the_same(tmp_path: Path, value: str) -> None:
    text = f"B=val\nA={value}\n"
    (tmp_path / ".env").write_bytes(text.encode())
    service = "{image: a, environment: {A: '${A-unset}', B: '${B-unset}'}}"
    (tmp_path / "compose.yaml").write_text(f"services: {{a: {service}}}")
    ran = run_config(tmp_path, ["compose.yaml"])
    assert (ran.returncode != 0) == (open_quote(text) is not None)
    if ran.returncode == 0:
        environment = json.loads(ran.stdout)["services"]["a"]["environment"]
        read = {name: text.replace("$$", "$") for name, text in environment.items()}
        assert compose_values(text.encode()) == read


@pytest.mark.parametrize(
    ("text", "names", "filled"),
    [
        ("A=1\nB=\n", {"A", "B"}, {"A"}),
        ("\ufeffA=1\n", {"A"}, {"A"}),
        ("A=''\nB=\"\"\nC= \n", {"A", "B", "C"}, set()),
        ("A= # to do\n", {"A"}, {"A"}),
        ("A=x # to do\nB='x\nC=1'\n", {"A", "B"}, {"A", "B"}),
        ("A=1\nA=\n", {"A"}, set()),
    ],
)
def test_the_names_and_those_with_a_value(
    text: str, names: set[str], filled: set[str]
) -> None:
    assert (set(entries_by_name(text)), filled_names(text)) == (names, filled)


def test_the_first_name_of_a_file_of_windows_is_not_added_again() -> None:
    present = b"\xef\xbb\xbfTOKEN=mine\r\nA=1\r\n"
    made = File(path=".env", content=b"TOKEN=theirs\nB=2\n", secret=True)
    content, _ = combine(made, present)
    assert content == present + b"B=2\r\n"


def test_a_changed_secret_of_several_lines_is_told() -> None:
    made = File(path=".env", content=b"KEY_SECRET='a\nb'\n", secret=True)
    content, notes = combine(made, b"KEY_SECRET='a\nc'\n")
    assert content == b"KEY_SECRET='a\nc'\n"
    assert [note.code for note in notes] == ["TC760", "TC856"]


EXAMPLE = b"""# Every variable

# Used by db (required, secret)
DB_PASSWORD=""

# Used by web (required)
HOST=""

# Used by web (secret)
TOKEN=""

TAG="1"
"""


@pytest.mark.parametrize(
    ("present", "names"),
    [
        (b"DB_PASSWORD=change-me\nHOST=<host>\n", ["DB_PASSWORD", "HOST"]),
        (b"DB_PASSWORD=<password>\n", ["DB_PASSWORD"]),
        (b"DB_PASSWORD=\nHOST=web.shop.io\nTOKEN=change-me\nTAG=changeme\n", []),
        (b"# DB_PASSWORD=change-me\n", []),
    ],
)
def test_a_placeholder_with_which_the_stack_would_start_is_told(
    present: bytes, names: list[str]
) -> None:
    content, notes = combine(File(path=".env.example", content=EXAMPLE), present)
    assert content.startswith(present)  # what stands there stays
    told = [note for note in notes if note.code == "TC558"]
    assert bool(told) == bool(names)
    for note in told:
        assert " and ".join(names) in note.message
        assert "change-me" not in note.message + note.advice


def test_an_empty_last_entry_is_filled_in_its_place(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=1\nA=\nB=2\n")
    assert [value.name for value in missing_values(tmp_path)] == ["A"]
    set_values(tmp_path, {"A": "3"})
    assert (tmp_path / ".env").read_text() == 'A=1\nA="3"\nB=2\n'
