"""A number in quotes: docker compose refuses some of them, and takes what is written of each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from judges import needs_compose, run_config
from tocompose.compose.keys import Form, section_keys
from tocompose.pipeline import Options, convert
from tocompose.project import Memory

NUMBERS = (Form.COUNT, Form.DECIMAL, Form.INTEGER, Form.NUMBER)


def number_keys(section: str, visited: tuple[str, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of all keys below a section that hold a number, each key with its form."""
    paths: list[tuple[Any, ...]] = []
    for key in section_keys(section).values():
        if key.form in NUMBERS:
            paths.append((key,))
        elif key.section and key.section not in (*visited, section):
            below = number_keys(key.section, (*visited, section))
            paths += [(key, *path) for path in below]
    return paths


# What an entry needs beside its number, and values that are no plain 3.
BESIDE = {
    "volumes": {"type": "tmpfs", "target": "/t"},
    "ports": {"target": 80},
    "device": {"path": "/dev/sda"},
}
PATHS = [
    path for path in number_keys("service") if path[0].name not in ("build", "develop")
]


def body_of(path: tuple[Any, ...], value: Any) -> Any:
    """The service's settings in which the value stands at the path."""
    for key in reversed(path):
        name = key.name
        if key.form is Form.ENTRIES or name in ("volumes", "ports"):
            beside = BESIDE.get(name, BESIDE["device"] if "device" in name else {})
            value = [{**beside, **value}]
        elif key.form in (Form.NAMED, Form.NAMES):
            value = {"default": value}
        value = {name: value}
    return value


@needs_compose[0]
@needs_compose[1]
@pytest.mark.parametrize("number", ["10", "08", "010"])
@pytest.mark.parametrize("path", PATHS, ids=lambda path: ".".join(key.name for key in path))
def test_docker_compose_takes_the_file_with_a_number_in_quotes(
    path: tuple[Any, ...], number: str, tmp_path: Path
) -> None:
    services = {"web": {"image": "shop/web:1", **body_of(path, number)}}
    document = {"services": services, "networks": {"default": {}}}
    text = yaml.safe_dump(document).encode()
    result = convert(Memory({"compose.yaml": text}, "shop"), Options(practices="none"))
    (tmp_path / "compose.yaml").write_bytes(result.files[0].content)
    ran = run_config(tmp_path, ["compose.yaml"])
    assert ran.returncode == 0, ran.stderr
