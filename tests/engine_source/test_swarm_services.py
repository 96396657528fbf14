"""What a service of a swarm becomes."""

from __future__ import annotations

import base64
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


def test_each_task_has_a_volume_of_its_own_of_which_the_first_is_taken() -> None:
    mounts = [
        {"Type": "volume", "Source": "data-{{.Task.Slot}}", "Target": "/d"},
        {"Type": "volume", "Source": "{{.Service.Name}}-logs", "Target": "/l"},
        {"Type": "bind", "Source": "/srv/{{.Node.Hostname}}", "Target": "/e"},
    ]
    settings = {"Image": "shop/web:1", "Mounts": mounts}
    result = read_objects(swarm_service(ContainerSpec=settings))
    compose = compose_of(result)
    assert compose["services"]["web"]["volumes"] == ["data-1:/d", "web-logs:/l"]
    assert codes_of(result) == {"TC485", "TC498"}


def test_a_folder_in_memory_with_options_stands_in_its_short_form() -> None:
    options = {"SizeBytes": 1_000_000, "Options": [["noexec"]]}
    mounts = [
        {"Type": "tmpfs", "Target": "/t", "TmpfsOptions": options},
        {"Type": "tmpfs", "Target": "/t{{.Task.Slot}}", "TmpfsOptions": options},
    ]
    settings = {"Image": "shop/web:1", "Mounts": mounts}
    result = read_objects(swarm_service(ContainerSpec=settings))
    assert compose_of(result)["services"]["web"]["tmpfs"] == ["/t:noexec,size=1000000"]
    assert codes_of(result) == {"TC485"}


def test_how_often_a_job_runs_is_told() -> None:
    service = swarm_service()
    service["Spec"]["Mode"] = {"ReplicatedJob": {"TotalCompletions": 5, "MaxConcurrent": 1}}
    told = [one.message for one in read_objects(service).notes if one.code == "TC484"]
    assert len(told) == 1 and "TotalCompletions: 5" in told[0]


def config(content: bytes, **spec: Any) -> Any:
    data = base64.b64encode(content).decode()
    return {
        "ID": "c",
        "Version": {"Index": 1},
        "Spec": {"Name": "site", "Data": data, **spec},
    }


GRANTED = swarm_service(
    ContainerSpec={
        "Image": "shop/web:1",
        "Configs": [{"ConfigName": "site", "File": {"Name": "/site", "Mode": 292}}],
    }
)


def test_a_config_of_the_swarm_is_written_with_its_content() -> None:
    written = compose_of(read_objects(GRANTED, config(b"price = $5\n")))["configs"]
    assert written == {"site": {"content": "price = $$5\n"}}
    assert codes_of(read_objects(GRANTED, config(b"a", Templating={"Name": "golang"}))) == {
        "TC484"
    }


def test_a_config_that_holds_a_password_is_a_file_and_stands_nowhere_else() -> None:
    result = read_objects(GRANTED, config(b"password = geheim-x9Q\n"))
    assert compose_of(result)["configs"] == {"site": {"file": "./configs/site"}}
    assert codes_of(result) == {"TC759"}
    written = b"".join(one.content for one in result.files).decode()
    assert "geheim" not in written + "".join(one.message for one in result.notes)


def test_a_config_that_cannot_be_read_has_to_be_made() -> None:
    broken = config(b"")
    broken["Spec"]["Data"] = "=not base64="
    assert codes_of(read_objects(GRANTED, broken)) == {"TC488"}
