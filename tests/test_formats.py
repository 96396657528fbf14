"""Of several formats one is converted, and what was left aside is told: also where the files were named one by one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tocompose.notes import Kind
from tocompose.pipeline import Options, convert
from tocompose.project import Folder

FILES = {
    "Procfile": "web: ./web\n",
    "run.sh": "docker run -d --name web nginx:1.27\n",
    "more.sh": "docker run -d --name db postgres:16\n",
    "README.md": "```sh\ndocker run -d nginx\n```\n",
    "notes.txt": "nothing\n",
    "compose.yaml": "services: {web: {image: 'nginx:1.27'}}\n",
}


def told(
    folder: Path, *names: str, named: bool = False, source: str | None = None
) -> list[tuple[str, str]]:
    """What is said of other formats, with its code."""
    for name in names:
        (folder / name).write_text(FILES[name])
    result = convert(Folder(folder, names if named else ()), Options(source=source))
    assert [
        item
        for item in result.notes
        if item.code == "TC012" and item.kind is not Kind.ASSUMED
    ] == []
    return [
        (item.code, item.message.partition(", because")[0])
        for item in result.notes
        if item.code in ("TC012", "TC014")
    ]


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("Procfile", "run.sh"), [("TC012", "run.sh was not read")]),
        (
            ("Procfile", "more.sh", "run.sh"),
            [("TC012", "more.sh (and 1 more) was not read")],
        ),
        (("Procfile", "README.md"), [("TC014", "README.md was not read")]),
        (("Procfile", "compose.yaml"), [("TC012", "compose.yaml was not read")]),
        (("more.sh", "run.sh"), []),
        (("Procfile", "notes.txt"), []),
    ],
)
def test_what_was_left_aside_is_told(
    names: tuple[str, ...], said: list[tuple[str, str]], named: bool, tmp_path: Path
) -> None:
    assert told(tmp_path, *names, named=named) == said


def test_nothing_is_told_of_what_was_chosen(tmp_path: Path) -> None:
    assert told(tmp_path, "Procfile", "run.sh", source="docker_run") == []
