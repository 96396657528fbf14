"""Commands do in Compose what `bash -c` does with them: the same program with the same words and variables."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tocompose.importers.procfile.language import find_program
from tocompose.importers.procfile.ports import stated_port
from tocompose.importers.procfile.shell import convert_command

SHOW = '#!/bin/sh\nprintf "A=%s B=%s\\n" "$A" "$B"\nfor word in "$@"; do printf "<%s>\\n" "$word"; done\n'
PIECES = st.sampled_from(
    [
        "a",
        "b c",
        "'single $A'",
        '"double $HOMELESS"',
        "$A",
        "${B:-none}",
        "\\$x",
        "~+",
        "'it'\\''s'",
        '"q\\"q"',
        "-x=1",
        "{a,b}",
        "*.none",
        "a\\ b",
        '""',
        "#x",
        "x#y",
        "é",
        "%s",
        "!",
        "=",
        "A=2",
    ]
)
JOINS = st.sampled_from([" ", " && show ", " ; show ", " | cat ; show "])
LEADS = st.sampled_from(
    [
        "show ",
        "A=1 show ",
        "A=1 B='x y' show ",
        "A=$B show ",
        "exec show ",
        "env A=5 show ",
        "cd . && show ",
    ]
)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the program `show`, which prints what it was given."""
    folder = tmp_path_factory.mktemp("shelf")
    place = folder / "show"
    place.write_text(SHOW)
    place.chmod(0o755)
    return folder


def run(argv: list[str], shelf: Path, extra: dict[str, str]) -> tuple[str, int]:
    env = {"PATH": f"{shelf}:{os.environ['PATH']}", "B": "bee", **extra}
    done = subprocess.run(
        argv, cwd=shelf, env=env, capture_output=True, text=True, timeout=20, check=False
    )
    return done.stdout, done.returncode


def as_compose_reads(word: str) -> str:
    """Compose's interpolation of a text in which every dollar is doubled."""
    assert not re.search(r"(?<!\$)(?:\$\$)*\$(?!\$)", word)
    return word.replace("$$", "$")


@settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(LEADS, st.lists(PIECES, max_size=5), JOINS, st.lists(PIECES, max_size=2))
@example("show ", ['"double $HOMELESS"', "~+"], " ", ['"double $HOMELESS"'])
@example("show ", ['"double $HOMELESS"', "{a,b}"], " ", ['"double $HOMELESS"'])
@example(
    "show ", ["'it'\\''s'", "~+", '"q\\"q"', "{a,b}"], " && show ", ["'single $A'", "~+"]
)
@example("show ", ["a\\ b", '"q\\"q"', "{a,b}", '"q\\"q"'], " ", [])
def test_a_command_runs_as_bash_runs_it(
    shelf: Path, lead: str, first: list[str], join: str, rest: list[str]
) -> None:
    text = lead + " ".join(first) + (join + " ".join(rest) if rest else "")
    translated = convert_command(text)
    ours = run(
        [as_compose_reads(word) for word in translated.argv],
        shelf,
        dict(translated.environment),
    )
    assert ours == run(["bash", "-c", text], shelf, {})


@pytest.mark.parametrize(
    ("text", "argv"),
    [
        (
            "bundle exec puma -C config/puma.rb",
            ("bundle", "exec", "puma", "-C", "config/puma.rb"),
        ),
        ("QUEUE=1 rake a && b $HOME", ("sh", "-c", "QUEUE=1 rake a && exec b $$HOME")),
        ("exec node x", ("node", "x")),
        ("node x # why", ("node", "x")),
        ("yes | python x", ("sh", "-c", "yes | python x")),
        ("cat {a,b}", ("bash", "-c", "exec cat {a,b}")),
        ("cd app; ./run", ("sh", "-c", "cd app; exec ./run")),
        ("a -p ${PORT:-3000}", ("sh", "-c", "exec a -p $${PORT:-3000}")),
        ("a ${NAME:1:2}", ("bash", "-c", "exec a $${NAME:1:2}")),
        ("a ${NAME: -3}", ("bash", "-c", "exec a $${NAME: -3}")),
        ("if a; then b; fi", ("sh", "-c", "if a; then b; fi")),
        ("it's", ("sh", "-c", "it's")),
    ],
)
def test_the_form_of_a_command(text: str, argv: tuple[str, ...]) -> None:
    assert convert_command(text).argv == argv


def test_assignments_in_front_become_variables() -> None:
    found = convert_command("PORT=3000 NAME='a b' node x")
    assert found.environment == (("PORT", "3000"), ("NAME", "a b"))
    assert found.argv == ("node", "x")
    assert convert_command("A=1 echo $A").environment == ()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("bundle exec puma", "puma"),
        ("env RUBY=1 bin/rails server", "rails"),
        ("python -m gunicorn app", "gunicorn"),
        ("cd app && poetry run uvicorn x", "uvicorn"),
        ("sh -c 'rm -f x; node y'", "node"),
    ],
)
def test_the_program_behind_a_command(text: str, name: str) -> None:
    assert find_program(text).name == name


@pytest.mark.parametrize(
    ("text", "port"),
    [
        ("rails server -p 3000", "3000"),
        ("gunicorn --bind 0.0.0.0:8000 app", "8000"),
        ("PORT=3000 puma", "3000"),
        ("manage.py runserver 0.0.0.0:8001", "8001"),
        ("puma -p $PORT -t 5:5", ""),
        ("node server.js --port=4000", "4000"),
        ("dotnet run --urls http://*:5000", "5000"),
        ("sidekiq -c 25", ""),
    ],
)
def test_the_port_that_a_command_states(text: str, port: str) -> None:
    assert stated_port(text) == port
