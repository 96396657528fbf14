"""Documented commands whose values lack their quotes: read as they are meant, and said so."""

from __future__ import annotations

from typing import Any

import pytest

from docker_run.cases import converted as pasted
from docker_run.test_constructs import codes, services

BEHIND = "  --restart always \\\n  acme/app:1"


def service(*lines: str) -> Any:
    [found] = services(script(*lines)).values()
    return found


def script(*lines: str) -> dict[str, str]:
    return {
        "run.sh": "docker run -d \\\n"
        + "".join(f"  {line} \\\n" for line in lines)
        + BEHIND
    }


@pytest.mark.parametrize(
    ("line", "key", "wanted"),
    [
        ("-e OPTIONS=--config a=b", "environment", {"OPTIONS": "--config a=b"}),
        (
            "-e OPTIONS=-Xms1g -XX:+UseG1GC",
            "environment",
            {"OPTIONS": "-Xms1g -XX:+UseG1GC"},
        ),
        ("-v /path/to/other media:/media", "volumes", ["/path/to/other media:/media"]),
        (
            "-v /path/to/other media:/media `#optional`",
            "volumes",
            ["/path/to/other media:/media"],
        ),
        (
            "--device /dev/a card:/dev/a card",
            "devices",
            ["/dev/a card:/dev/a card"],
        ),
        ("--label title=a name of words", "labels", {"title": "a name of words"}),
    ],
)
def test_a_value_with_blanks_is_joined_and_said(line: str, key: str, wanted: Any) -> None:
    found = service(line)
    assert (found["image"], found["restart"], found[key]) == (
        "acme/app:1",
        "always",
        wanted,
    )
    assert "command" not in found
    assert "TC182" in codes(script(line))


def test_an_option_behind_such_a_value_in_its_line_counts() -> None:
    found = service("-e A=b c -e D=e")
    assert found["environment"] == {"A": "b c", "D": "e"}


def test_several_such_values_are_joined() -> None:
    found = service("-e A=b c", "-e D=e f g")
    assert found["environment"] == {"A": "b c", "D": "e f g"}


@pytest.mark.parametrize(
    "text",
    [
        "docker run -d \\\n  -p 80:80 prom/prometheus \\\n  --name x \\\n  acme/app:1",
        "docker run --rm nmap -p 80 -v scanme.example/app",
        "docker run -d \\\n  -p 80:80 nginx \\\n  -g 'daemon off;'",
        "docker run --rm -v /a:/b tool \\\n  -v /c \\\n  -p 1",
    ],
)
def test_arguments_of_a_container_stay_its_arguments(text: str) -> None:
    [found] = services({"run.sh": text}).values()
    assert (
        found["image"] in ("prom/prometheus", "nmap", "nginx", "tool") and found["command"]
    )
    assert not {"TC182", "TC183"} & set(codes({"run.sh": text}))


def test_a_pasted_command_is_joined_where_the_image_cannot_be_one() -> None:
    argv = (
        "docker",
        "run",
        "-v",
        "/other",
        "media:/media",
        "--restart",
        "always",
        "acme/app:1",
    )
    result = pasted(argv)
    assert "TC182" in {note.code for note in result.notes}
    assert b"/other media:/media" in result.files[0].content


def test_what_cannot_be_an_image_is_said() -> None:
    files = {"run.sh": "docker run -d Acme/App:1\ndocker run -d --name web acme/app:1"}
    assert "TC183" in codes(files)
    assert list(services(files)) == ["web"]


@pytest.mark.parametrize(
    ("given", "wanted"),
    [("a|b", "a|b"), ("http://h/?a=b&c=d", "http://h/?a=b&c=d"), ("a;b", "a;b")],
)
def test_an_operator_in_a_value_is_part_of_it(given: str, wanted: str) -> None:
    assert service(f"-e MODS={given} `#optional`")["environment"] == {"MODS": wanted}
    assert "TC173" in codes(script(f"-e MODS={given}"))


def test_a_pipe_behind_a_command_is_a_pipe() -> None:
    files = {"run.sh": "docker run --rm \\\n  -e A=b acme/app:1|tee x"}
    assert services(files)["app"]["environment"] == {"A": "b"}
    assert "TC173" not in codes(files)


@pytest.mark.parametrize("given", ["90s", "1m30s", '"90s"'])
def test_a_stop_timeout_with_a_unit_is_the_duration_it_means(given: str) -> None:
    wanted = given.strip('"')
    assert service(f"--stop-timeout={given}")["stop_grace_period"] == wanted
    assert "TC184" in codes(script(f"--stop-timeout={given}"))
