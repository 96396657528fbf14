"""A file of variables that docker compose would not find is told of, wherever it lies."""

from __future__ import annotations

import pytest

from tocompose.pipeline import Options, convert
from tocompose.project import Memory


@pytest.mark.parametrize("path", ["/etc/app.env", "../app.env", "app.env", "~/app.env"])
@pytest.mark.parametrize("is_required", [True, False])
def test_a_file_that_is_not_in_the_source_is_told_of(path: str, is_required: bool) -> None:
    env_file = f"[{{path: {path}, required: {str(is_required).lower()}}}]"
    text = f"services:\n  web: {{image: shop/web:1, env_file: {env_file}}}\n"
    project = Memory({"docker-compose.yml": text.encode()}, "shop")
    notes = convert(project, Options(source="compose")).notes
    assert any(note.code == "TC609" for note in notes) == is_required
