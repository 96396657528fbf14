"""What a service of a swarm becomes."""

from __future__ import annotations

from typing import Any

from engine_source.objects import codes_of, compose_of, read_objects


def swarm_service(replicated: Any = (), **task: Any) -> Any:
    """A service of a swarm with that template of its tasks."""
    spec = {
        "Name": "web",
        "Mode": {"Replicated": dict(replicated)},
        "TaskTemplate": {"ContainerSpec": {"Image": "shop/web:1"}, **task},
    }
    return {"ID": "s", "Spec": spec}


def test_one_replica_is_what_holds_without_a_key() -> None:
    for replicated in ({"Replicas": 1}, {}):
        result = read_objects(swarm_service(replicated))
        assert "deploy" not in compose_of(result)["services"]["web"]
        assert not codes_of(result)
    stopped = read_objects(swarm_service({"Replicas": 0}))
    assert compose_of(stopped)["services"]["web"]["deploy"] == {"replicas": 0}


def test_a_variable_with_a_template_of_the_swarm_is_told() -> None:
    settings = {"Image": "shop/web:1", "Env": ["A=1", "NODE={{.Node.Hostname}}"]}
    result = read_objects(swarm_service(ContainerSpec=settings))
    assert compose_of(result)["services"]["web"]["environment"] == {"A": "1"}
    assert "TC485" in codes_of(result)


def test_how_long_the_swarm_waits_between_attempts_is_told() -> None:
    policy = {"Condition": "any", "Delay": 60_000_000_000, "Window": 9_000_000_000}
    result = read_objects(swarm_service(RestartPolicy=policy))
    told = " ".join(one.message for one in result.notes if one.code == "TC484")
    assert "Delay: 1m" in told and "Window: 9s" in told
    usual = {"Condition": "any", "Delay": 5_000_000_000, "MaxAttempts": 0}
    assert "TC484" not in codes_of(read_objects(swarm_service(RestartPolicy=usual)))


def test_a_config_beside_its_service_is_named_once_and_its_content_nowhere() -> None:
    grant = {"ConfigName": "site", "File": {"Name": "/site", "Mode": 292}}
    service = swarm_service(ContainerSpec={"Image": "shop/web:1", "Configs": [grant]})
    spec = {"Name": "site", "Labels": {}, "Data": "cGFzcz0x"}
    config = {"ID": "c", "Version": {"Index": 1}, "Spec": spec}
    result = read_objects(service, config)
    assert compose_of(result)["configs"] == {"site": {"file": "./configs/site"}}
    assert codes_of(result) == {"TC488"}
    assert "cGFzcz0x" not in "".join(one.message + one.advice for one in result.notes)
