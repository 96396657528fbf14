"""What something else has to make before the first start is told with the command that makes it, from every source."""

from __future__ import annotations

import json

import pytest

from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory
from tocompose.reports.duties import start_duties
from tocompose.reports.report import report

COMPOSE = """\
services:
  web: {image: "shop/web:1", networks: [front], volumes: ["data:/d"]}
  worker: {image: "shop/worker:1"}
networks:
  front: {external: true, name: edge net}
  default: {external: true}
  unused: {external: true}
volumes:
  data: {external: true}
  spare: {external: true}
"""


def converted(source: str, files: dict[str, str]) -> Result:
    project = Memory({path: text.encode() for path, text in files.items()}, "shop")
    return convert(project, Options(source=source, practices="none"))


def told(result: Result) -> dict[str, str]:
    """The advice on each thing from outside, by its path."""
    codes = ("TC141", "TC057", "TC478", "TC483")
    notes = (note for note in result.notes if note.code in codes)
    return {str(note.subject): note.advice for note in notes}


def test_what_compose_files_declare_as_external_is_told_with_its_command() -> None:
    result = converted("compose", {"docker-compose.yml": COMPOSE})
    advices = told(result)
    assert advices.keys() == {"networks.front", "networks.default", "volumes.data"}
    assert "`docker network create 'edge net'`" in advices["networks.front"]
    assert "`docker volume create data`" in advices["volumes.data"]
    [duty] = start_duties(report(result, Memory({}, "shop"))).named
    assert duty.text.startswith("Create networks ") and len(duty.details) == 3


def test_files_beside_the_base_count_too() -> None:
    beside = "services: {web: {networks: [front]}}\nnetworks: {front: {external: true}}\n"
    files = {
        "docker-compose.yml": "services: {web: {image: 'shop/web:1'}}\n",
        "docker-compose.prod.yml": beside,
    }
    project = Memory({path: text.encode() for path, text in files.items()}, "shop")
    project.named = ()
    assert told(convert(project, Options(source="compose"))).keys() == {"networks.front"}


@pytest.mark.parametrize(
    ("source", "path", "text"),
    [
        ("docker_run", "run.sh", "docker run -d --network edge --name web a:1\n"),
        ("quadlet", "web.container", "[Container]\nImage=a:1\nNetwork=edge\n"),
        (
            "engine",
            "web.json",
            json.dumps(
                [
                    {
                        "Id": "a" * 64,
                        "Name": "/web",
                        "Image": "sha256:1",
                        "Config": {"Image": "a:1"},
                        "HostConfig": {"NetworkMode": "edge"},
                        "NetworkSettings": {"Networks": {"edge": {}}},
                        "State": {"Status": "running"},
                    }
                ]
            ),
        ),
    ],
)
def test_other_sources_tell_it_once(source: str, path: str, text: str) -> None:
    result = converted(source, {path: text})
    assert "docker network create edge" in told(result)["networks.edge"]
    told_of = [note for note in result.notes if str(note.subject) == "networks.edge"]
    assert len(told_of) == 1


SWARM = """\
version: "3.8"
services:
  web: {image: "shop/web:1", networks: [edge], deploy: {replicas: 2, placement: {constraints: [node.role == worker]}}}
networks:
  edge: {external: true}
"""


def test_a_network_of_a_swarm_is_told_as_one() -> None:
    result = converted("compose", {"docker-stack.yml": SWARM})
    (said,) = [note for note in result.notes if note.code == "TC040"]
    assert "`docker network create --driver overlay --attachable edge`" in said.advice
    assert "TC141" not in {note.code for note in result.notes}


LINK = "docker run -d --name web {network}--link old:db shop/web:1\n"


@pytest.mark.parametrize(
    ("network", "command"),
    [
        (
            "",
            "`docker compose up --no-start` and `docker network connect shop_default old`",
        ),
        ("--network back ", "run `docker network connect back old`"),
    ],
)
def test_a_link_to_a_container_of_others_is_told_with_its_command(
    network: str, command: str
) -> None:
    files = {"run.sh": f"{LINK.format(network=network)}docker run -d --name x shop/x:1\n"}
    (said,) = [
        note for note in converted("docker_run", files).notes if note.code == "TC137"
    ]
    assert command in said.advice
    result = converted("docker_run", files)
    to_do = start_duties(report(result, Memory({}, "shop")))
    tasks = [duty.task for duty in to_do.named]
    assert "connect the linked container of" in tasks
