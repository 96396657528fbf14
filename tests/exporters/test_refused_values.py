"""No value makes Docker Compose refuse the whole file: it is left out, and a note quotes the rule."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from judges import compose_config, needs_compose, run_config
from samples import at
from tocompose.exporters.bundle import Layout, bundle
from tocompose.exporters.refused_values import accepted_document
from tocompose.model import ComposeFileRole, Port, Service, Stack
from tocompose.pipeline import Options, convert
from tocompose.project import Memory
from tocompose.tables import load

pytestmark = needs_compose

STACK = Stack(name="shop", services=(Service(name="web", image="web:1", origin=at(1)),))

REFUSED: list[tuple[str, Any]] = [
    ("oom_score_adj", 5000),
    ("pids_limit", "x"),
    ("cpu_shares", "many"),
    ("cpu_percent", 101),
    ("cpus", "two"),
    ("mem_limit", "512Mi"),
    ("memswap_limit", "-2"),
    ("mem_swappiness", 101),
    ("pull_policy", "often"),
    ("cgroup", "shared"),
    ("restart", "sometimes"),
    ("stop_grace_period", "10 s"),
    ("platform", "linux amd64"),
    ("mac_address", "02:42"),
    ("scale", "x"),
    ("uts", "none"),
    ("container_name", "a b"),
    ("container_name", "-x"),
    ("stop_grace_period", "9999999h"),
    ("stop_grace_period", "a${X}b"),
]
ENTRIES: list[tuple[str, list[Any]]] = [
    ("ports", ["70000:80", "80:0", "80-82:80-81", "1.2.3:80:80", "80:80/icmp", "a:80"]),
    ("expose", ["70000", "x/tcp"]),
    ("dns", ["one.one"]),
    ("device_cgroup_rules", ["c 1:3 x", "z 1:3 r"]),
    ("gpus", [{"count": 2, "device_ids": ["0"]}, {"count": "x"}]),
    ("volumes", [{"type": "x", "target": "/c"}]),
]


def _accepted(body: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    accepted = accepted_document({"name": "shop", "services": {"web": body}}, STACK)
    return accepted.document["services"]["web"], [found.message for found in accepted.notes]


@pytest.mark.parametrize(("key", "value"), REFUSED)
def test_a_refused_value_is_left_out_with_its_rule(key, value):
    rule = next(row["rule"] for row in load("refused")["rows"] if key in row["keys"])
    body, messages = _accepted({"image": "web:1", key: value})
    assert body == {"image": "web:1"}
    assert messages == [f"web: {key} {value} was left out: it has to be {rule}"]


@pytest.mark.parametrize(
    ("key", "entry"), [(key, entry) for key, entries in ENTRIES for entry in entries]
)
def test_a_refused_entry_goes_alone(key, entry):
    good = {"ports": "8080:80", "expose": "80", "dns": "1.1.1.1", "volumes": "data:/d"}
    good |= {"device_cgroup_rules": "c 1:3 r", "gpus": {"count": 1}}
    body, messages = _accepted({key: [good[key], entry]})
    assert body == {key: [good[key]]}
    assert len(messages) == 1


def test_a_device_without_its_rate_is_left_out():
    rates = [{"path": "/dev/a", "rate": "x"}, {"path": "/dev/b", "rate": "1mb"}]
    body, messages = _accepted({"blkio_config": {"device_read_bps": rates}})
    assert body == {"blkio_config": {"device_read_bps": rates[1:]}}
    assert "blkio_config.device_read_bps.rate x" in messages[0]


def test_a_weight_that_a_variable_holds_is_left_out():
    body, messages = _accepted({"image": "web:1", "blkio_config": {"weight": "${W:-5}"}})
    assert body == {"image": "web:1"}
    assert "blkio_config.weight ${W:-5}" in messages[0]
    kept = {"image": "web:1", "blkio_config": {"weight": 300}}
    assert _accepted(kept) == (kept, [])


def test_what_stands_twice_is_written_once():
    options = ["label=disable", "seccomp=unconfined"]
    twice = [*options, "label=disable"]
    body, messages = _accepted({"security_opt": twice, "command": ["x", "x"]})
    assert body == {"security_opt": options, "command": ["x", "x"]}
    assert messages == []


@pytest.mark.parametrize(
    "body",
    [
        {"oom_score_adj": -1000, "pids_limit": -1, "cpus": "0.5", "mem_limit": "1.5gb"},
        {
            "pids_limit": "${PIDS:-5}",
            "ports": ["${PORT}:80", "127.0.0.1::80", "[::1]:80:80"],
        },
        {"memswap_limit": -1, "pull_policy": "every_12h", "restart": "on-failure:3"},
        {"ports": ["8000-8010:80", "80-81:90-91/udp"], "expose": ["80-90/tcp"]},
        {"gpus": [{"count": "all", "capabilities": ["gpu"]}], "stop_grace_period": "1m30s"},
        {"ulimits": {"nofile": {"soft": 1, "hard": -1}, "nproc": 3}},
        {"volumes": ["../app:${PWD}", "${DATA}:${TARGET}:ro"], "working_dir": "${PWD}"},
        {"volumes": [{"type": "bind", "source": ".", "target": "${PWD}"}]},
    ],
)
def test_what_is_accepted_stays(body):
    assert _accepted(body) == (body, [])


def test_a_dollar_sign_that_starts_nothing_is_doubled():
    body, _ = _accepted({"labels": {"a": "${%d}", "b": "$9 ${A}", "c": "$$x"}})
    assert body == {"labels": {"a": "$${%d}", "b": "$$9 ${A}", "c": "$$x"}}


def test_an_overlay_is_looked_at_too():
    overlay = Service(name="web", ports=(Port(target="80", published="90000"),))
    made = STACK.services[0]
    service = Service(
        name="web",
        image=made.image,
        origin=made.origin,
        overlays={ComposeFileRole.DEV: overlay},
    )
    result = bundle(Stack(name="shop", services=(service,)), Layout(split=True))
    assert [found.code for found in result.notes] == ["TC771"]


@pytest.mark.parametrize(("key", "value"), REFUSED)
def test_the_file_is_accepted_without_it(tmp_path, key, value):
    body, _ = _accepted({"image": "web:1", key: value})
    text = yaml.safe_dump({"name": "shop", "services": {"web": body}})
    (tmp_path / "docker-compose.yml").write_text(text)
    assert (
        compose_config(tmp_path, "docker-compose.yml")["services"]["web"]["image"]
        == "web:1"
    )


# A value below other keys that docker compose refuses, by what is left without it.
BELOW: list[tuple[str, str]] = [
    ("attach: x", ""),
    ("build: {context: ., no_cache: x}", "build: {context: .}"),
    ("build: {context: ., pull: sometimes}", "build: {context: .}"),
    ("deploy: {update_config: {order: any, delay: 5s}}", "deploy: {update_config: {delay: 5s}}"),
    ("deploy: {rollback_config: {order: Stop-First}}", ""),
    ("deploy: {update_config: {parallelism: 1.5}}", ""),
    ("deploy: {restart_policy: {max_attempts: 1.5, condition: any}}",
     "deploy: {restart_policy: {condition: any}}"),
    ("deploy: {placement: {max_replicas_per_node: x}}", ""),
    ("develop: {watch: [{path: ., target: /a, action: copy}]}", ""),
    ("develop: {watch: [{path: a, action: rebuild}, {path: b, target: /b, action: Sync}]}",
     "develop: {watch: [{path: a, action: rebuild}]}"),
    ("volumes: [{type: bind, source: /s, target: /t, bind: {selinux: x}}]",
     "volumes: [{type: bind, source: /s, target: /t}]"),
    ("volumes: [{type: bind, source: /s, target: /t, bind: {recursive: all}}]",
     "volumes: [{type: bind, source: /s, target: /t}]"),
    ("volumes: [{type: volume, target: /t, volume: {nocopy: x}}]",
     "volumes: [{type: volume, target: /t}]"),
    ("develop: {watch: [{path: '', action: rebuild}]}", ""),
    ("ulimits: {nofile: x, nproc: 3}", "ulimits: {nproc: 3}"),
    ("volumes: [{type: tmpfs, target: /t, tmpfs: {size: x}}]",
     "volumes: [{type: tmpfs, target: /t}]"),
    ("post_start: [{command: [a], privileged: x}]", "post_start: [{command: [a]}]"),
]  # fmt: skip


@pytest.mark.parametrize(("keys", "left"), BELOW)
def test_what_compose_refuses_below_other_keys_is_left_out(
    tmp_path: Path, keys: str, left: str
) -> None:
    body = {"image": "web:1", **yaml.safe_load(keys)}
    kept = {"image": "web:1", **(yaml.safe_load(left) or {})}
    accepted, messages = _accepted(body)
    assert (accepted, len(messages)) == (kept, 1)
    for service, is_refused in ((body, True), (kept, False)):
        (tmp_path / "compose.yaml").write_text(
            yaml.safe_dump({"services": {"web": service}})
        )
        assert (run_config(tmp_path, ["compose.yaml"]).returncode != 0) is is_refused


@pytest.mark.parametrize("mode", ["x", "999", "0o440", "1.5"])
def test_a_mode_is_octal(mode: str) -> None:
    assert _accepted({"configs": [{"source": "c", "mode": mode}]})[0] == {
        "configs": [{"source": "c"}]
    }


@pytest.mark.parametrize("specifier", ["%d", "%y", "%K"])
def test_a_specifier_of_a_unit_gives_a_text_that_compose_reads(specifier):
    unit = f"[Service]\nExecStart=/usr/bin/docker run --name web -l a=x{specifier} nginx\n"
    project = Memory({"web.service": unit.encode()}, "shop")
    result = convert(project, Options(layout=Layout(split=True)))
    document = yaml.safe_load(result.files[0].content)
    assert "${%" not in str(document["services"]["web"]["labels"])


def test_a_key_without_a_value_stays():
    body = {"networks": {"lan": None}}
    assert _accepted(body) == (body, [])


def test_a_number_that_nobody_sets_is_demanded() -> None:
    """Empty, it would make Compose refuse the whole file with a message that names no variable."""
    body, messages = _accepted({"image": "web:1", "healthcheck": {"retries": "${N}"}})
    assert body["healthcheck"] == {"retries": "${N:?set N in .env}"}
    assert messages == []


@pytest.mark.parametrize("text", ["${P:-80}:80-82", "80:80-82"])
def test_ranges_of_ports_are_judged_with_their_defaults(text: str) -> None:
    assert "ports" not in _accepted({"image": "web:1", "ports": [text]})[0]


def test_an_entry_without_a_name_is_left_out() -> None:
    body, messages = _accepted({"image": "web:1", "sysctls": {"": "1", "a.b": "2"}})
    assert body["sysctls"] == {"a.b": "2"}
    assert len(messages) == 1
