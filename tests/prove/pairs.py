"""The normalisation rules R1 to R23: for each a pair that counts as equal and one that does not."""

from __future__ import annotations

from typing import Any, NamedTuple

from tocompose.prove.recording import EngineResource, RecordedContainer, Recording

SERVICE, PROJECT, NUMBER = (
    f"com.docker.compose.{part}" for part in ("service", "project", "container-number")
)


def docker(
    name: str = "", host: Any = None, ends: Any = None, **config: Any
) -> RecordedContainer:
    number = name or "nameless"
    return RecordedContainer(
        f"d-{number}".ljust(64, "0"),
        name,
        {"Image": "nginx", **config},
        host or {},
        ends or {},
    )


def compose(
    service: str = "web", host: Any = None, ends: Any = None, name: str = "", **config: Any
) -> RecordedContainer:
    labels = {SERVICE: service, PROJECT: "p", NUMBER: "1", **config.pop("Labels", {})}
    body = {"Image": "nginx", **config, "Labels": labels}
    return RecordedContainer(
        f"c-{service}".ljust(64, "0"),
        name or f"p-{service}-1",
        body,
        host or {},
        ends or {},
    )


class Rule(NamedTuple):
    """A rule: docker's side, a Compose side that is equal, one that is not, and the field that tells."""

    rule: str
    asked: RecordedContainer | Recording
    equal: RecordedContainer | Recording
    unequal: RecordedContainer | Recording
    field: str


def both(*containers: RecordedContainer, **more: Any) -> Recording:
    return Recording(containers, **more)


NFS = {"Driver": "local", "DriverOpts": {"type": "nfs"}}
FIRST = docker("first", Image="redis")
SECOND = compose("first", name="first", Image="redis")

RULES = [
    Rule(
        "R1",
        docker(),
        compose(Labels={"com.docker.compose.image": "x"}),
        compose(Labels={"mine": "x"}),
        "Labels.mine",
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
        compose(
            host={"NetworkMode": "p_default"},
            ends={"p_default": {"Aliases": ["web", "p-web-1"]}},
        ),
        compose(
            host={"NetworkMode": "p_default"},
            ends={"p_default": {"Aliases": ["web", "extra"]}},
        ),
        "Networks.default.Aliases",
    ),
    Rule(
        "R4",
        docker(ends={"n": {"Aliases": ["web", "al"]}}, host={"NetworkMode": "n"}),
        compose(
            ends={"p_n": {"Aliases": ["web", "p-web-1", "al"]}}, host={"NetworkMode": "p_n"}
        ),
        compose(ends={"p_n": {"Aliases": ["web", "p-web-1"]}}, host={"NetworkMode": "p_n"}),
        "Networks.n.Aliases",
    ),
    Rule(
        "R5 empty",
        docker(Cmd=None, User=""),
        compose(Cmd=[], User=None),
        compose(Cmd=["x"]),
        "Config.Cmd",
    ),
    Rule(
        "R5 init",
        docker(host={"Init": False}),
        compose(host={"Init": False}),
        compose(),
        "HostConfig.Init",
    ),
    Rule(
        "R5 stop",
        docker(StopTimeout=0),
        compose(StopTimeout=0),
        compose(),
        "Config.StopTimeout",
    ),
    Rule(
        "R5 nested",
        docker(host={"Devices": [{"A": ""}]}),
        compose(host={"Devices": [{}]}),
        compose(),
        "HostConfig.Devices",
    ),
    Rule(
        "R6",
        docker(AttachStdin=True, OnBuild=["x"]),
        compose(),
        compose(OpenStdin=True),
        "Config.OpenStdin",
    ),
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
    Rule(
        "R7 kept",
        docker(Cmd=["a", "b"]),
        compose(Cmd=["a", "b"]),
        compose(Cmd=["b", "a"]),
        "Config.Cmd",
    ),
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
                "Mounts": [
                    {
                        "Type": "bind",
                        "Source": "/a",
                        "Target": "/b",
                        "BindOptions": {"CreateMountpoint": True},
                    }
                ]
            }
        ),
        compose(host={"Mounts": [{"Type": "bind", "Source": "/a", "Target": "/b"}]}),
        "Mounts./b",
    ),
    Rule(
        "R9 read-only",
        docker(host={"Binds": ["v:/b:ro"]}),
        compose(
            host={
                "Mounts": [
                    {"Type": "volume", "Source": "v", "Target": "/b", "ReadOnly": True}
                ]
            }
        ),
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
            host={
                "Mounts": [
                    {
                        "Type": "tmpfs",
                        "Target": "/t",
                        "TmpfsOptions": {"SizeBytes": 1048576, "Mode": 0o755},
                    }
                ]
            }
        ),
        compose(
            host={
                "Mounts": [
                    {
                        "Type": "tmpfs",
                        "Target": "/t",
                        "TmpfsOptions": {"SizeBytes": 1048577, "Mode": 0o755},
                    }
                ]
            }
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
                        "VolumeOptions": {
                            "DriverConfig": {"Name": "local", "Options": {"type": "nfs"}}
                        },
                    }
                ]
            }
        ),
        both(compose(host={"Binds": ["p_v:/b"]}), volumes=(EngineResource("p_v", NFS),)),
        both(compose(host={"Binds": ["p_v:/b"]}), volumes=(EngineResource("p_v", {}),)),
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
    Rule(
        "R12",
        docker(Image="a/b"),
        compose(Image="docker.io/a/b:latest"),
        compose(Image="a/b:1"),
        "Config.Image",
    ),
    Rule(
        "R12 library",
        docker(),
        compose(Image="docker.io/library/nginx"),
        compose(Image="x.io/nginx"),
        "Config.Image",
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
        both(
            compose("db", Image="redis"),
            compose(name="web", host={"VolumesFrom": ["p-db-1"]}),
        ),
        both(
            compose("db", Image="redis"),
            compose(name="web", host={"VolumesFrom": ["p-db-1:ro"]}),
        ),
        "HostConfig.VolumesFrom",
    ),
    Rule(
        "R16",
        both(FIRST, docker("web", host={"Links": ["first:db"]})),
        both(
            SECOND._replace(endpoints={"p_default": {"Aliases": ["db"]}}),
            compose(name="web", ends={"p_default": {}}),
        ),
        both(
            SECOND._replace(endpoints={"p_default": {}}),
            compose(name="web", ends={"p_default": {}}),
        ),
        "HostConfig.Links",
    ),
    Rule(
        "R16 shared network",
        both(FIRST, docker("web", host={"Links": ["first:first"]})),
        both(
            SECOND._replace(endpoints={"p_default": {}}),
            compose(name="web", ends={"p_default": {}}),
        ),
        both(
            SECOND._replace(endpoints={"p_back": {}}, host={"NetworkMode": "p_back"}),
            compose(name="web", ends={"p_default": {}}),
        ),
        "HostConfig.Links",
    ),
    Rule(
        "R17",
        docker()._replace(pulled=True),
        compose()._replace(pulled=True),
        compose(),
        "Pull",
    ),
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
        docker(
            ends={"n": {"IPAMConfig": {"IPv4Address": "1.2.3.4"}, "DriverOpts": None}},
            host={"NetworkMode": "n"},
        ),
        compose(
            ends={"p_n": {"IPAMConfig": {"IPv4Address": "1.2.3.4"}, "DriverOpts": {}}},
            host={"NetworkMode": "p_n"},
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
        both(docker(ends={"n": {}}), networks=(EngineResource("n", {}),)),
        both(compose(ends={"n": {}}), networks=(EngineResource("n", {}),)),
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
        compose(
            host={
                "PortBindings": {
                    "80/tcp": [{"HostIp": "", "HostPort": "2"}, {"HostPort": "1"}]
                }
            }
        ),
        compose(host={"PortBindings": {"80/tcp": [{"HostPort": "1"}]}}),
        "HostConfig.PortBindings",
    ),
]
