"""`docker service create`, `update` and `scale`: what a swarm runs, on one machine."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory


def read(script: str, **files: bytes) -> Result:
    project = Memory({"run.sh": f"{script}\n".encode(), **files}, "shop")
    return convert(project, Options(source="docker_run", practices="none"))


def compose(script: str) -> Any:
    return yaml.safe_load(read(script).files[0].content)


@pytest.mark.parametrize(
    ("flags", "keys"),
    [
        ("--replicas 3", {"deploy": {"replicas": 3}}),
        ("--replicas 1", {}),
        ("--mode global", {}),
        ("--mode global-job", {"restart": "no"}),
        ("-p 8080:80/udp", {"ports": ["8080:80/udp"]}),
        ("-p published=8080,target=80,mode=host", {"ports": ["8080:80"]}),
        ("-p target=80", {"ports": ["80"]}),
        ("--restart-condition none", {"restart": "no"}),
        ("--restart-condition on-failure", {"restart": "on-failure"}),
        (
            "--restart-condition on-failure --restart-max-attempts 3",
            {"restart": "on-failure:3"},
        ),
        (
            "--limit-cpu .5 --limit-pids 9",
            {"deploy": {"resources": {"limits": {"cpus": ".5", "pids": 9}}}},
        ),
        ("--host db:10.0.0.1", {"extra_hosts": ["db=10.0.0.1"]}),
        ("--entrypoint 'sh -c'", {"entrypoint": ["sh", "-c"]}),
        ("--container-label a=b", {"labels": {"a": "b"}}),
        ("--stop-grace-period 1m", {"stop_grace_period": "1m"}),
        ("--hostname '{{.Task.Slot}}'", {}),
    ],
)
def test_a_flag_of_a_service(flags: str, keys: dict[str, Any]) -> None:
    service = compose(f"docker service create --name web {flags} nginx:1")["services"][
        "web"
    ]
    assert service == {"image": "nginx:1", "restart": "always", **keys}


def test_words_behind_the_image_are_arguments() -> None:
    service = compose("docker service create --name web nginx:1 a 'b c'")["services"]["web"]
    assert service["command"] == ["a", "b c"]


def test_what_is_changed_later_holds() -> None:
    script = """
        docker service create --name web -e A=1 nginx:1
        docker service update --image nginx:2 --env-add B=2 --publish-add 80:80 --args "x y" web
        docker service scale web=5 other=2
    """
    service = compose(script)["services"]["web"]
    assert service["image"] == "nginx:2" and service["environment"] == {"A": "1", "B": "2"}
    assert service["ports"] == ["80:80"] and service["deploy"]["replicas"] == 5
    assert service["command"] == ["x", "y"]


def test_an_update_of_what_is_not_created_is_told() -> None:
    script = "docker service create --name web nginx:1\ndocker service update --force api"
    assert "TC135" in {one.code for one in read(script).notes}


def test_secrets_and_configs_come_from_their_files() -> None:
    script = """
        docker secret create password ./password.txt
        docker config create site site.conf
        docker service create --name web --secret password --secret source=token,target=t,mode=0400 \\
          --config source=site,target=/etc/site.conf nginx:1
    """
    written = compose(script)
    assert written["secrets"]["password"] == {"file": "./password.txt"}
    assert written["secrets"]["token"] == {"environment": "TOKEN"}
    assert written["configs"] == {"site": {"file": "./site.conf"}}
    web = written["services"]["web"]
    assert web["configs"] == [{"source": "site", "target": "/etc/site.conf"}]
    assert web["secrets"][0] == "password" and web["secrets"][1]["source"] == "token"


def test_a_network_of_a_swarm_is_an_ordinary_one() -> None:
    script = "docker network create -d overlay shop\ndocker service create --name web --network shop nginx:1"
    assert compose(script)["networks"] == {"shop": None} or compose(script)["networks"] == {
        "shop": {}
    }


def test_the_volume_of_the_first_task_is_taken() -> None:
    create = "docker service create --name web --mount target=/d,source="
    result = read(f"{create}data-{{{{.Task.Slot}}}} nginx\n")
    assert yaml.safe_load(result.files[0].content)["volumes"] == {
        "data-1": {"name": "data-1"}
    }
    assert "TC498" in {one.code for one in result.notes}
    told = read(f"{create}{{{{.Node.Hostname}}}} nginx\n").notes
    assert "TC485" in {one.code for one in told}
