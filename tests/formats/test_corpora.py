"""Real sources of each format: told by what they are, read without a loss, accepted by docker compose."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

import oracles
from ablation import losses
from corpora import files_of
from tocompose.exporters.bundle import Layout
from tocompose.importers.preference import claims
from tocompose.pipeline import Options, convert
from tocompose.project import Memory

# The folders of the corpus, with the importer of each.
_FOLDERS = {"quadlet": "quadlet", "ecs": "aws", "unraid": "unraid", "render": "render"}
_NEW = frozenset(_FOLDERS.values())
# A field that its author commented out by its name.
_STRAY = "_uncomment_"


def _sources() -> list[tuple[str, Path]]:
    return [
        (_FOLDERS[name], place)
        for name in _FOLDERS
        if (folder := oracles.corpus(name))
        for place in sorted(folder.iterdir())
    ]


SOURCES = _sources()


def project_of(place: Path) -> Memory:
    files = {path: text for path, text in files_of(place).items() if "human-" not in path}
    project = Memory(files, place.name)
    project.named = ()
    return project


@pytest.mark.slow
@pytest.mark.skipif(not SOURCES, reason=oracles.NO_CORPUS)
def test_each_source_is_told_by_what_it_is() -> None:
    wrong = {
        place.name: told
        for importer, place in SOURCES
        if (told := claims(project_of(place))[0].importer.name) != importer
    }
    assert wrong == {}


@pytest.mark.slow
@pytest.mark.skipif(not SOURCES, reason=oracles.NO_CORPUS)
@pytest.mark.parametrize("folder", ["docker-run", "k8s/apps", "procfile"])
def test_sources_of_other_formats_are_left_alone(folder: str) -> None:
    root = oracles.corpus(folder)
    assert root is not None
    claimed = {
        place.name: sorted(names & _NEW)
        for place in sorted(root.iterdir())[::5]
        if (names := {claim.importer.name for claim in claims(project_of(place))}) & _NEW
    }
    assert claimed == {}


@pytest.mark.oracle
@oracles.unless_oracles
@pytest.mark.slow
@pytest.mark.skipif(not SOURCES, reason=oracles.NO_CORPUS)
@pytest.mark.parametrize(
    ("importer", "place"), SOURCES[::4], ids=lambda value: getattr(value, "name", value)
)
def test_docker_compose_accepts_what_is_written(
    importer: str, place: Path, tmp_path: Path
) -> None:
    options = Options(source=importer, layout=Layout(split=True))
    result = convert(project_of(place), options)
    assert [loss for loss in losses(result) if _STRAY not in loss] == []
    for file in result.files:
        path = tmp_path / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)
    settings = tmp_path / ".env"
    if settings.exists():
        # What the user has to fill in; paths are the values that fit everywhere.
        filled = re.sub(r'(?m)=(?:"")?$', "=/x1", settings.read_text(encoding="utf-8"))
        settings.write_text(filled, encoding="utf-8")
    command = [oracles.binary("docker-compose"), "config", "--quiet"]
    check = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert check.returncode == 0, check.stderr
