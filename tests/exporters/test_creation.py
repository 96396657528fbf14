"""What docker does not create is not written, and `check` finds it: judged by docker compose and by a real engine."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from judges import COMPOSE, needs_compose
from samples import at
from tocompose.check.score import open_view
from tocompose.exporters.creation import creatable_document
from tocompose.exporters.refused_values import accepted_document
from tocompose.model import Service, Stack
from tocompose.project import Memory
from tocompose.rules.creation import RULE
from tocompose.rules.health_tests import RULE as HEALTH_TESTS

ENGINE = os.environ.get("TOCOMPOSE_ENGINE", "")
STACK = Stack(name="shop", services=(Service(name="a", image="a:1", origin=at(1)),))
IMAGE = "scripts-create:1"
# Two runs of this file may share an engine.
PROJECT = f"creation-{os.getpid()}"


def document(body: str, top: str = "{}") -> dict[str, Any]:
    """A file of two services, `a` with the keys given, and what stands beside the services."""
    services = {"a": {"image": IMAGE, **yaml.safe_load(body)}, "b": {"image": IMAGE}}
    return {"name": PROJECT, "services": services, **yaml.safe_load(top)}


# A service, and what of it is left out; refused by docker compose itself.
BY_COMPOSE = {
    "{network_mode: 'service:a'}": "network_mode",
    "{pid: 'service:a'}": "pid",
    "{links: [a, b]}": "links",
    "{volumes_from: ['a:ro']}": "volumes_from",
    "{scale: 2, deploy: {replicas: 3}}": "scale",
    "{mem_reservation: 64m, deploy: {resources: {reservations: {memory: 65m}}}}": "mem_reservation",
    "{tmpfs: [/x, '/x:size=1m']}": "tmpfs",
    "{tmpfs: [/x], volumes: ['/srv:/x/']}": "tmpfs",
    "{healthcheck: {test: [curl, -f]}}": "healthcheck",
    "{container_name: 'a b'}": "container_name",
    "{security_opt: [mask=/proc]}": "security_opt",
    "{extra_hosts: [db]}": "extra_hosts",
    "{extra_hosts: ['redis://db:6379=10.0.0.1']}": "extra_hosts",
    "{extra_hosts: ['=10.0.0.1']}": "extra_hosts",
    "{build: {context: ., platforms: [linux/amd64]}, platform: linux/arm64}": "",
    "{healthcheck: {test: [CMD, x], start_interval: 2s}}": "healthcheck",
}
# Refused by the engine, whatever its version.
BY_ENGINE = {
    "{volumes: [{type: image, target: /x}]}": "volumes",
    "{network_mode: 'service:b', ports: ['81:80']}": "ports",
    "{network_mode: 'service:b', expose: ['80']}": "expose",
    "{network_mode: 'service:b', hostname: h}": "hostname",
    "{network_mode: 'service:b', dns: [1.1.1.1]}": "dns",
    "{network_mode: 'service:b', extra_hosts: ['x=1.1.1.1']}": "extra_hosts",
    "{network_mode: host, links: [b]}": "links",
    "{network_mode: host, mac_address: '02:42:ac:11:00:02'}": "mac_address",
    "{uts: host, hostname: h}": "hostname",
    "{memswap_limit: 64m}": "memswap_limit",
    "{mem_limit: 1m}": "mem_limit",
    "{working_dir: srv}": "working_dir",
    "{volumes: ['/srv:/']}": "volumes",
    "{tmpfs: [run]}": "tmpfs",
    "{cap_add: [FLY]}": "cap_add",
    "{stop_signal: SIGNAL}": "stop_signal",
    "{environment: ['=x']}": "environment",
    "{logging: {driver: json-file, options: {size: 1m}}}": "logging",
    "{healthcheck: {test: [CMD, x], interval: 500us}}": "healthcheck",
    "{volumes: [{type: bind, source: /srv, target: /x, bind: {propagation: far}}]}": "volumes",
}
# What the engine of today refuses, as its source says (25 and later; limits, where the host has such).
BY_MODEL = {
    "{mem_limit: 64m, memswap_limit: 32m}": "memswap_limit",
    "{mem_limit: 64m, mem_reservation: 128m}": "mem_reservation",
    "{cpus: 1, cpu_quota: 5000}": "cpu_quota",
    "{cpu_period: 10}": "cpu_period",
    "{ulimits: {nofile: {soft: 10, hard: 5}}}": "ulimits",
    "{mac_address: '02:42:ac:11:00:02', networks: {default: {mac_address: '02:42:ac:11:00:03'}}}": "mac_address",
}
SOUND = (
    "{network_mode: host, ports: ['81:80'], hostname: h, dns: [1.1.1.1]}",
    "{network_mode: 'service:b', domainname: d, dns_search: [x]}",
    "{volumes: ['/srv:/x', '/srv:/y'], tmpfs: [/z]}",
    "{cap_add: [CAP_NET_ADMIN, all], stop_signal: RTMIN+3, security_opt: [no-new-privileges]}",
    "{mem_limit: 6m, memswap_limit: -1, logging: {driver: json-file, options: {max-size: 1m}}}",
    "{mem_limit: 512m, cpus: 0.5, deploy: {resources: {limits: {memory: 512M, cpus: '0.50'}}}}",
    "{mem_limit: 1g, deploy: {resources: {limits: {memory: 1024mb}}}}",
    "{mem_reservation: 7.5m, deploy: {resources: {reservations: {memory: 7680k}}}}",
    "{mem_limit: 536870912, pids_limit: 10, deploy: {resources: {limits: {memory: 0.5GiB, pids: 10}}}}",
    "{healthcheck: {test: [CMD, x], interval: 0s}, working_dir: /, extra_hosts: {x: 1.1.1.1}}",
)


def creatable(given: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    accepted = accepted_document(given, STACK)
    made = creatable_document(accepted.document, STACK)
    return made.document, [note.code for note in (*accepted.notes, *made.notes)]


def create(given: dict[str, Any], folder: Path) -> subprocess.CompletedProcess[str]:
    """What docker compose says to `create` at the real engine, or to `config` without one."""
    (folder / "compose.yaml").write_text(json.dumps(given), encoding="utf-8")
    command = ["create", "--pull", "never"] if ENGINE else ["config"]
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "DOCKER_HOST": ENGINE}
    done = subprocess.run(
        [COMPOSE, *command], cwd=folder, env=env, capture_output=True, text=True
    )
    if ENGINE:
        subprocess.run(
            [COMPOSE, "down", "-t", "0"], cwd=folder, env=env, capture_output=True
        )
    return done


def found(given: dict[str, Any]) -> list[str]:
    """The codes with which the check finds what is refused in a file: the form of a health command is a rule apart."""
    view = open_view(Memory({"compose.yaml": json.dumps(given).encode()}, "shop"))
    assert view is not None and RULE.judge is not None and HEALTH_TESTS.judge is not None
    forms = (verdict for verdict in HEALTH_TESTS.judge(view) if "T25" in verdict.ids)
    verdicts = (*RULE.judge(view), *forms)
    return [verdict.note.code for verdict in verdicts if verdict.note is not None]


@pytest.mark.parametrize("body", [*BY_COMPOSE, *BY_ENGINE, *BY_MODEL])
def test_what_is_refused_is_left_out_with_a_note_and_found_by_the_check(body: str) -> None:
    key = (BY_COMPOSE | BY_ENGINE | BY_MODEL)[body]
    given = document(body)
    mended, codes = creatable(given)
    before, after = given["services"]["a"], mended["services"]["a"]
    assert set(codes) <= {"TC045", "TC047", "TC771"} and codes
    assert before.get(key) != after.get(key) or not key
    assert found(mended) == []
    assert found(given) and set(found(given)) <= {"TC046", "TC048", "TC052", "TC743"}


@pytest.mark.parametrize("body", SOUND)
def test_what_docker_creates_stays_as_it_is(body: str) -> None:
    given = document(body)
    assert creatable(given) == (given, []) and found(given) == []


@pytest.fixture(scope="module")
def engine_image(tmp_path_factory: pytest.TempPathFactory) -> None:
    """An image of nothing, with a command."""
    if ENGINE:
        folder = tmp_path_factory.mktemp("image")
        subprocess.run(
            [
                "sh",
                "-c",
                f"tar -cf - -T /dev/null | docker import -c 'CMD [\"/x\"]' - {IMAGE}",
            ],
            cwd=folder,
            env={
                "PATH": os.environ["PATH"] + os.pathsep + str(Path(COMPOSE).parent),
                "DOCKER_HOST": ENGINE,
            },
            check=True,
            capture_output=True,
        )


# Of these `config` says nothing: only an engine looks at them.
_ONLY_ENGINE = ("{extra_hosts: [db]}", "{security_opt: [mask=/proc]}")
# Left out is what would be built, and what only engines of 25.0 on refuse.
REFUSED = [
    body
    for body in (*BY_COMPOSE, *(BY_ENGINE if ENGINE else ()))
    if "build" not in body
    and "start_interval" not in body
    and (ENGINE or body not in _ONLY_ENGINE)
]


@pytest.mark.parametrize("body", REFUSED)
@pytest.mark.usefixtures("engine_image")
@needs_compose[0]
@needs_compose[1]
def test_docker_refuses_what_is_left_out_and_nothing_of_the_rest(
    body: str, tmp_path: Path
) -> None:
    given = document(body)
    assert create(given, tmp_path).returncode != 0
    done = create(creatable(given)[0], tmp_path)
    assert done.returncode == 0, done.stderr


def test_what_two_files_say_together_is_left_out_of_the_second() -> None:
    base = document("{network_mode: 'service:b'}")
    override = {"services": {"a": {"ports": ["127.0.0.1:81:80"], "init": True}}}
    made = creatable_document(override, STACK, base)
    assert made.document["services"]["a"] == {"init": True}


def test_a_profile_does_not_switch_off_what_another_needs() -> None:
    given = document("{volumes_from: [b]}")
    given["services"]["b"]["profiles"] = ["tools"]
    given["services"]["c"] = {"image": "busybox", "volumes_from": ["b"]}
    assert "profiles" not in creatable(given)[0]["services"]["b"]


@pytest.mark.parametrize(
    ("config", "is_sound"),
    [
        ("{subnet: 10.9.0.0/24, gateway: 10.9.0.1}", True),
        ("{subnet: 10.9.0.0/24, gateway: 10.8.0.1}", False),
        ("{subnet: 10.9.0.0/24, ip_range: 10.9.0.128/25}", True),
        ("{subnet: 10.9.0.0/24, aux_addresses: {r: 10.8.0.5}}", False),
        ("{gateway: 10.9.0.1}", False),
        ("{subnet: 10.9.0.0}", False),
        ("{subnet: '${SUBNET}', gateway: 10.9.0.1}", True),
    ],
)
def test_the_addresses_of_a_network_lie_in_its_subnets(config: str, is_sound: bool) -> None:
    given = document(
        "{networks: [n]}", f"{{networks: {{n: {{ipam: {{config: [{config}]}}}}}}}}"
    )
    mended, _ = creatable(given)
    assert (mended["networks"]["n"] == given["networks"]["n"]) is is_sound
    assert mended["services"] == given["services"]


def test_a_fixed_address_asks_for_a_subnet_that_holds_it() -> None:
    body = "{networks: {n: {ipv4_address: 10.8.0.9, aliases: [x]}}}"
    given = document(body, "{networks: {n: {ipam: {config: [{subnet: 10.9.0.0/24}]}}}}")
    assert creatable(given)[0]["services"]["a"]["networks"] == {"n": {"aliases": ["x"]}}
    outside = document(body, "{networks: {n: {external: true}}}")
    assert creatable(outside)[0] == outside


@pytest.mark.parametrize("body", [{}, {"image": ""}, {"command": ["x"]}])
def test_a_service_that_names_no_image_asks_for_one(body: dict[str, Any]) -> None:
    document = {"services": {"web": body}}
    result = creatable_document(document, Stack(name="app", services=()))
    assert (
        result.document["services"]["web"]["image"] == "${WEB_IMAGE:?set WEB_IMAGE in .env}"
    )
    assert [note.code for note in result.notes] == ["TC047"]
