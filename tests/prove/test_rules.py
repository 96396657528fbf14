"""The normalisation rules R1 to R23, each with a pair that counts as equal and one that does not."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from tocompose.prove.command import words_for_recording
from tocompose.prove.compare import compare
from tocompose.prove.difference import Difference, Proof
from tocompose.prove.recording import Container, Recording, Resource

SERVICE, PROJECT, NUMBER = (f"com.docker.compose.{part}" for part in ("service", "project", "container-number"))
ID = "f" * 64


def docker(name: str = "", host: Any = None, ends: Any = None, **config: Any) -> Container:
    number = name or "nameless"
    return Container(f"d-{number}".ljust(64, "0"), name, {"Image": "nginx", **config}, host or {}, ends or {})


def compose(service: str = "web", host: Any = None, ends: Any = None, name: str = "", **config: Any) -> Container:
    labels = {SERVICE: service, PROJECT: "p", NUMBER: "1", **config.pop("Labels", {})}
    body = {"Image": "nginx", **config, "Labels": labels}
    return Container(f"c-{service}".ljust(64, "0"), name or f"p-{service}-1", body, host or {}, ends or {})


def differences(asked: Container | Recording, given: Container | Recording) -> tuple[Difference, ...]:
    left = asked if isinstance(asked, Recording) else Recording((asked,))
    right = given if isinstance(given, Recording) else Recording((given,))
    return Proof(*compare(left, right._replace(project="p"))).differences


def fields(asked: Container | Recording, given: Container | Recording) -> list[str]:
    return [one.field for one in differences(asked, given)]


class Rule(NamedTuple):
    """A rule: docker's side, a Compose side that is equal, one that is not, and the field that tells."""

    rule: str
    asked: Container | Recording
    equal: Container | Recording
    unequal: Container | Recording
    field: str


def host(**fields: Any) -> tuple[Container, Container]:
    return docker(host=fields), compose(host=fields)


def both(*containers: Container, **more: Any) -> Recording:
    return Recording(containers, **more)


NFS = {"Driver": "local", "DriverOpts": {"type": "nfs"}}
FIRST = docker("first", Image="redis")
SECOND = compose("first", name="first", Image="redis")

RULES = [
    Rule(
        "R1", docker(), compose(Labels={"com.docker.compose.image": "x"}), compose(Labels={"mine": "x"}), "Labels.mine"
    ),
    Rule(
        "R2",
        docker(host={"Binds": ["data:/d"], "NetworkMode": "net"}, ends={"net": {}}),
        compose(host={"Binds": ["p_data:/d"], "NetworkMode": "p_net"}, ends={"p_net": {}}),
        compose(host={"Binds": ["q_data:/d"], "NetworkMode": "p_net"}, ends={"p_net": {}}),
        "Mounts./d",
    ),
    Rule(
        "R3",
        docker(host={"NetworkMode": "default"}, ends={"default": {}}),
        compose(host={"NetworkMode": "p_default"}, ends={"p_default": {}}),
        compose(host={"NetworkMode": "p_other"}, ends={"p_other": {}}),
        "Networks.other",
    ),
    Rule(
        "R3 explicit aliases",
        docker(host={"NetworkMode": "bridge"}),
        compose(host={"NetworkMode": "p_default"}, ends={"p_default": {"Aliases": ["web", "p-web-1"]}}),
        compose(host={"NetworkMode": "p_default"}, ends={"p_default": {"Aliases": ["web", "extra"]}}),
        "Networks.default.Aliases",
    ),
    Rule(
        "R4",
        docker(ends={"n": {"Aliases": ["web", "al"]}}, host={"NetworkMode": "n"}),
        compose(ends={"p_n": {"Aliases": ["web", "p-web-1", "al"]}}, host={"NetworkMode": "p_n"}),
        compose(ends={"p_n": {"Aliases": ["web", "p-web-1"]}}, host={"NetworkMode": "p_n"}),
        "Networks.n.Aliases",
    ),
    Rule("R5 empty", docker(Cmd=None, User=""), compose(Cmd=[], User=None), compose(Cmd=["x"]), "Config.Cmd"),
    Rule("R5 init", docker(host={"Init": False}), compose(host={"Init": False}), compose(), "HostConfig.Init"),
    Rule("R5 stop", docker(StopTimeout=0), compose(StopTimeout=0), compose(), "Config.StopTimeout"),
    Rule(
        "R5 nested",
        docker(host={"Devices": [{"A": ""}]}),
        compose(host={"Devices": [{}]}),
        compose(),
        "HostConfig.Devices",
    ),
    Rule("R6", docker(AttachStdin=True, OnBuild=["x"]), compose(), compose(OpenStdin=True), "Config.OpenStdin"),
    Rule(
        "R7 any order",
        docker(host={"CapAdd": ["A", "B"], "ExtraHosts": ["a:1", "b:2"]}),
        compose(host={"CapAdd": ["B", "A"], "ExtraHosts": ["b:2", "a:1"]}),
        compose(host={"CapAdd": ["B", "A"], "ExtraHosts": ["b:2", "a:2"]}),
        "HostConfig.ExtraHosts",
    ),
    Rule(
        "R7 last wins",
        docker(Env=["A=1", "A=2", "B=3"]),
        compose(Env=["B=3", "A=2"]),
        compose(Env=["B=3", "A=1"]),
        "Env.A",
    ),
    Rule("R7 kept", docker(Cmd=["a", "b"]), compose(Cmd=["a", "b"]), compose(Cmd=["b", "a"]), "Config.Cmd"),
    Rule(
        "R7 dns",
        docker(host={"Dns": ["1", "2"]}),
        compose(host={"Dns": ["1", "2"]}),
        compose(host={"Dns": ["2", "1"]}),
        "HostConfig.Dns",
    ),
    Rule("R8", docker(Env=["UNSET"]), compose(), compose(Env=["UNSET="]), "Env.UNSET"),
    Rule(
        "R9 bind",
        docker(host={"Binds": ["/a:/b:rw,cached"]}),
        compose(
            host={
                "Mounts": [{"Type": "bind", "Source": "/a", "Target": "/b", "BindOptions": {"CreateMountpoint": True}}]
            }
        ),
        compose(host={"Mounts": [{"Type": "bind", "Source": "/a", "Target": "/b"}]}),
        "Mounts./b",
    ),
    Rule(
        "R9 read-only",
        docker(host={"Binds": ["v:/b:ro"]}),
        compose(host={"Mounts": [{"Type": "volume", "Source": "v", "Target": "/b", "ReadOnly": True}]}),
        compose(host={"Mounts": [{"Type": "volume", "Source": "v", "Target": "/b"}]}),
        "Mounts./b",
    ),
    Rule(
        "R9 anonymous",
        docker(Volumes={"/d": {}}),
        compose(host={"Mounts": [{"Type": "volume", "Target": "/d", "VolumeOptions": {}}]}),
        compose(host={"Mounts": [{"Type": "volume", "Target": "/e"}]}),
        "Mounts./d",
    ),
    Rule(
        "R9 tmpfs",
        docker(host={"Tmpfs": {"/t": "size=1m,mode=0755"}}),
        compose(
            host={"Mounts": [{"Type": "tmpfs", "Target": "/t", "TmpfsOptions": {"SizeBytes": 1048576, "Mode": 0o755}}]}
        ),
        compose(
            host={"Mounts": [{"Type": "tmpfs", "Target": "/t", "TmpfsOptions": {"SizeBytes": 1048577, "Mode": 0o755}}]}
        ),
        "Mounts./t",
    ),
    Rule(
        "R9 driver",
        docker(
            host={
                "Mounts": [
                    {
                        "Type": "volume",
                        "Source": "v",
                        "Target": "/b",
                        "VolumeOptions": {"DriverConfig": {"Name": "local", "Options": {"type": "nfs"}}},
                    }
                ]
            }
        ),
        both(compose(host={"Binds": ["p_v:/b"]}), volumes=(Resource("p_v", NFS),)),
        both(compose(host={"Binds": ["p_v:/b"]}), volumes=(Resource("p_v", {}),)),
        "Mounts./b",
    ),
    Rule(
        "R10 swappiness",
        docker(host={"MemorySwappiness": -1}),
        compose(),
        compose(host={"MemorySwappiness": 0}),
        "HostConfig.MemorySwappiness",
    ),
    Rule(
        "R10 restart",
        docker(host={"RestartPolicy": {"Name": "no", "MaximumRetryCount": 0}}),
        compose(host={"RestartPolicy": {"Name": ""}}),
        compose(host={"RestartPolicy": {"Name": "always"}}),
        "HostConfig.RestartPolicy",
    ),
    Rule(
        "R10 pids",
        docker(host={"PidsLimit": 0}),
        compose(host={"PidsLimit": None}),
        compose(host={"PidsLimit": -1}),
        "HostConfig.PidsLimit",
    ),
    Rule(
        "R10 log",
        docker(host={"LogConfig": {"Type": "", "Config": {}}}),
        compose(host={"LogConfig": None}),
        compose(host={"LogConfig": {"Type": "none"}}),
        "HostConfig.LogConfig",
    ),
    Rule(
        "R10 paths",
        docker(host={"MaskedPaths": []}),
        compose(host={"MaskedPaths": []}),
        compose(),
        "HostConfig.MaskedPaths",
    ),
    Rule(
        "R11 capabilities",
        docker(host={"CapDrop": ["cap_chown"]}),
        compose(host={"CapDrop": ["CHOWN"]}),
        compose(host={"CapDrop": ["KILL"]}),
        "HostConfig.CapDrop",
    ),
    Rule(
        "R11 security",
        docker(host={"SecurityOpt": ["label:type:t"]}),
        compose(host={"SecurityOpt": ["label=type:t"]}),
        compose(host={"SecurityOpt": ["label=type=t"]}),
        "HostConfig.SecurityOpt",
    ),
    Rule("R12", docker(Image="a/b"), compose(Image="docker.io/a/b:latest"), compose(Image="a/b:1"), "Config.Image"),
    Rule(
        "R12 library", docker(), compose(Image="docker.io/library/nginx"), compose(Image="x.io/nginx"), "Config.Image"
    ),
    Rule(
        "R13",
        docker(MacAddress="02:00", host={"NetworkMode": "n"}, ends={"n": {}}),
        compose(host={"NetworkMode": "p_n"}, ends={"p_n": {"MacAddress": "02:00"}}),
        compose(host={"NetworkMode": "p_n"}, ends={"p_n": {"MacAddress": "02:01"}}),
        "Config.MacAddress",
    ),
    Rule("R14 named", docker("web"), compose(name="web"), compose(), "Name"),
    Rule("R14 nameless", docker(), compose(), compose(name="chosen"), "Name"),
    Rule(
        "R15",
        both(FIRST, docker("web", host={"NetworkMode": "container:first"})),
        both(SECOND, compose(name="web", host={"NetworkMode": f"container:{SECOND.id}"})),
        both(SECOND, compose(name="web", host={"NetworkMode": "container:other"})),
        "HostConfig.NetworkMode",
    ),
    Rule(
        "R15 automatic",
        both(docker(Image="redis"), docker("web", host={"VolumesFrom": [docker().id]})),
        both(compose("db", Image="redis"), compose(name="web", host={"VolumesFrom": ["p-db-1"]})),
        both(compose("db", Image="redis"), compose(name="web", host={"VolumesFrom": ["p-db-1:ro"]})),
        "HostConfig.VolumesFrom",
    ),
    Rule(
        "R16",
        both(FIRST, docker("web", host={"Links": ["first:db"]})),
        both(
            SECOND._replace(endpoints={"p_default": {"Aliases": ["db"]}}), compose(name="web", ends={"p_default": {}})
        ),
        both(SECOND._replace(endpoints={"p_default": {}}), compose(name="web", ends={"p_default": {}})),
        "HostConfig.Links",
    ),
    Rule(
        "R16 shared network",
        both(FIRST, docker("web", host={"Links": ["first:first"]})),
        both(SECOND._replace(endpoints={"p_default": {}}), compose(name="web", ends={"p_default": {}})),
        both(
            SECOND._replace(endpoints={"p_back": {}}, host={"NetworkMode": "p_back"}),
            compose(name="web", ends={"p_default": {}}),
        ),
        "HostConfig.Links",
    ),
    Rule("R17", docker()._replace(pulled=True), compose()._replace(pulled=True), compose(), "Pull"),
    Rule(
        "R17 platform",
        docker()._replace(platform="linux/arm64"),
        compose()._replace(platform="linux/arm64", pulled=True),
        compose()._replace(pulled=True),
        "Platform",
    ),
    Rule(
        "R19 bytes",
        docker(host={"Memory": 1024}),
        compose(host={"Memory": 1024}),
        compose(host={"Memory": 1000}),
        "HostConfig.Memory",
    ),
    Rule(
        "R19 mode",
        docker(host={"NetworkMode": "host"}),
        compose(host={"NetworkMode": "host"}),
        compose(host={"NetworkMode": "none"}),
        "HostConfig.NetworkMode",
    ),
    Rule(
        "R20",
        docker(ends={"n": {"IPAMConfig": {"IPv4Address": "1.2.3.4"}, "DriverOpts": None}}, host={"NetworkMode": "n"}),
        compose(
            ends={"p_n": {"IPAMConfig": {"IPv4Address": "1.2.3.4"}, "DriverOpts": {}}}, host={"NetworkMode": "p_n"}
        ),
        compose(ends={"p_n": {"IPAMConfig": {}}}, host={"NetworkMode": "p_n"}),
        "Networks.n.IPAMConfig",
    ),
    Rule(
        "R20 gateway",
        docker(ends={"n": {"GwPriority": 2}}),
        compose(ends={"p_n": {"GwPriority": 2}}),
        compose(ends={"p_n": {}}),
        "Networks.n.GwPriority",
    ),
    Rule(
        "R22 volume",
        docker(host={"Binds": ["v:/d"]}),
        compose(host={"Binds": ["v:/d"]}),
        both(compose(host={"Binds": ["v:/d"]}), external_volumes=("v",)),
        "External.v",
    ),
    Rule(
        "R22 network",
        both(docker(ends={"n": {}}), networks=(Resource("n", {}),)),
        both(compose(ends={"n": {}}), networks=(Resource("n", {}),)),
        both(compose(ends={"n": {}}), external_networks=("n",)),
        "External.n",
    ),
    Rule(
        "R23",
        docker(ExposedPorts={"80": {}}),
        compose(ExposedPorts={"80/tcp": {}}),
        compose(ExposedPorts={"80/udp": {}}),
        "Config.ExposedPorts",
    ),
    Rule(
        "R23 bindings",
        docker(host={"PortBindings": {"80": [{"HostPort": "1"}, {"HostPort": "2"}]}}),
        compose(host={"PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": "2"}, {"HostPort": "1"}]}}),
        compose(host={"PortBindings": {"80/tcp": [{"HostPort": "1"}]}}),
        "HostConfig.PortBindings",
    ),
]


@pytest.mark.parametrize("rule", RULES, ids=[rule.rule for rule in RULES])
def test_rule_lets_the_same_pass_and_holds_a_difference(rule: Rule) -> None:
    assert fields(rule.asked, rule.equal) == []
    assert rule.field in fields(rule.asked, rule.unequal)


def test_r18_rm_is_listed_but_inherent() -> None:
    found = differences(docker(host={"AutoRemove": True}), compose(host={"AutoRemove": False}))
    assert [(one.field, one.inherent, one.accounted) for one in found] == [("HostConfig.AutoRemove", True, True)]
    reverse = differences(docker(), compose(host={"AutoRemove": True}))
    assert [(one.field, one.inherent) for one in reverse] == [("HostConfig.AutoRemove", False)]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("docker run --cidfile /x -d nginx", "run -d nginx"),
        ("docker run -itp 80:80 --cidfile=/x --name a nginx --cidfile y", "run -itp 80:80 --name a nginx --cidfile y"),
        ("docker run -e --cidfile nginx", "run -e --cidfile nginx"),
        ("docker container create -it --rm --cidfile x nginx", "container create -it --rm nginx"),
        ("docker -H tcp://1.2.3.4 --context=x -D run nginx", "run nginx"),
        ("docker network create --cidfile", "network create --cidfile"),
    ],
)
def test_r21_cidfile_and_other_engines_are_left_out(given: str, kept: str) -> None:
    assert words_for_recording(given.split()) == kept.split()


def test_r2_exact_names_are_told_where_wanted() -> None:
    asked = both(docker("web", host={"Binds": ["data:/d"]}))
    given = both(compose(name="web", host={"Binds": ["p_data:/d"]}), project="p")
    assert Proof(*compare(asked, given)).differences == ()
    found = Proof(*compare(asked, given, exact_names=True)).differences
    assert [(one.docker_value["source"], one.compose_value["source"]) for one in found] == [("data", "p_data")]


def test_containers_are_matched_by_name_then_likeness() -> None:
    asked = both(
        docker("b", Image="redis"), docker(Image="nginx", Cmd=["x"]), docker("", Image="nginx")._replace(id=ID)
    )
    given = both(compose("one"), compose("two", Cmd=["x"]), compose("b", name="b", Image="redis"))
    found, _ = compare(asked, given._replace(project="p"))
    assert [match.service for match in found] == ["b", "two", "one"]


def test_a_known_service_decides_the_match() -> None:
    asked = both(docker(Image="nginx"), docker("", Image="redis")._replace(id=ID, group=1))
    given = both(compose("one"), compose("two", Image="redis"))
    found, _ = compare(asked, given._replace(project="p"), {0: "two", 1: "one"})
    assert [match.service for match in found] == ["two", "one"]


def test_a_container_without_counterpart_is_a_difference_on_either_side() -> None:
    found = differences(both(docker("a"), docker("b")), both(compose("a", name="a")))
    assert [(one.container, one.field, one.docker_value, one.compose_value) for one in found] == [
        ("b", "Container", "created", None)
    ]
    found = differences(both(docker("a")), both(compose("a", name="a"), compose("z")))
    assert [(one.container, one.docker_value, one.compose_value) for one in found] == [("z", None, "created")]


def test_networks_that_docker_creates_are_compared() -> None:
    made = {"Driver": "bridge", "IPAM": {"Driver": "default", "Config": [{"Subnet": "10.0.0.0/8"}]}, "Internal": True}
    asked = both(networks=(Resource("n", made),))
    same = both(networks=(Resource("p_n", {"Internal": True, "IPAM": {"Config": [{"Subnet": "10.0.0.0/8"}]}}),))
    assert fields(asked, same) == []
    assert fields(asked, both(networks=(Resource("p_n", {"IPAM": None}),))) == [
        "Network.n.Internal",
        "Network.n.IPAM.Config",
    ]
    assert fields(asked, both()) == ["Network.n"]


def test_volumes_that_docker_creates_must_exist() -> None:
    asked = both(volumes=(Resource("v", {}),))
    assert fields(asked, both(volumes=(Resource("v", {}),))) == []
    assert fields(asked, both()) == ["Volume.v"]
