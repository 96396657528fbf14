"""Containers that were started by hand, converted, removed and made again by docker compose are the same containers."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.images import BUSYBOX, busybox, load
from oracles import CLIENTS, NO_ENGINE, oracles
from tocompose.importers import ImportOptions
from tocompose.pipeline import Options, convert
from tocompose.project import Memory

ENGINE = os.environ.get("TOCOMPOSE_ENGINE", "")
pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(
        not ENGINE or not BUSYBOX.exists() or CLIENTS is None,
        reason=NO_ENGINE,
    ),
]
IMAGE = "tocompose-inspected/full:1"
# Everything that an image can say of its containers.
SETTINGS = (
    "ENV PATH=/bin V=2.0 LANG=C.UTF-8",
    "LABEL maintainer=me org.x.v=1",
    "WORKDIR /srv",
    "USER 101",
    "EXPOSE 80 443/udp",
    "VOLUME /data",
    "HEALTHCHECK --interval=20s --retries=4 CMD true",
    'ENTRYPOINT ["sh", "-c", "exec \\"$@\\"", "--"]',
    'CMD ["sleep", "1000"]',
)
# What is said of each container beside its image; `-- …` is its command.
RUNS = r"""
plain
env -e A=1 -e B= -e 'C=a$b' -e PATH=/bin -e V=2.0
lines -e 'M=a
b'
command -- sleep 500
entry --entrypoint /bin/top
entry-command --entrypoint /bin/sh -- -c 'sleep 600; echo $HOME'
emptied --entrypoint '' -- sleep 99
ports -p 18480:80 -p 127.0.0.1:18481:81 -p 18482-18484:82-84/udp -p 9000
exposed --expose 7000-7002
binds -v tci-data:/var/x -v /srv:/etc/app:ro --tmpfs /run:size=64m,mode=755
bind-long --mount type=bind,src=/srv,dst=/m,readonly
capabilities --cap-add NET_ADMIN --cap-drop ALL --security-opt no-new-privileges --read-only --init
identity --user 1000:1000 --workdir /w --hostname h1.example.org --domainname example.org
names --dns 1.1.1.1 --dns-search lan --dns-option ndots:2 --add-host db.local:10.0.0.5 --add-host gw:host-gateway
limits --group-add 44 --ulimit nofile=1024:2048 --sysctl net.core.somaxconn=1024 --shm-size 128m
stop --stop-timeout 45 --stop-signal SIGQUIT
log --log-opt max-size=5m --log-opt max-file=2
silent --log-driver none
check --health-cmd 'test -f /tmp/ok || exit 1' --health-interval 7s --health-retries 5
check-part --health-interval 9s
unchecked --no-healthcheck
restart --restart on-failure:3
restart-always --restart unless-stopped
device --device /dev/null:/dev/xnull:r -it
processor --cpu-shares 512 --memory 64m --memory-reservation 32m
swap --memory 64m --memory-swap -1 --oom-score-adj 100
host --network host
alone --network none
network --network tci-net --network-alias front --ip 10.88.9.9
joined --network container:tci-plain
labels -l a=b -l 'rule=Host(`x.example.org`)' -l maintainer=me -l empty= -l 'x=${Y}'
shared --ipc shareable
unconfined --security-opt seccomp=unconfined --security-opt systempaths=unconfined
same -u 101 -w /srv -e LANG=C.UTF-8
group --device-cgroup-rule 'c 42:* rmw' --cpuset-cpus 0
terminal -t
namespaces --pid host --uts host
privileged --privileged
annotated --pids-limit 77
"""


def docker(*words: str) -> str:
    command = ["docker", *words]
    environment = {**os.environ, "DOCKER_HOST": ENGINE}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, f"{words[:4]}: {done.stderr[-500:]}"
    return done.stdout


def runs() -> Iterator[tuple[str, list[str], list[str]]]:
    """Each container's name, its flags, its command."""
    words = shlex.split(RUNS.replace("\n", " \x00 ").replace("=a \x00 b", "=a\nb"))
    line: list[str] = []
    for word in [*words, "\x00"]:
        if word != "\x00":
            line.append(word)
        elif line:
            end = line.index("--") if "--" in line else len(line)
            yield f"tci-{line[0]}", line[1:end], line[end + 1 :]
            line = []


def inspected(names: list[str]) -> dict[str, Any]:
    return {one["Name"][1:]: one for one in json.loads(docker("inspect", *names))}


# Where the daemon keeps things, and what only the client that made the container tells.
VOLATILE = {
    "ContainerIDFile",
    "ConsoleSize",
    "Mounts",
    "Binds",
    "NetworkMode",
    "Links",
    "VolumesFrom",
}


def comparable(one: Any) -> dict[str, Any]:
    """What the container is, without ids, dates and what the engine chose."""
    config, host = one["Config"], one["HostConfig"]
    shown = {
        f"Config.{key}": value
        for key, value in config.items()
        if key
        not in (
            "Hostname",
            "Env",
            "Labels",
            "AttachStdout",
            "AttachStderr",
            "AttachStdin",
            "StdinOnce",
        )
    }
    shown |= {
        f"HostConfig.{key}": value for key, value in host.items() if key not in VOLATILE
    }
    shown["HostConfig.RestartPolicy"] = (
        host["RestartPolicy"]["Name"] or "no",
        host["RestartPolicy"]["MaximumRetryCount"],
    )
    for key in ("CapAdd", "CapDrop", "SecurityOpt", "Ulimits", "ExtraHosts"):
        shown[f"HostConfig.{key}"] = sorted(map(str, host[key] or ()))
    if not host["Memory"]:
        # Without a memory controller the engine forgets the limit and keeps -1 of its own.
        shown.pop("HostConfig.MemorySwap")
    shown["Config.Env"] = sorted(config["Env"])
    labels = config["Labels"] or {}
    shown["Config.Labels"] = {
        name: value
        for name, value in labels.items()
        if not name.startswith("com.docker.compose.")
    }
    is_own = not one["Id"].startswith(config["Hostname"] or one["Id"])
    shown["Config.Hostname"] = (
        config["Hostname"] if is_own and host["NetworkMode"] != "host" else ""
    )
    shown["Mounts"] = sorted(
        (
            mount["Type"],
            mount["Destination"],
            mount["RW"],
            len(mount.get("Name", "")) == 64 or mount["Source"],
        )
        for mount in one["Mounts"]
    )
    service = labels.get("com.docker.compose.service")
    shown["Networks"] = {
        name: (
            sorted(
                set(place["Aliases"] or ()) - {one["Id"][:12], one["Name"][1:], service}
            ),
            (place["IPAMConfig"] or {}).get("IPv4Address"),
        )
        for name, place in one["NetworkSettings"]["Networks"].items()
    }
    return {
        key: value
        for key, value in shown.items()
        if value not in (None, "", 0, False, [], {})
    }


@pytest.fixture(name="containers")
def _containers() -> Iterator[dict[str, Any]]:
    load(ENGINE, busybox(), IMAGE, *SETTINGS)
    docker("network", "create", "--subnet", "10.88.9.0/24", "tci-net")
    names = []
    try:
        for name, flags, command in runs():
            docker("create", "--name", name, *flags, IMAGE, *command)
            names.append(name)
        yield inspected(names)
    finally:
        docker("rm", "-f", "-v", *names)
        docker("network", "rm", "tci-net")


def test_what_compose_makes_again_is_the_same(
    containers: dict[str, Any], tmp_path: Path
) -> None:
    assert len(containers) >= 39
    objects = [
        *containers.values(),
        *json.loads(docker("image", "inspect", IMAGE)),
        *json.loads(docker("network", "inspect", "tci-net")),
        *json.loads(docker("volume", "inspect", "tci-data")),
    ]
    options = Options(source="engine", practices="none", settings=ImportOptions(name="tci"))
    result = convert(Memory({"inspect.json": json.dumps(objects).encode()}), options)
    file = tmp_path / "docker-compose.yml"
    file.write_bytes(result.files[0].content)
    docker("rm", "-f", *containers)
    compose = [oracles().compose, "-p", "tci", "-f", str(file)]
    environment = {**os.environ, "DOCKER_HOST": ENGINE}
    made = subprocess.run(
        [*compose, "create"], env=environment, capture_output=True, text=True
    )
    try:
        assert made.returncode == 0, made.stderr[-1000:]
        again = inspected(list(containers))
        identity = containers["tci-plain"]["Id"]
        differing = {
            name: {
                key: (old.get(key), new.get(key))
                for key in old.keys() | new.keys()
                if old.get(key) != new.get(key)
            }
            for name in containers
            if (old := comparable(containers[name])) != (new := comparable(again[name]))
        }
        assert differing == {}
        shared = again["tci-joined"]["HostConfig"]["NetworkMode"]
        assert shared != f"container:{identity}" and shared.startswith("container:")
    finally:
        subprocess.run([*compose, "down", "-v"], env=environment, capture_output=True)
