"""Commands as people paste them."""

from __future__ import annotations

import pytest

from docker_run.cases import converted, text
from tocompose.importers import SourceError


@pytest.mark.parametrize(
    "argv",
    [
        ("docker", "run", "nginx:1.27"),
        ("docker", "container", "run", "nginx:1.27"),
        ("docker", "create", "nginx:1.27"),
        ("docker", "container", "create", "nginx:1.27"),
        ("podman", "run", "nginx:1.27"),
        ("podman", "create", "nginx:1.27"),
        ("sudo", "docker", "run", "nginx:1.27"),
        ("sudo", "-E", "docker", "run", "nginx:1.27"),
        ("$", "docker", "run", "nginx:1.27"),
        ("/usr/bin/docker", "run", "nginx:1.27"),
        ("docker", "run", "nginx:1.27\r"),
        ("docker", "run", "nginx:1.27", "\r"),
        ("docker", "--context", "prod", "run", "nginx:1.27"),
    ],
)
def test_every_way_to_write_the_command_gives_one_service(argv: tuple[str, ...]) -> None:
    body = "\n".join(
        line
        for line in text(converted(argv)).splitlines()
        if not line.strip().startswith("#")
    )
    assert body == "name: nginx\n\nservices:\n  nginx:\n    image: nginx:1.27"


def test_another_engine_is_told() -> None:
    result = converted(("docker", "--context", "prod", "run", "nginx:1.27"))
    assert [note.code for note in result.notes] == ["TC147"]


def test_positions_are_columns_of_the_command() -> None:
    [found] = converted(("docker", "run", "-e", "A=b c", "--made-up", "nginx:1.27")).notes
    assert (found.code, str(found.span)) == ("TC101", "<command>:1:23")


@pytest.mark.parametrize(
    "argv", [("docker",), ("docker", "run"), ("docker", "run", "-p"), ("docker", "ps")]
)
def test_a_command_without_an_image_is_one_message(argv: tuple[str, ...]) -> None:
    with pytest.raises(SourceError, match=r"names (?:no|an) image"):
        converted(argv)
