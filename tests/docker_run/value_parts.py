"""Values of flags put together of their parts: for each flag of docker run every part of its grammar, combined."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from itertools import chain, product
from typing import NamedTuple

TOKEN = re.compile(r"[A-Za-z0-9]+")


class Flag(NamedTuple):
    """A flag with the parts of its value in their order; `many` may stand several times in one command.

    `<n>` in a part is a number of its own for each value, so that targets and names do not meet.
    """

    name: str
    parts: tuple[tuple[str, ...], ...]
    many: bool = False

    def values(self) -> Iterator[str]:
        """Each combination of the parts."""
        for number, chosen_parts in enumerate(product(*self.parts)):
            yield "".join(chosen_parts).replace("<n>", str(number))


def _parts(*texts: str) -> tuple[str, ...]:
    return texts


_NUMBERS = _parts("7", "1000")
_TIMES = _parts("0s", "90s", "1m30s", "1500ms", "2h", "1h2m3s")
_RATES = _parts("4096", "8kb", "1mb", "2g")

FLAGS = (
    Flag(
        "--add-host",
        (
            _parts("db<n>", "a.b-<n>.c", "x_<n>"),
            _parts(":", "="),
            _parts("10.0.0.9", "host-gateway", "::1", "[fe80::1]"),
        ),
        True,
    ),
    Flag(
        "--annotation",
        (
            _parts("a<n>", "org.acme/b<n>", "k8s.v1/<n>", "A-<n>"),
            _parts("=", "=x", "=x=y", "=two words", "=a,b", "=1", "=true", "=[1]"),
        ),
        True,
    ),
    Flag("--blkio-weight", (_parts("10", "500", "1000"),)),
    Flag(
        "--blkio-weight-device", (_parts("/dev/sd<n>:"), _parts("10", "500", "999")), True
    ),
    Flag("--cap-add", (_parts("NET_ADMIN", "CAP_SYS_PTRACE", "net_raw", "ALL"),), True),
    Flag("--cap-drop", (_parts("MKNOD", "CAP_CHOWN", "setuid"),), True),
    Flag("--cgroup-parent", (_parts("/acme", "acme.slice", "/a/b"),)),
    Flag("--cgroupns", (_parts("host", "private"),)),
    Flag("--cpu-period", (_parts("50000", "100000"),)),
    Flag("--cpu-quota", (_parts("-1", "25000"),)),
    Flag("--cpu-rt-period", (_parts("900000"),)),
    Flag("--cpu-rt-runtime", (_parts("100000"),)),
    Flag("--cpu-shares", (_parts("2", "512", "1024"),)),
    Flag("--cpus", (_parts("", "1", "2"), _parts(".5", ".25"))),
    Flag("--cpuset-cpus", (_parts("0", "0-3", "0,2", "0-1,3"),)),
    Flag(
        "--device",
        (
            _parts(
                "/dev/snd/<n>",
                "/dev/a<n>",
                "/dev/bus/usb/<n>",
                "/dev/tty<n>",
                "/dev/d/by-id/<n>-0",
            ),
            _parts("", ":/dev/b<n>", ":/dev/c/d<n>", ":/e<n>"),
            _parts("", ":r", ":rw", ":rwm", ":mr", ":w", ":m", ":wm"),
        ),
        True,
    ),
    Flag(
        "--device",
        (_parts("vendor.com/"), _parts("gpu=", "net="), _parts("0", "all", "a<n>")),
        True,
    ),
    Flag(
        "--device-cgroup-rule",
        (
            _parts("c ", "b ", "a "),
            _parts("1:3 ", "*:* ", "10:* "),
            _parts("r", "rwm", "mr"),
        ),
        True,
    ),
    Flag("--device-read-bps", (_parts("/dev/sd<n>:"), _RATES), True),
    Flag("--device-write-bps", (_parts("/dev/sd<n>:"), _RATES), True),
    Flag("--device-read-iops", (_parts("/dev/sd<n>:"), _NUMBERS), True),
    Flag("--device-write-iops", (_parts("/dev/sd<n>:"), _NUMBERS), True),
    Flag("--dns", (_parts("1.1.1.1", "8.8.4.4", "2606:4700::1"),), True),
    Flag("--dns-option", (_parts("ndots", "timeout"), _parts(":1", ":4")), True),
    Flag("--dns-search", (_parts("a<n>.example", "corp", "."),), True),
    Flag("--domainname", (_parts("example.com", "corp"),)),
    Flag("--entrypoint", (_parts("/bin/run", "sh", "a b", '["a","b"]'),)),
    Flag(
        "--env",
        (
            _parts(
                "A<n>",
                "a.b<n>",
                "_<n>",
                "a-b<n>",
                "Ab_c<n>",
                "x.y-z<n>",
                "N<n>",
                "n_<n>",
                "http_proxy<n>",
            ),
            _parts(
                "=",
                "=1",
                "=-1",
                "=true",
                "=%d",
                "=a;b",
                "=https://u@h:1/p?q=1&r",
                "=*",
                "=~",
                "=é",
                "=a=b",
                "= x ",
                "=a,b",
                "=#no",
                "='q'",
                '="q"',
                "=a\nb",
                "=a:b",
            ),
        ),
        True,
    ),
    Flag(
        "--expose",
        (_parts("8<n>", "90<n>", "300<n>"), _parts("", "/tcp", "/udp", "/sctp")),
        True,
    ),
    Flag("--expose", (_parts("70<n>0-70<n>2"), _parts("", "/udp")), True),
    Flag(
        "--gpus",
        (
            _parts(
                "all", "2", "count=3", "device=0", '"device=0,2"', "driver=nvidia,count=all"
            ),
            _parts(
                "",
                ",capabilities=utility",
                ',"capabilities=compute,utility"',
                ",options=a=b",
                ',"options=a=b,c=d"',
            ),
        ),
    ),
    Flag("--group-add", (_parts("audio", "999", "a<n>"),), True),
    Flag(
        "--health-cmd",
        (_parts("curl -f localhost", "/up", "a && b || exit 1", '["a"]', "x '$y'"),),
    ),
    Flag("--health-interval", (_TIMES[1:],)),
    Flag("--health-retries", (_parts("1", "12"),)),
    Flag("--health-start-interval", (_TIMES[1:],)),
    Flag("--health-start-period", (_TIMES[1:],)),
    Flag("--health-timeout", (_TIMES[1:],)),
    Flag("--hostname", (_parts("h<n>", "h.example"),)),
    Flag("--ipc", (_parts("host", "none", "private", "shareable", "container:other"),)),
    Flag(
        "--label",
        (
            _parts(
                "l<n>",
                "org.acme.l<n>",
                "a/b-<n>",
                "traefik.http.l<n>.rule",
                "com.docker.l<n>",
                "L_<n>",
                "x-y.l<n>",
            ),
            _parts(
                "",
                "=",
                "=x",
                "=yes",
                "=0x1",
                "=1.0",
                "=a: b",
                "=null",
                "=Host(`a.b`)",
                "=- a",
                "=x=y",
                '={"a": 1}',
                "=a`b`",
                "=a,b",
            ),
        ),
        True,
    ),
    Flag("--log-driver", (_parts("json-file", "local", "acme/log:1"),)),
    Flag(
        "--log-opt",
        (
            _parts("k<n>", "max-size<n>", "tag.<n>", "a-b<n>"),
            _parts(
                "=",
                "=10m",
                "=3",
                "=true",
                "=a,b",
                "=a=b",
                "={{.Name}}/{{.ID}}",
                "=udp://10.0.0.1:514",
            ),
        ),
        True,
    ),
    Flag("--memory", (_parts("64m", "67108864", "65536k", "1g", "1.5g", "256MB"),)),
    Flag("--memory-reservation", (_parts("32m", "1024k", "10485760"),)),
    Flag("--memory-swap", (_parts("-1", "2g", "3221225472"),)),
    Flag("--memory-swappiness", (_parts("1", "60", "100"),)),
    Flag(
        "--mount",
        (
            _parts(
                "type=bind,",
                "type=bind,bind-propagation=rslave,",
                "type=bind,bind-recursive=disabled,",
                "type=bind,bind-propagation=rshared,consistency=cached,",
            ),
            _parts("source=", "src="),
            _parts("/srv/<n>,", "/a b/<n>,"),
            _parts("target=", "dst=", "destination="),
            _parts("/m<n>"),
            _parts("", ",readonly", ",ro=false", ",readonly=1"),
        ),
        True,
    ),
    Flag(
        "--mount",
        (
            _parts("", "type=volume,"),
            _parts("", "source=mv<n>,", "src=w-<n>,"),
            _parts("target=/n<n>", "dst=/n/m<n>"),
            _parts(
                "",
                ",readonly",
                ",volume-nocopy",
                ",volume-nocopy=false",
                ",volume-label=a=b",
                ",volume-driver=local,volume-opt=type=nfs",
                ",volume-subpath=x/y",
                ',"volume-opt=o=addr=1,rw"',
            ),
        ),
        True,
    ),
    Flag(
        "--mount",
        (
            _parts("type=tmpfs,"),
            _parts("target=/o<n>", "dst=/p/<n>"),
            _parts(
                "",
                ",tmpfs-size=64m",
                ",tmpfs-size=1048576",
                ",tmpfs-size=1g",
                ",tmpfs-size=512k",
            ),
            _parts("", ",tmpfs-mode=1777", ",tmpfs-mode=0700", ",tmpfs-mode=750"),
            _parts("", ",ro"),
        ),
        True,
    ),
    Flag(
        "--mount",
        (
            _parts("type=image,source=acme/data:1,target=/i<n>"),
            _parts("", ",image-subpath=a/b"),
        ),
        True,
    ),
    Flag("--oom-score-adj", (_parts("-500", "0", "900"),)),
    Flag("--pid", (_parts("host", "container:other"),)),
    Flag("--pids-limit", (_parts("-1", "100", "0"),)),
    Flag("--platform", (_parts("linux", "linux/amd64", "linux/arm/v7"),)),
    Flag(
        "--publish",
        (
            _parts(
                "",
                "1<n>:",
                "127.0.0.1:2<n>:",
                "127.0.0.1::",
                "0.0.0.0::",
                "[::1]::",
                "[::1]:3<n>:",
                "0.0.0.0:4<n>:",
                "[::]:3<n>:",
            ),
            _parts("8<n>", "5<n>", "1<n>", "9<n>"),
            _parts("", "/tcp", "/udp", "/sctp"),
        ),
        True,
    ),
    Flag(
        "--publish",
        (
            _parts("", "127.0.0.1:"),
            _parts(
                "5<n>0-5<n>2:90-92", "6<n>0-6<n>9:90", "7<n>:91", "8<n>0-8<n>1:7<n>0-7<n>1"
            ),
            _parts("", "/udp"),
        ),
        True,
    ),
    Flag("--pull", (_parts("always", "missing", "never"),)),
    Flag(
        "--restart",
        (_parts("no", "always", "unless-stopped", "on-failure", "on-failure:3"),),
    ),
    Flag("--runtime", (_parts("runc", "runsc"),)),
    Flag(
        "--security-opt",
        (
            _parts(
                "no-new-privileges",
                "no-new-privileges=true",
                "no-new-privileges:false",
                "apparmor=unconfined",
                "seccomp=unconfined",
                "label=disable",
                "label=type:svirt_t",
                "label:user:u",
                "systempaths=unconfined",
            ),
        ),
        True,
    ),
    Flag("--shm-size", (_parts("64m", "1g", "67108864", "2.5m"),)),
    Flag("--stop-signal", (_parts("SIGQUIT", "9", "RTMIN+3"),)),
    Flag("--stop-timeout", (_parts("0", "5", "120", "-1"),)),
    Flag("--storage-opt", (_parts("size=20G", "a<n>=b=c"),), True),
    Flag(
        "--sysctl",
        (
            _parts("net.core.s<n>", "fs.mqueue.m<n>", "net.a.s<n>"),
            _parts("=1", "=1 2 3", "=", "=a"),
        ),
        True,
    ),
    Flag(
        "--tmpfs",
        (
            _parts("/t<n>", "/t/u<n>", "/run/<n>", "/var/a b<n>", "/o.p/<n>"),
            _parts(
                "",
                ":",
                ":size=50%",
                ":noatime",
                ":size=65536k,rw",
                ":mode=755,uid=5",
                ":size=64m",
                ":mode=1777",
                ":rw,noexec",
                ":exec,nosuid,size=1g,mode=0700",
                ":uid=1000,gid=1000",
                ":nr_inodes=5",
                ":ro",
            ),
        ),
        True,
    ),
    Flag(
        "--ulimit",
        (
            _parts("nofile", "core", "memlock", "nproc", "rtprio"),
            _parts("=-1", "=1024", "=1024:2048", "=5:-1", "=7:7", "=0"),
        ),
    ),
    Flag("--user", (_parts("1000", "app", "0"), _parts("", ":", ":1000", ":staff"))),
    Flag("--userns", (_parts("host"),)),
    Flag("--uts", (_parts("host"),)),
    Flag(
        "--volume",
        (
            _parts("", "v<n>:", "/srv/<n>:", "./rel<n>:", "w.x-y_<n>:", "/a.b-c/<n>:"),
            _parts("/v<n>", "/v/w<n>/", "/v/x y<n>"),
            _parts(""),
        ),
        True,
    ),
    Flag(
        "--volume",
        (
            _parts("v<n>:", "/srv/<n>:", "./rel<n>:", "/a b/<n>:", "w.x_<n>:"),
            _parts("/u<n>", "/u/x y<n>", "/u/z.<n>"),
            _parts(
                ":ro",
                ":rw",
                ":z",
                ":Z",
                ":ro,z",
                ":ro,Z",
                ":nocopy",
                ":ro,nocopy",
                ":rshared",
                ":ro,rslave",
                ":private,z",
                ":cached",
                ":delegated,ro",
                ":consistent",
                ":rw,z",
                ":nocopy,z",
                ":shared",
                ":slave,ro",
                ":rprivate",
            ),
        ),
        True,
    ),
    Flag(
        "--volumes-from",
        (_parts("other", "ghost"), _parts("", ":ro", ":rw", ":z", ":ro,Z")),
    ),
    Flag("--workdir", (_parts("/", "/a/b", "/a b"),)),
)
NETWORKS = (
    Flag(
        "--network",
        (
            _parts(
                "lan", "name=lan", "host", "none", "bridge", "default", "container:other"
            ),
        ),
    ),
    Flag(
        "--network",
        (
            _parts("name=lan"),
            _parts("", ",alias=a", ",alias=a,alias=b"),
            _parts("", ",ip=10.1.0.9"),
            _parts("", ",ip6=fd00::9"),
            _parts("", ",mac-address=02:42:ac:11:00:02"),
            _parts("", ",gw-priority=3"),
            _parts(
                "",
                ",driver-opt=k=v",
                ",driver-opt=k=v,driver-opt=l=w=x",
                ",link-local-ip=169.254.1.9",
            ),
        ),
    ),
    Flag("--network lan --ip", (_parts("10.1.0.7"), _parts(""))),
    Flag("--network lan --network-alias", (_parts("x", "x.y", "x-<n>"),)),
    Flag("--network lan --mac-address", (_parts("02:42:ac:11:00:03"),)),
    Flag("--network lan --link-local-ip", (_parts("169.254.1.8"),)),
    Flag("--log-driver", (_parts("none"),)),
    Flag("--link", (_parts("other", "other:alias<n>"),)),
)
SWITCHES = (
    "--init",
    "--interactive",
    "--oom-kill-disable",
    "--privileged",
    "--read-only",
    "--tty",
    "--no-healthcheck",
    "--rm",
    "--publish-all",
)
SWITCH_FLAGS = tuple(
    Flag(name, (_parts("=true", "=false", "=1", "=f", ""),)) for name in SWITCHES
)
# What is said of a network or volume that a command makes.
CREATED = (
    Flag("network create --driver", (_parts("bridge", "macvlan"),)),
    Flag(
        "network create --subnet",
        (
            _parts("10.<n>.0.0/24"),
            _parts(
                "",
                " --gateway 10.<n>.0.1",
                " --ip-range 10.<n>.0.128/25",
                " --aux-address r=10.<n>.0.5",
                " --gateway 10.<n>.0.1 --aux-address r=10.<n>.0.5 --aux-address s=10.<n>.0.6",
            ),
        ),
    ),
    Flag(
        "network create --subnet",
        (
            _parts(
                "10.1<n>.0.0/24,10.2<n>.0.0/24", "10.1<n>.0.0/24 --subnet 10.2<n>.0.0/24"
            ),
            _parts(
                "",
                " --gateway 10.2<n>.0.1",
                " --gateway 10.2<n>.0.1,10.1<n>.0.1",
                " --ip-range 10.2<n>.0.64/26 --aux-address a=10.1<n>.0.9 --aux-address b=10.2<n>.0.9",
            ),
        ),
    ),
    Flag(
        "network create --opt",
        (_parts("k<n>=v", "com.docker.network.bridge.name=br<n>", "k=v=w", "k"),),
    ),
    Flag("network create --label", (_parts("k=v", "k", "k=v=w", "k=a,b"),)),
    Flag(
        "network create",
        (
            _parts(
                " --internal",
                " --attachable",
                " --ipv6",
                " --ipv6=false",
                " --ipam-driver default",
                " --ipv4",
            ),
        ),
    ),
    Flag("volume create --driver", (_parts("local", "acme/nfs:1"),)),
    Flag(
        "volume create --opt",
        (_parts("type=nfs", "o=addr=10.0.0.1,rw", "device=:/srv", "k"),),
    ),
    Flag("volume create --label", (_parts("k=v", "k", "k=v=w", "k=a,b"),)),
)


def flag_words(flag: Flag, value: str) -> tuple[str, ...]:
    """The words that give a command the flag; a switch holds its `=` in the value."""
    *before, name = flag.name.split()
    return (*before, f"{name}{value}" if flag in SWITCH_FLAGS else f"{name}={value}")


def mixed_flags(flags: tuple[Flag, ...], count: int) -> Iterator[list[tuple[Flag, str]]]:
    """One value of each flag, or `count` of one that may stand often, again and again until all have been used."""
    queues = [(flag, list(flag.values())) for flag in flags]
    while any(values for _, values in queues):
        drawn: list[tuple[Flag, str]] = []
        for flag, values in queues:
            number = count if flag.many else 1
            drawn += [(flag, value) for value in values[:number]]
            del values[:number]
        yield drawn


def run_commands() -> Iterator[tuple[str, ...]]:
    """Commands that start a container, which hold every value of every flag."""
    mixed = [*mixed_flags(FLAGS, 3), *mixed_flags(SWITCH_FLAGS, 1)]
    mixed += [[(flag, value)] for flag in NETWORKS for value in flag.values()]
    for number, drawn in enumerate(mixed):
        words = chain.from_iterable(flag_words(flag, value) for flag, value in drawn)
        yield ("docker", "run", "-d", f"--name=c{number}", *words, "acme/a:1")


def create_words(flag: Flag, value: str) -> list[str]:
    """The words of a command that makes a network or a volume, without its name."""
    return shlex.split(f"{flag.name}={value}".replace("create= ", "create "))


def create_commands() -> Iterator[tuple[str, ...]]:
    """Commands that make a network or a volume."""
    for kind, flag in enumerate(CREATED):
        names: list[str] = []
        for number, value in enumerate(flag.values()):
            options = create_words(flag, value)
            names.append(f"r{kind}-{number}")
            yield ("docker", *options, names[-1])
        # Compose makes only what some service uses.
        uses = [f"--network={name}" for name in names]
        if flag.name.startswith("volume"):
            uses = [f"--volume={name}:/{name}" for name in names]
        yield ("docker", "run", "-d", f"--name=u{kind}", *uses, "acme/u:1")
