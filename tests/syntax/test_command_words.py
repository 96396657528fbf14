"""The words of a command that stands as one text, held against the real docker compose."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from oracles import binary, unless_oracles
from tocompose.syntax.command_words import command_words

TEXTS = {
    "plain": "a b  c\td",
    "quotes": "a 'b c' \"d e\" f'g'h",
    "empty words": "--save '' --x \"\"",
    "and": "kong up && kong down",
    "pipe": "a | b",
    "pipe in quotes": "sh -c 'a | b; c > d'",
    "redirection": "a > b",
    "descriptor": "a 2> b",
    "no comment": "a # b",
    "escapes": r"a\ b \"c 'd\e'",
    "backquotes": "a `b c` d",
    "semicolon at the end": "a; b",
    "lines": "a\n  b\n",
}


@pytest.mark.oracle
@unless_oracles
def test_the_words_are_those_of_docker_compose(tmp_path: Path) -> None:
    services = {
        name.replace(" ", "-"): {"image": "a", "command": text}
        for name, text in TEXTS.items()
    }
    file = tmp_path / "compose.yaml"
    file.write_text(json.dumps({"services": services}))
    command = [binary("docker-compose"), "-f", str(file), "config", "--format", "json"]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    judged = json.loads(ran.stdout)["services"]
    for name, text in TEXTS.items():
        words = judged[name.replace(" ", "-")]["command"]
        expected = [word.replace("$$", "$") for word in words]
        assert list(command_words(text)) == expected, name


def test_a_variable_stands_whole() -> None:
    assert command_words("a ${B:-c 'd e'} f") == ("a", "${B:-c 'd e'}", "f")


def test_what_compose_refuses_is_split_as_a_shell_does() -> None:
    assert command_words("a 'b") == ("a 'b",)
