"""Containers of podman that were started by hand, converted, and made again by docker compose on podman's socket.

A measurement, not a test: `python tests/engine_source/podman_roundtrip.py` needs podman and a static busybox, starts
podman's service for as long as it runs, and prints what differs, by inspect and by the socket.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import oracles
from engine.images import BUSYBOX
from tocompose.importers import ImportOptions
from tocompose.pipeline import Options, convert
from tocompose.project import Memory

IMAGE = "localhost/tcp-full:1"
SETTINGS = (
    "ENV V=2.0",
    "LABEL maintainer=me",
    "WORKDIR /srv",
    "EXPOSE 80",
    'CMD ["sleep", "1000"]',
)
RUNS = r"""
plain
env -e A=1 -e B= -e 'C=a$b' -e V=2.0
command -- sleep 500
entry --entrypoint /bin/sleep -- 600
ports -p 18580:80 -p 127.0.0.1:18581:81 -p 18582-18584:82-84/udp
binds -v tcp-data:/var/x -v /srv:/etc/app:ro --tmpfs /run:size=64m,mode=755
mounts --mount type=bind,src=/srv,dst=/m,readonly
capabilities --cap-add NET_ADMIN --cap-drop ALL --security-opt no-new-privileges --read-only
identity --user 1000:1000 --workdir /w --hostname h1.example.org
names --dns 1.1.1.1 --dns-search lan --dns-option ndots:2 --add-host db.local:10.0.0.5
limits --group-add 44 --ulimit nofile=1024:2048 --sysctl net.core.somaxconn=1024 --shm-size 128m --pids-limit 77
stop --stop-timeout 45 --stop-signal SIGQUIT
log --log-driver k8s-file
check --health-cmd 'test -f /tmp/ok' --health-interval 7s --health-retries 5
restart --restart on-failure:3
always --restart always
device --device /dev/null:/dev/xnull:r -it
host --network host
alone --network none
network --network tcp-net --network-alias front --ip 10.89.99.9
labels -l a=b -l 'rule=Host(`x.example.org`)' -l 'x=${Y}'
memory --memory 64m --cpu-shares 512
namespaces --pid host --ipc host
privileged --privileged
"""
# What podman decides, or what only the client that made the container tells.
VOLATILE = frozenset(
    (
        "ContainerIDFile ConsoleSize Binds NetworkMode CgroupParent LogConfig "
        "Cgroups Cgroup CgroupManager CgroupMode ConmonPidFile OomScoreAdj"
    ).split()
)


def podman(*words: str) -> str:
    """What podman prints; raises where it fails."""
    ran = subprocess.run(["podman", *words], capture_output=True, text=True, check=False)
    if ran.returncode:
        raise RuntimeError(f"podman {shlex.join(words)}: {ran.stderr[-400:]}")
    return ran.stdout


def runs() -> Iterator[tuple[str, list[str], list[str]]]:
    """Each container's name, its flags, its command."""
    for line in RUNS.strip().splitlines():
        name, *words = shlex.split(line)
        end = words.index("--") if "--" in words else len(words)
        yield f"tcp-{name}", words[:end], words[end + 1 :]


def comparable(container: dict[str, Any]) -> dict[str, Any]:
    """What the container is, without ids, dates and what podman chose."""
    config, host = container["Config"], container["HostConfig"]
    shown = {
        f"Config.{key}": config.get(key)
        for key in ("Cmd", "Entrypoint", "User", "WorkingDir", "StopSignal", "Tty")
    }
    shown["Config.Env"] = sorted(
        pair
        for pair in config["Env"]
        if pair.partition("=")[0] not in ("HOSTNAME", "container", "TERM", "HOME")
    )
    shown["Config.Labels"] = {
        name: text
        for name, text in (config["Labels"] or {}).items()
        if not name.startswith("com.docker.compose.")
    }
    is_own = not container["Id"].startswith(config["Hostname"] or container["Id"])
    shown["Config.Hostname"] = config["Hostname"] if is_own else ""
    shown["Config.Healthcheck"] = config.get("Healthcheck")
    # podman's own client says 10 where nothing was said, its socket nothing.
    timeout = config.get("StopTimeout")
    shown["Config.StopTimeout"] = None if timeout == 10 else timeout
    shown |= {
        f"HostConfig.{key}": text for key, text in host.items() if key not in VOLATILE
    }
    shown["EffectiveCaps"] = sorted(container["EffectiveCaps"] or ())
    shown["Mounts"] = sorted(
        (mount["Type"], mount["Destination"], mount["RW"], mount.get("Source", ""))
        for mount in container["Mounts"]
    )
    return {key: text for key, text in shown.items() if text not in (None, "", 0, [], {})}


def inspected(names: list[str]) -> dict[str, Any]:
    """What podman says of the containers."""
    return {one["Name"]: one for one in json.loads(podman("inspect", *names))}


@contextmanager
def service(folder: Path) -> Iterator[str]:
    """podman's socket, answering for as long as it is needed."""
    address = f"unix://{folder}/podman.sock"
    running = subprocess.Popen(["podman", "system", "service", "--time=0", address])
    try:
        while not (folder / "podman.sock").exists():
            time.sleep(0.1)
        yield address
    finally:
        running.terminate()
        running.wait()


def objects_of(names: list[str]) -> list[Any]:
    """Containers, image, network and volume as `podman inspect` shows them."""
    objects = json.loads(podman("inspect", *names))
    for command in (
        ("image", "inspect", IMAGE),
        ("network", "inspect", "tcp-net"),
        ("volume", "inspect", "tcp-data"),
    ):
        objects += json.loads(podman(*command))
    return objects


def by_inspect(names: list[str], _: str) -> bytes:
    """The compose file of what `podman inspect` prints."""
    return converted(objects_of(names))


def by_fields(names: list[str], _: str) -> bytes:
    """The same without the command lines that podman keeps."""
    objects = objects_of(names)
    for one in objects:
        one.get("Config", {}).pop("CreateCommand", None)
    return converted(objects)


def converted(objects: list[Any]) -> bytes:
    """The compose file of the objects."""
    options = Options(source="engine", practices="none", settings=ImportOptions(name="tcp"))
    content = json.dumps(objects).encode()
    return convert(Memory({"inspect.json": content}), options).files[0].content


def by_socket(names: list[str], address: str) -> bytes:
    """The compose file that `tocompose engine` makes of what podman's socket says."""
    command = [sys.executable, "-m", "tocompose", "engine", "--host", address]
    ran = subprocess.run(
        [*command, "--name", "tcp", "--practices", "none", "--one-stack", *names],
        capture_output=True,
        check=False,
    )
    if ran.returncode:
        raise RuntimeError(ran.stderr.decode()[-400:])
    return ran.stdout


def made_again(text: bytes, address: str, folder: Path) -> None:
    """Lets docker compose make the containers of a file on podman's socket."""
    file = folder / "docker-compose.yml"
    file.write_bytes(text)
    ran = subprocess.run(
        [oracles.binary("docker-compose"), "-p", "tcp", "-f", str(file), "create"],
        env={**os.environ, "DOCKER_HOST": address},
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        raise RuntimeError(ran.stderr[-1500:])


def print_differences(way: str, first: dict[str, Any], again: dict[str, Any]) -> None:
    """What is not the same, container by container."""
    same = 0
    for name, container in first.items():
        old, new = comparable(container), comparable(again[name])
        keys = [key for key in old.keys() | new.keys() if old.get(key) != new.get(key)]
        same += not keys
        for key in keys:
            print(f"{way}: {name}: {key}: {old.get(key)} → {new.get(key)}")
    print(f"{way}: {same} of {len(first)} the same")


def main() -> None:
    """Starts the containers, converts them, makes them again, and cleans up."""
    folder = Path(tempfile.mkdtemp())
    (folder / "busybox").write_bytes(BUSYBOX.read_bytes())
    (folder / "busybox").chmod(0o755)
    links = "RUN " + " && ".join(
        f"/bin/busybox ln -s busybox /bin/{name}" for name in ("sh", "sleep", "test")
    )
    lines = ["FROM scratch", "COPY busybox /bin/busybox", f"{links.replace('RUN ', '# ')}"]
    (folder / "Dockerfile").write_text("\n".join([*lines, *SETTINGS]) + "\n")
    podman("build", "-q", "-t", IMAGE, str(folder))
    names = [name for name, _, _ in runs()]
    ways = {"inspect": by_inspect, "fields": by_fields, "socket": by_socket}
    podman("network", "create", "--subnet", "10.89.99.0/24", "tcp-net")
    try:
        with service(folder) as address:
            for way, read in ways.items():
                for name, flags, command in runs():
                    podman("create", "--name", name, *flags, IMAGE, *command)
                first = inspected(names)
                text = read(names, address)
                podman("rm", "-f", *names)
                made_again(text, address, folder)
                print_differences(way, first, inspected(names))
                podman("rm", "-f", *names)
    finally:
        podman("rm", "-f", "--ignore", *names)
        podman("network", "rm", "-f", "tcp-net")
        podman("volume", "rm", "-f", "tcp-data")
        podman("rmi", "-f", IMAGE)


if __name__ == "__main__":
    main()
