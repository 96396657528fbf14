"""A second conversion in the folder of the first one changes no file, however the source is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from judges import compose_config, needs_compose
from tocompose.exporters.bundle import Layout
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Folder
from tocompose.reports import with_reports
from tocompose.writing import plan, write

BASE, DEV, PROD = (f"docker-compose{part}.yml" for part in ("", ".override", ".prod"))
VARIABLES = "{POSTGRES_PASSWORD: quietharbor, POSTGRES_USER: shop}"
STACK = f"""\
services:
  web:
    image: acme/web:1
    ports: ["8080:80"]
    depends_on: [db]
    configs: [used]
  db:
    image: postgres:16
    ports: ["5432:5432"]
    environment: {VARIABLES}
    volumes: ["data:/var/lib/postgresql/data"]
volumes: {{data: {{}}, spare: {{}}}}
configs:
  used: {{content: "a=b"}}
  spare: {{content: "password=lanternfold"}}
secrets:
  spare: {{file: ./spare.txt}}
"""
OVERRIDE = "services: {web: {environment: {DEBUG: '1'}}, db: {ports: ['5433:5432']}}\n"
PRODUCTION = """\
services:
  db:
    environment: {PGDATA: /var/lib/postgresql/data, POSTGRES_USER: !reset null, TZ: UTC}
"""
BESIDE = {
    "alone": {},
    "with development": {DEV: OVERRIDE},
    "with production": {PROD: PRODUCTION},
    "with both": {DEV: OVERRIDE, PROD: PRODUCTION},
    "in lists": {BASE: STACK.replace(VARIABLES, "['POSTGRES_PASSWORD=${PW}', TZ=UTC]"), ".env": "PW=quietharbor\n"},
}  # fmt: skip


def _convert(folder: Path, named: tuple[str, ...]) -> tuple[Folder, Result]:
    project = Folder(folder, named, "shop")
    return project, convert(project, Options(source="compose", layout=Layout(split=True)))


@pytest.mark.parametrize("named", [(), (BASE,)], ids=["folder", "base"])
@pytest.mark.parametrize("beside", BESIDE)
def test_a_second_run_changes_nothing(
    beside: str, named: tuple[str, ...], tmp_path: Path
) -> None:
    for path, text in {BASE: STACK, "spare.txt": "x", **BESIDE[beside]}.items():
        (tmp_path / path).write_text(text)
    project, first = _convert(tmp_path, named)
    write(with_reports(first, project)[0], tmp_path, force=True, lasting=False)
    _, second = _convert(tmp_path, named)
    changes, _ = plan(second.files, tmp_path, force=True)
    assert not [change.path for change in changes if change.is_needed]
    assert not [note for note in second.notes if note.kind.value in ("lost", "changed")]


@needs_compose[0]
@needs_compose[1]
def test_what_production_takes_away_is_taken_away_still(tmp_path: Path) -> None:
    for path, text in {BASE: STACK, PROD: PRODUCTION}.items():
        (tmp_path / path).write_text(text)
    _, result = _convert(tmp_path, ())
    write(result.files, tmp_path, force=True, lasting=False)
    config = compose_config(tmp_path, BASE, PROD)
    environment = config["services"]["db"]["environment"]
    assert environment.keys() == {"PGDATA", "TZ", "POSTGRES_PASSWORD_FILE"}
    assert not [note for note in result.notes if note.code == "TC071"]


def test_what_the_base_has_and_nothing_uses_stays() -> None:
    from tocompose.project import Memory

    for text in (STACK, STACK.replace("services:\n", "services: \n", 1) + "---\n{}\n"):
        (base, *_) = convert(Memory({BASE: text.encode()}, "shop")).files
        assert b"spare.txt" in base.content and b"lanternfold" not in base.content
