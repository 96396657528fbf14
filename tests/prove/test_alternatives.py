"""Sources that start a container of one name twice, and names that begin as the project's do."""

from __future__ import annotations

import pytest

from oracles import needs_oracles, oracles
from tocompose.pipeline import Options
from tocompose.project import Memory
from tocompose.prove.conversion import prove_conversion

SOURCES = {
    "a container of one name again": "docker run -d --name web a:1\ndocker run -d --name web -p 80:80 a:2\n",
    "a volume named as the stack and more": "docker run -d --name app -v app_data:/data a:1\n",
    "a path with a slash at its end": "docker run -d --name app -v /srv/data/:/data/ a:1\n",
    "a home folder": "docker run -d --name app -v ~/data:/data a:1\n",
    "the folder itself": 'docker run --rm -w "$PWD" -v "$PWD:$PWD" a:1\n',
    "a folder by default": 'BASE=${BASE:-$(pwd)}\ndocker run -d --name app -v "$BASE/x:/x" a:1\n',
    "a variable with the clients' prefix": "docker run -d --name app -e DOCKER_APP_PASSWORD=hunter2hunter2 a:1\n",
    "a loop that waits": "docker run -d --name db --net x postgres:16\n"
    "until docker exec db pg_isready; do sleep 1; done\ndocker run -d --name app --net x a:1\n",
    "a mention without an image": "docker run\ndocker run -d --name app a:1\n",
}


pytestmark = needs_oracles


@pytest.mark.parametrize("source", list(SOURCES.values()), ids=list(SOURCES))
@pytest.mark.parametrize("practices", ["none", "all"])
def test_nothing_differs_that_no_note_tells(source: str, practices: str) -> None:
    project = Memory({"run.sh": source.encode()}, "app")
    proof = prove_conversion(
        project, Options(practices=practices), oracles().docker, oracles().compose
    )
    assert not proof.refusals
    assert [one.field for one in proof.differences if not one.is_accounted] == []
