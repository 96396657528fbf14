"""The traps that break a converted stack (T1 to T27): what the exporter does about each, as far as it is its own.

T1 to T3, T8 to T10 and T19 to T23 are for the practices to avoid and for the audit to find (tests/check/findings.py).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from unicodedata import normalize

import pytest
import yaml

from judges import compose_config, needs_compose, write
from samples import at
from tocompose.exporters.bundle import Bundle, Layout, bundle
from tocompose.model import (
    ComposeFileRole,
    ConfigMount,
    Dependency,
    EnvSetting,
    EnvVariable,
    File,
    FileResource,
    Healthcheck,
    Limits,
    Mount,
    Network,
    NetworkAttachment,
    Port,
    ResourceLimits,
    Security,
    Service,
    Stack,
)
from tocompose.syntax.model_path import ModelPath

SPLIT = Layout(split=True)


def app(**given: object) -> Service:
    """A service that could start."""
    return Service(name="app", image="app:1", origin=at(1), **given)  # type: ignore[arg-type]


def other(**given: object) -> Service:
    """Another one."""
    return Service(name="other", image="other:1", origin=at(2), **given)  # type: ignore[arg-type]


def stack(*services: Service, **given: object) -> Stack:
    return Stack(name="traps", services=services, **given)  # type: ignore[arg-type]


def written(made: Stack, layout: Layout = SPLIT) -> tuple[Bundle, dict[str, object]]:
    """The bundle, and what its base file holds."""
    result = bundle(made, layout)
    return result, yaml.safe_load(result.files[0].content)


def service(made: Stack, name: str = "app", layout: Layout = SPLIT) -> dict[str, object]:
    """The body of a service in the base file."""
    return written(made, layout)[1]["services"][name]  # type: ignore[index,no-any-return]


def codes(made: Stack, layout: Layout = SPLIT) -> list[str]:
    return [item.code for item in bundle(made, layout).notes]


def test_t4_start_interval_is_written_only_where_the_source_has_it() -> None:
    check = Healthcheck(test=("CMD", "x"), start_period="1s")
    assert "start_interval" not in str(service(stack(app(healthcheck=check))))
    assert "start_interval" in str(
        service(stack(app(healthcheck=replace(check, start_interval="2s"))))
    )


def test_t5_a_read_only_service_gets_files() -> None:
    made = stack(
        app(
            security=Security(read_only=True),
            secrets=(ConfigMount(source="s"),),
            configs=(ConfigMount(source="c"),),
        ),
        secrets=(FileResource(name="s", environment="S"),),
        configs=(FileResource(name="c", content="a $$b"),),
        settings=(EnvSetting(name="S", value="geheim", secret=True),),
    )
    result, body = written(made)
    files = {item.path: (item.content, item.mode) for item in result.files}
    assert body["secrets"] == {"s": {"file": "./secrets/s"}} and files["secrets/s"] == (
        b"geheim",
        0o444,
    )
    assert body["configs"] == {"c": {"file": "./config/c"}} and files["config/c"] == (
        b"a $b",
        0o644,
    )
    inline = written(replace(made, services=(app(configs=(ConfigMount(source="c"),)),)))[1]
    assert inline["configs"] == {"c": {"content": "a $$b"}}


def test_t5_a_file_of_the_source_is_not_written_over() -> None:
    made = stack(
        app(security=Security(read_only=True), configs=(ConfigMount(source="c"),)),
        configs=(FileResource(name="c", content="ours"),),
        files=(File(path="config/c", content=b"theirs"),),
    )
    contents = [item.content for item in bundle(made, SPLIT).files]
    assert contents.count(b"theirs") == 1 and b"ours" not in contents


def test_t6_owner_and_mode_of_file_secrets_are_left_out() -> None:
    grant = ConfigMount(source="s", mode="0400", uid="1")
    files = (File(path="secrets/s", content=b"x", mode=0o444, secret=True),)
    made = stack(
        app(secrets=(grant,)),
        secrets=(FileResource(name="s", file="./secrets/s"),),
        files=files,
    )
    assert service(made)["secrets"] == ["s"] and codes(made) == ["TC756"]
    assert [note.message for note in bundle(made, SPLIT).notes] == [
        "app: left out of the secret s: owner and mode"
    ]
    assert ModelPath.service("app", "secrets") in bundle(made, SPLIT).written
    kept = stack(app(secrets=(grant,)), secrets=(FileResource(name="s", environment="S"),))
    assert service(kept)["secrets"] == [{"source": "s", "uid": "1", "mode": "0400"}]


def test_t7_a_secret_file_that_nobody_writes_is_told() -> None:
    made = stack(
        app(secrets=(ConfigMount(source="s"),)),
        secrets=(FileResource(name="s", file="./secrets/s"),),
    )
    assert codes(made) == ["TC757"]


def test_t8_nobody_waits_for_a_check_that_is_off() -> None:
    waits = app(depends_on=(Dependency(service="other", condition="service_healthy"),))
    made = stack(waits, other(healthcheck=Healthcheck(disable=True)))
    assert service(made)["depends_on"] == {
        "other": {"condition": "service_started"}
    } and codes(made) == ["TC754"]


@pytest.mark.parametrize("home", [ComposeFileRole.DEV, ComposeFileRole.PROD])
def test_t11_limits_stand_in_one_place(home: ComposeFileRole) -> None:
    part = app(resources=ResourceLimits(limits=Limits(pids="9")))
    made = stack(app(options={"mem_limit": "1g", "cpus": 0.5}, overlays={home: part}))
    body = service(made)
    assert (
        body["deploy"] == {"resources": {"limits": {"cpus": "0.5", "memory": "1g"}}}
        and "mem_limit" not in body
    )
    assert {ModelPath.service("app", key) for key in ("mem_limit", "cpus")} <= bundle(
        made, SPLIT
    ).written
    assert service(stack(app(options={"mem_limit": "1g"})))["mem_limit"] == "1g"
    both = replace(
        app(options={"mem_limit": "1g"}),
        resources=ResourceLimits(limits=Limits(memory="2g")),
    )
    assert service(stack(both))["deploy"] == {"resources": {"limits": {"memory": "2g"}}}


@pytest.mark.parametrize(
    "given", [{"container_name": "one", "replicas": 2}, {"container_name": "x"}]
)
def test_t12_no_container_name_with_replicas(given: dict[str, object]) -> None:
    made = stack(app(**given))
    assert "container_name" not in service(made) and codes(made) == ["TC755"]
    assert service(stack(app(container_name="xy")))["container_name"] == "xy"


def test_t12_a_container_name_once() -> None:
    made = stack(app(container_name="same"), other(container_name="same"))
    assert service(made)["container_name"] == "same" and "container_name" not in service(
        made, "other"
    )
    assert codes(made) == ["TC755"]


def test_t13_a_volume_of_one_letter_is_written_in_the_long_form() -> None:
    made = stack(app(mounts=(Mount(kind="volume", source="d", target="/data"),)))
    assert service(made)["volumes"] == [
        {"type": "volume", "source": "d", "target": "/data"}
    ]


def test_t14_network_mode_excludes_networks_in_every_file() -> None:
    made = stack(
        app(
            network_mode="host",
            overlays={
                ComposeFileRole.PROD: app(networks=(NetworkAttachment(network="a"),))
            },
        ),
        networks=(Network(name="a"),),
    )
    assert codes(made) == ["TC762"]
    assert "networks: " not in "".join(
        item.content.decode() for item in bundle(made, SPLIT).files if "prod" in item.path
    )


def test_t15_an_overlay_binds_no_port_twice() -> None:
    again = app(
        ports=(Port(target="80", published="80"), Port(target="81", published="81"))
    )
    made = stack(
        app(
            ports=(Port(target="80", published="80", host_ip="127.0.0.1"),),
            overlays={ComposeFileRole.PROD: again},
        )
    )
    result = bundle(made, SPLIT)
    prod = yaml.safe_load(
        next(item.content for item in result.files if "prod" in item.path)
    )
    assert prod["services"]["app"]["ports"] == ["81:81"] and codes(made) == ["TC763"]


def test_t15_one_number_of_two_protocols_is_two_ports() -> None:
    tcp = Port(target="53", published="53", host_ip="127.0.0.1")
    overlay = app(ports=(Port(target="53", published="53", protocol="udp"),))
    made = stack(app(ports=(tcp,), overlays={ComposeFileRole.PROD: overlay}))
    assert codes(made) == []


def test_t17_no_document_start() -> None:
    texts = [
        item.content
        for layout in (SPLIT, Layout())
        for item in bundle(stack(app(), other()), layout).files
    ]
    assert all(not line.startswith(b"---") for text in texts for line in text.splitlines())


def test_t18_generated_files_are_there_to_be_mounted() -> None:
    file = File(path="config/web.conf", content=b"x")
    made = stack(
        app(mounts=(Mount(kind="bind", source="./config/web.conf", target="/x"),)),
        files=(file,),
    )
    assert file in bundle(made, SPLIT).files
    assert codes(made, Layout()) == ["TC759"] and codes(made) == []


@pytest.mark.parametrize(
    ("given", "key", "kept"),
    [
        (
            {"depends_on": (Dependency(service="nope"), Dependency(service="other"))},
            "depends_on",
            ["other"],
        ),
        ({"depends_on": (Dependency(service="app"),)}, "depends_on", None),
        ({"secrets": (ConfigMount(source="nope"),)}, "secrets", None),
        ({"configs": (ConfigMount(source="nope"),)}, "configs", None),
        ({"network_mode": "service:nope"}, "network_mode", None),
        ({"options": {"pid": "service:nope"}}, "pid", None),
        ({"options": {"links": ["nope:x", "other"]}}, "links", ["other"]),
        (
            {"options": {"volumes_from": ["nope", "container:x"]}},
            "volumes_from",
            ["container:x"],
        ),
    ],
)
def test_t26_what_is_not_there_is_not_referred_to(
    given: dict[str, object], key: str, kept: list[str] | None
) -> None:
    made = stack(app(**given), other())
    body = service(made)
    assert (list(body[key]) if key in body else None) == kept  # type: ignore[call-overload]
    assert codes(made) == ["TC750"]
    named = "app" if given == {"depends_on": (Dependency(service="app"),)} else "nope"
    for layout in (SPLIT, Layout()):
        path = ModelPath.service("app", key)
        assert {path, path.child(named)} <= bundle(made, layout).written


def test_t26_only_volumes_from_takes_a_container_from_outside() -> None:
    made = stack(app(options={"links": ["container:x", "other"]}), other())
    assert (service(made)["links"], codes(made)) == (["other"], ["TC750"])


def test_t26_a_name_that_a_variable_gives_is_taken_to_be_there() -> None:
    joins = stack(app(network_mode="service:${PEER}"))
    assert (service(joins)["network_mode"], codes(joins)) == ("service:${PEER}", [])
    calls = stack(app(options={"links": ["$OTHER:x"]}))
    assert (service(calls)["links"], codes(calls)) == (["$OTHER:x"], [])


def test_t26_networks_and_volumes_that_are_used_are_declared() -> None:
    mount = Mount(kind="volume", source="data", target="/d")
    made = stack(app(networks=(NetworkAttachment(network="net"),), mounts=(mount,)))
    body = written(made)[1]
    assert (
        body["networks"] == {"net": None}
        and body["volumes"] == {"data": None}
        and codes(made) == ["TC751"] * 2
    )


def test_a_circle_is_opened() -> None:
    made = stack(
        app(depends_on=(Dependency(service="other"),)), other(options={"links": ["app"]})
    )
    assert "depends_on" not in service(made) and codes(made) == ["TC753"]


def test_a_dependency_that_a_profile_switches_off_is_optional() -> None:
    waits = app(depends_on=(Dependency(service="other"),))
    assert (
        service(stack(waits, other(profiles=("tools",))))["depends_on"]["other"]["required"]
        is False
    )  # type: ignore[index]
    same = stack(replace(waits, profiles=("tools",)), other(profiles=("tools", "more")))
    assert "required" not in str(service(same)) and codes(same) == []
    more = stack(replace(waits, profiles=("tools", "more")), other(profiles=("tools",)))
    assert codes(more) == ["TC752"]


@pytest.mark.parametrize(
    "names", [("a", "A"), ("e\u0301", "\u00e9"), ("CON", "con"), ("a", "a."), ("a", "a ")]
)
def test_files_whose_names_some_system_takes_for_one_are_kept_apart(
    names: tuple[str, str],
) -> None:
    files = tuple(File(path=f"config/{name}", content=b"x") for name in names)
    paths = [file.path for file in bundle(stack(app(), files=files), SPLIT).files[-2:]]
    assert len({normalize("NFC", path).casefold().rstrip(" .") for path in paths}) == 2
    assert {ModelPath.of("files", path) for path in paths} <= bundle(
        stack(app(), files=files), SPLIT
    ).written


def test_blocks_of_the_same_keys_and_other_values_are_not_one() -> None:
    labels = [{"a": "1", "b": "2", "c": end} for end in "33x"]
    services = tuple(
        Service(name=f"s{number}", image=f"i:{number}", labels=held)
        for number, held in enumerate(labels)
    )
    body = written(stack(*services))[1]
    assert [held["labels"] for held in body["services"].values()] == labels  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("text", "value", "written_text"),
    [
        ("$V", "a b", "a b"),
        ("$V", "a$b", "a$$b"),
        ("$V", "ab", "${V:-ab}"),
        ("${V:-x}", "ab", "${V:-ab}"),
        ("${V:+x}", "ab", "${V:+x}"),
        ("${V+x}", "ab", "${V+x}"),
        ("${V+x}", "a b", "${V+x}"),
    ],
)
def test_one_file_holds_the_values_of_its_variables(
    text: str, value: str, written_text: str
) -> None:
    made = stack(
        app(environment=(EnvVariable(name="X", value=text),)),
        settings=(EnvSetting(name="V", value=value),),
    )
    assert service(made, layout=Layout())["environment"] == {"X": written_text}


@pytest.mark.parametrize("inline", [True, False])
def test_contents_that_stand_in_the_one_file_keep_their_dollars(inline: bool) -> None:
    made = stack(
        app(secrets=(ConfigMount(source="s"),), configs=(ConfigMount(source="c"),)),
        secrets=(FileResource(name="s", file="./secrets/s"),),
        configs=(FileResource(name="c", file="./config/c"),),
        files=(
            File(path="secrets/s", content=b"${S} $$", secret=True),
            File(path="config/c", content=b"${C} $$"),
        ),
    )
    body = written(made, Layout(inline_secrets=inline))[1]
    contents = {"c": "$${C} $$$$"} | ({"s": "$${S} $$$$"} if inline else {})
    assert body["configs"] == {name: {"content": text} for name, text in contents.items()}


def test_values_of_env_are_quoted_for_compose() -> None:
    value = 'a"b\\c$d\ne\tf'
    made = stack(
        app(environment=(EnvVariable(name="X", value="$V"),)),
        settings=(EnvSetting(name="V", value=value),),
    )
    (env,) = (file for file in bundle(made, SPLIT).files if file.path == ".env")
    assert env.content.splitlines()[-1] == rb'V="a\"b\\c\$d\ne\tf"'


class TestDockerCompose:
    """docker compose accepts each of them, in every combination of files."""

    pytestmark = needs_compose

    @pytest.mark.parametrize("layout", [SPLIT, Layout(), Layout(inline_secrets=True)])
    def test_everything_at_once(self, tmp_path: Path, layout: Layout) -> None:
        made = stack(
            app(
                container_name="one",
                replicas=2,
                options={"mem_limit": "1g", "links": ["nope", "other"]},
                secrets=(ConfigMount(source="s", mode="0400"), ConfigMount(source="nope")),
                depends_on=(
                    Dependency(service="tool"),
                    Dependency(service="nope"),
                    Dependency(service="third"),
                ),
                mounts=(Mount(kind="volume", source="d", target="/data"),),
                networks=(NetworkAttachment(network="net"),),
                overlays={
                    ComposeFileRole.PROD: app(
                        resources=ResourceLimits(limits=Limits(memory="2g"))
                    ),
                    ComposeFileRole.DEV: app(ports=(Port(target="80"),)),
                },
            ),
            other(network_mode="host", networks=(NetworkAttachment(network="net"),)),
            Service(
                name="tool",
                image="t:1",
                profiles=("tools",),
                depends_on=(Dependency(service="other"),),
            ),
            Service(name="third", image="t:1", depends_on=(Dependency(service="app"),)),
            secrets=(FileResource(name="s", file="./secrets/s"),),
            files=(File(path="secrets/s", content=b"x", mode=0o444, secret=True),),
        )
        write(tmp_path, bundle(made, layout).files)
        names = sorted(path.name for path in tmp_path.glob("docker-compose*.yml"))
        compose_config(tmp_path, "docker-compose.yml", env={"S": "x"})
        for name in names:
            for profile in ((), ("--profile", "tools")):
                files = dict.fromkeys(("docker-compose.yml", name))
                compose_config(tmp_path, *files, env={"S": "x"}, extra=profile)
