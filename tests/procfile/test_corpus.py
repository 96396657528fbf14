"""Real repositories: each converts, is accounted for, gives the same bytes again, and docker compose accepts it."""

from __future__ import annotations

from pathlib import Path

import pytest

from judges import needs_compose, run_config, schema_errors, write
from oracles import NO_COMPOSE, NO_CORPUS, corpus
from tocompose.exporters.bundle import Layout
from tocompose.importers.procfile import IMPORTER
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Folder

FOLDER = corpus("procfile")
REPOSITORIES = sorted(FOLDER.iterdir()) if FOLDER else []
pytestmark = pytest.mark.skipif(not FOLDER, reason=NO_CORPUS)


def converted(repository: Path, practices: str = "all") -> Result:
    return convert(
        Folder(repository),
        Options(source="procfile", practices=practices, layout=Layout(split=True)),
    )


def filled_in(result: Result) -> dict[str, str]:
    """What a user fills in: a value for each variable that must have one."""
    return {
        item.name: "filled"
        for item in result.stack.settings
        if item.required and not item.value
    }


@pytest.mark.parametrize("repository", REPOSITORIES, ids=lambda path: path.name)
def test_the_repository_is_found_and_accounted_for(repository: Path) -> None:
    assert IMPORTER.sniff(Folder(repository))
    result = converted(repository)
    assert [str(item) for item in result.notes if item.code in ("TC001", "TC901")] == []
    assert [item.content for item in result.files] == [
        item.content for item in converted(repository).files
    ]


@pytest.mark.oracle
@pytest.mark.skipif(needs_compose[1].args[0], reason=NO_COMPOSE)
@pytest.mark.parametrize("practices", ["all", "none"])
@pytest.mark.parametrize("repository", REPOSITORIES, ids=lambda path: path.name)
def test_docker_compose_accepts_it(
    repository: Path, practices: str, tmp_path: Path
) -> None:
    result = converted(repository, practices)
    write(tmp_path, result.files)
    names = [item.path for item in result.files if item.path.startswith("docker-compose")]
    for name in names:
        assert schema_errors((tmp_path / name).read_text(encoding="utf-8")) == [], name
    for chosen in (
        names[:1],
        [name for name in names if "prod" not in name],
        [n for n in names if "override" not in n],
    ):
        done = run_config(tmp_path, chosen, env=filled_in(result))
        assert done.returncode == 0, done.stderr
