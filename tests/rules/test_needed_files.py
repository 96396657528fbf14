"""A file of variables that docker compose would not find is told of, wherever it lies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tocompose.notes import Note
from tocompose.pipeline import Options, convert
from tocompose.project import Folder, Memory
from tocompose.reports.repeated_notes import spoken_for_by_name


@pytest.mark.parametrize("path", ["/etc/app.env", "../app.env", "app.env", "~/app.env"])
@pytest.mark.parametrize("is_required", [True, False])
def test_a_file_that_is_not_in_the_source_is_told_of(path: str, is_required: bool) -> None:
    env_file = f"[{{path: {path}, required: {str(is_required).lower()}}}]"
    text = f"services:\n  web: {{image: shop/web:1, env_file: {env_file}}}\n"
    project = Memory({"docker-compose.yml": text.encode()}, "shop")
    notes = convert(project, Options(source="compose")).notes
    assert any(note.code == "TC609" for note in notes) == is_required


TWO_FILES = """\
services:
  web:
    image: shop/web:1
    env_file:
      - ../db.env
      - ../mail.env
  job:
    image: shop/job:1
    env_file: [../db.env, ../mail.env]
"""


def told_of(text: str, **options: Any) -> list[Note]:
    project = Memory({"docker-compose.yml": text.encode()}, "shop")
    notes = convert(project, Options(source="compose", **options)).notes
    return [note for note in notes if note.code == "TC609"]


def test_a_note_on_a_file_stands_where_the_source_names_it() -> None:
    assert [note.span and note.span.line for note in told_of(TWO_FILES)] == [5, 6, 9, 9]


def test_files_and_services_do_not_stand_in_one_list() -> None:
    speaks_for = spoken_for_by_name(told_of(TWO_FILES))
    said = [[subject.name for subject in subjects] for subjects in speaks_for.values()]
    assert [names for names in said if names] == [["job"], ["job"]]


def test_a_file_outside_that_may_be_read_is_not_missing(tmp_path: Path) -> None:
    source = tmp_path / "shop"
    source.mkdir()
    (source / "docker-compose.yml").write_text(TWO_FILES)
    (tmp_path / "db.env").write_text("A=b\n")
    project = Folder(source, allowed=(tmp_path / "db.env",))
    notes = convert(project, Options(source="compose")).notes
    missing = [note.message for note in notes if note.code == "TC609"]
    assert len(missing) == 2 and all("mail.env" in message for message in missing)
