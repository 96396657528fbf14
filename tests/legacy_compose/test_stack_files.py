"""Files for a swarm on one machine, and the scripts that deploy them."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tocompose.model import Runtime
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory
from tocompose.reports.report import report

STACK = """\
version: "3.8"
services:
  web:
    image: shop/web:1
    hostname: "{{.Node.Hostname}}"
    ports: ["80:80"]
    networks: [front]
    secrets: [tls]
    configs: [site]
    deploy:
      replicas: 3
      labels: [traefik.enable=true, other=1]
      placement: {constraints: [node.role==worker]}
networks:
  front: {driver: overlay, attachable: true, driver_opts: {encrypted: ""}}
  out: {external: {name: public}}
secrets:
  tls: {external: true}
configs:
  site: {external: true}
"""


def read(files: dict[str, str], source: str = "compose", **options: Any) -> Result:
    content = {path: text.encode() for path, text in files.items()}
    project = Memory(content, "shop")
    project.named = tuple(path for path in files if path.endswith(".sh"))
    return convert(project, Options(source=source, practices="none", **options))


def test_what_a_swarm_does_becomes_what_one_machine_can_do() -> None:
    result = read({"docker-stack.yml": STACK})
    written = yaml.safe_load(result.files[0].content)
    web = written["services"]["web"]
    assert web["deploy"]["replicas"] == 1 and web["labels"] == {"traefik.enable": "true"}
    assert web["deploy"]["labels"] == ["traefik.enable=true", "other=1"]
    assert written["networks"] == {
        "front": None,
        "out": {"external": True, "name": "public"},
    }
    assert written["secrets"] == {"tls": {"environment": "TLS"}}
    assert written["configs"] == {"site": {"file": "./configs/site"}}
    codes = {told.code for told in result.notes}
    expected = {"TC061", "TC062", "TC076", "TC077", "TC078", "TC079", "TC488"}
    assert expected <= codes


def test_converting_it_again_changes_nothing() -> None:
    first = read({"docker-stack.yml": STACK}).files[0].content.decode()
    assert read({"docker-stack.yml": first}).files[0].content.decode() == first


def test_a_script_that_deploys_a_stack_has_its_services() -> None:
    script = (
        "docker run -d --name cache redis:7\ndocker stack deploy -c docker-stack.yml shop\n"
    )
    result = read({"docker-stack.yml": STACK, "up.sh": script}, "docker_run")
    assert {service.name for service in result.stack.services} == {"cache", "web"}
    assert result.stack.runs_in is Runtime.DOCKER
    assert "TC075" in {told.code for told in result.notes}
    script = "docker stack deploy -c docker-stack.yml front\n"
    result = read({"docker-stack.yml": STACK, "up.sh": script}, "docker_run")
    assert result.stack.name == "front"
    # Nothing but the stack runs: a container of it that is stopped would come back.
    assert result.stack.runs_in is Runtime.SWARM


def test_a_stack_file_that_is_not_there_is_told() -> None:
    script = "docker run -d redis:7\ndocker stack deploy -c nosuch.yml shop\n"
    result = read({"up.sh": script}, "docker_run")
    assert [service.name for service in result.stack.services] == ["redis"]
    assert "TC036" in {told.code for told in result.notes}


def test_of_many_labels_the_note_names_the_first_and_the_file_holds_all() -> None:
    labels = [f"traefik.http.routers.r{number}.rule=Host(`a`)" for number in range(5)]
    lines = "".join(f"        - {label}\n" for label in labels)
    stack = "version: '3.8'\nservices:\n  web:\n    image: nginx:1.27\n    deploy:\n      labels:\n"
    result = read({"docker-stack.yml": stack + lines})
    (told,) = [told for told in result.notes if told.code == "TC078"]
    assert "r0.rule" in told.message and "and 2 more" in told.message
    text = result.files[0].content.decode()
    assert all(f"traefik.http.routers.r{number}.rule" in text for number in range(5))


@pytest.mark.parametrize(
    ("file", "lines", "label"),
    [
        ("docker-stack.yml", "", "com.docker.swarm.service.name=shop_db"),
        (
            "docker-compose.yml",
            "networks: {default: {driver: overlay}}\n",
            "com.docker.swarm.service.name=shop_db",
        ),
        (
            "docker-compose.yml",
            "networks: {default: {}}\n",
            "com.docker.compose.project=shop -f label=com.docker.compose.service=db",
        ),
    ],
)
def test_old_data_are_looked_for_where_the_service_ran(
    file: str, lines: str, label: str
) -> None:
    text = f"version: '3.7'\nservices:\n  db: {{image: 'postgres:16'}}\n{lines}"
    result = convert(Memory({file: text.encode()}, "shop"), Options(source="compose"))
    (copied,) = (note for note in result.notes if note.code == "TC432")
    # A swarm replaces what stops: only what runs has the data, and is copied while it is paused.
    in_swarm = "OLD=$(docker ps -q -f label={label} | head -n 1); docker pause $OLD && "
    stopped = "docker cp $(docker ps -aq -f label={label} | head -n 1):"
    command = in_swarm if "swarm" in label else stopped
    assert command.format(label=label) in copied.advice


def test_volumes_have_the_name_of_the_stack_in_front_which_the_file_does_not_hold() -> None:
    volume = (
        "version: '3'\nservices: {web: {image: a, volumes: ['d:/d']}}\nvolumes: {d: }\n"
    )
    told = {note.code for note in read({"docker-stack.yml": volume}).notes}
    assert "TC059" in told and "TC074" not in told
    assert "TC059" not in {note.code for note in read({"docker-compose.yml": volume}).notes}
    external = volume.replace("d: }", "d: {external: true}}")
    (told_name,) = (
        note for note in read({"docker-stack.yml": external}).notes if note.code == "TC059"
    )
    assert "volumes" not in told_name.message


def test_a_file_for_a_swarm_does_not_say_what_its_stack_is_called() -> None:
    text = "version: '3'\nservices: {web: {image: a}}\n"
    (told,) = (
        note for note in read({"docker-stack.yml": text}).notes if note.code == "TC059"
    )
    assert "shop is assumed, after its folder" in told.message
    assert "volumes" not in told.message
    named = read({"docker-stack.yml": f"name: front\n{text}"})
    assert "front is assumed, after `name` in the file" in str(named.notes)


def test_a_network_that_is_written_again_is_carried_over() -> None:
    text = (
        "services: {web: {image: a, networks: [front]}}\nnetworks: {front: }\n"
        "volumes: {kept: {driver: local}}\nconfigs: \nx-own: {of: us}\n"
    )
    project = Memory({"docker-compose.yml": text.encode()}, "shop")
    told = report(convert(project, Options(source="compose")), project)
    traced = {str(path) for _, path in told.trace()}
    assert {"networks.front", "volumes.kept", "x-own"} <= traced
    (reason,) = told.ignored_by_reason()
    assert reason == "the section is empty"
