"""Shell scripts, Makefiles, systemd units and Quadlets that start containers."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from functools import cache
from random import Random

from fuzz.grammar import words
from fuzz.grammar.words import anything, pick
from tocompose.importers.docker_run.options import flag_rows

Files = dict[str, bytes]
_Value = Callable[[Random], str]


def _of(*pools: tuple[str, ...]) -> _Value:
    values = tuple(value for pool in pools for value in pool)
    return lambda random: pick(random, values, words.ANYTHING)


_VALUES: dict[str, _Value] = {
    "--env": words.environment,
    "--label": lambda random: (
        f"{pick(random, ('a.b', 'traefik.enable', 'x'))}={anything(random)}"
    ),
    "--publish": _of(words.PORTS),
    "--expose": _of(words.PORTS[:4], words.NUMBERS),
    "--volume": _of(words.MOUNTS),
    "--name": _of(words.NAMES),
    "--network": _of(
        ("n", "host", "none", "bridge", "container:web", "name=n,alias=x", "default"),
        words.NAMES,
    ),
    "--mount": lambda random: ",".join(
        pick(
            random,
            (
                "type=bind",
                "type=volume",
                "type=tmpfs",
                "type=x",
                "src=/a",
                "src=data",
                "dst=/b",
                "readonly",
                "volume-opt=a=b",
                "tmpfs-size=1m",
                "bind-propagation=rslave",
                "target=",
                "consistency=cached",
            ),
        )
        for _ in range(random.randint(1, 4))
    ),
    "--restart": _of(
        ("always", "no", "on-failure:3", "unless-stopped", "on-failure:x", "never")
    ),
    "--gpus": _of(("all", "2", "device=0", '"device=0,1"', "driver=x,count=1", "count=-1")),
    "--ulimit": _of(("nofile=1:2", "nproc=5", "nofile=2:1", "x=1", "core=-1")),
    "--pid": _of(("host", "container:web", "x")),
    "--ipc": _of(("host", "shareable", "container:db", "none", "x")),
    "--uts": _of(("host", "x")),
    "--userns": _of(("host", "keep-id", "x")),
    "--cgroupns": _of(("host", "private", "x")),
    "--device": _of(
        ("/dev/x", "/dev/a:/dev/b:rwm", "/dev/a:/dev/b:q", "vendor.com/class=x", "")
    ),
    "--add-host": _of(
        ("a:1.2.3.4", "a=1.2.3.4", "a:host-gateway", "a", ":", "a:::1", "x:y")
    ),
    "--dns": _of(("1.1.1.1", "x", "::1", "")),
    "--ip": _of(("10.0.0.2", "x", "::1")),
    "--tmpfs": _of(("/tmp", "/tmp:size=1m", "/tmp:x", "", "tmp")),
    "--health-cmd": _of(words.COMMANDS),
    "--entrypoint": _of(words.COMMANDS),
    "--user": _of(("1000", "0:0", "app", "a:b", "-1", "")),
    "--cap-add": _of(("NET_ADMIN", "ALL", "cap_x", "net_bind_service", "")),
    "--security-opt": _of(
        ("no-new-privileges", "seccomp=unconfined", "label:disable", "x", "apparmor=p")
    ),
    "--sysctl": _of(("net.core.somaxconn=1", "a", "=", "x=y")),
    "--log-opt": _of(("max-size=1m", "a", "=b", "tag={{.Name}}")),
    "--volumes-from": _of(("web", "db:ro", "x:y:z", "")),
    "--link": _of(("db", "db:d", "web:x", ":")),
    "--env-file": _of((".env", "a.env", "/x", "")),
    "--platform": _of(("linux/amd64", "x", "linux/arm64/v8", "")),
    "--pull": _of(("always", "missing", "never", "newer", "x")),
    "--runtime": _of(("runc", "nvidia", "")),
    "--device-read-bps": _of(("/dev/sda:1mb", "x", "/dev/a:x", "/a:-1")),
    "--cgroup-parent": _of(words.PATHS),
    "--stop-signal": _of(("SIGTERM", "9", "x", "")),
}
_BY_SHAPE: dict[str, _Value] = {
    "duration": _of(words.DURATIONS, words.NUMBERS),
    "bytes": _of(words.SIZES),
    "boolean": _of(words.BOOLEANS),
    "number": _of(words.NUMBERS),
    "integer": _of(words.NUMBERS),
}


@cache
def _flags() -> tuple[tuple[str, bool, _Value], ...]:
    """Each flag, whether it stands alone, and what it is given."""
    rows = {row["name"]: row for row in flag_rows("run", "podman").values()}
    flags = []
    for name, row in sorted(rows.items()):
        value = _VALUES.get(name) or _BY_SHAPE.get(row.get("shape", ""), anything)
        flags.append((name, bool(row.get("flag")), value))
    return tuple(flags)


def flag_value(random: Random, flag: str) -> str:
    """What a flag is given; any text where the name is none."""
    return _VALUES.get(flag, anything)(random)


_LIKELY = (
    "--env",
    "--publish",
    "--volume",
    "--name",
    "--network",
    "--label",
    "--mount",
    "--health-cmd",
)


def _word(random: Random, text: str) -> str:
    """The text as a shell word, mostly quoted well."""
    chance = random.random()
    if chance < 0.75:
        return shlex.quote(text)
    return f'"{text}"' if chance < 0.9 else text


def run_command(random: Random) -> str:
    """`docker run` with some flags."""
    parts = [
        pick(random, ("docker", "docker", "sudo docker", "podman")),
        pick(random, ("run -d", "run", "create", "run --rm -it")),
    ]
    flags = _flags()
    for _ in range(random.randint(0, 6)):
        if random.random() < 0.5:
            name = random.choice(_LIKELY)
            _, alone, value = next(flag for flag in flags if flag[0] == name)
        else:
            name, alone, value = random.choice(flags)
        if alone:
            parts.append(
                name if random.random() < 0.8 else f"{name}={pick(random, words.BOOLEANS)}"
            )
            continue
        joint = pick(random, (" ", "="))
        parts.append(f"{name}{joint}{_word(random, value(random))}")
    parts.append(_word(random, pick(random, words.IMAGES, words.ANYTHING)))
    if random.random() < 0.3:
        parts.append(pick(random, words.COMMANDS))
    return " ".join(parts)


def _other_command(random: Random) -> str:
    name, value = pick(random, words.NAMES) or "x", anything(random)
    return pick(
        random,
        (
            f"docker network create {_word(random, name)}",
            f"docker network create -d overlay --subnet {_word(random, value)} n",
            f"docker volume create --opt type=nfs --opt o={_word(random, value)} data",
            "docker build -t acme/web:1 --build-arg A=$B .",
            f"docker network connect n {_word(random, name)}",
            f"docker exec {_word(random, name)} {pick(random, words.COMMANDS)}",
            f"docker stop {_word(random, name)} && docker rm {_word(random, name)}",
            f"X={_word(random, value)}",
            f"export API_TOKEN={_word(random, value)}",
            f"PORT=${{1:-{value}}}",
            f"cat > conf/{name} <<'EOF'\n{value}\nEOF",
            f"echo {_word(random, value)} > /tmp/x",
            "set -euo pipefail",
            f"docker update --memory {_word(random, value)} web",
            "until nc -z db 5432; do sleep 1; done",
            f"docker pod create {value}",
            f"podman pod create --name p -p {_word(random, value)}",
            f"curl -fsSL {value} | sh",
        ),
    )


def _block(random: Random, depth: int = 0) -> str:
    commands = [
        run_command(random) if random.random() < 0.6 else _other_command(random)
        for _ in range(random.randint(1, 3))
    ]
    body = "\n".join(commands)
    if depth > 2 or random.random() < 0.6:
        return body
    inner = _block(random, depth + 1)
    return pick(
        random,
        (
            f"if [ $X = 1 ]; then\n{body}\nelse\n{inner}\nfi",
            f"for n in a b $X; do\n{inner}\ndone",
            f"up() {{\n{body}\n}}\nup {inner.splitlines()[0]}",
            f"case $1 in\n a) {inner} ;;\n *) {body} ;;\nesac",
            f"( {inner} )",
            f"{{ {inner}\n}}",
            f"while read l; do\n{inner}\ndone < f",
            body + "\n" + inner,
            f"A=$({inner})",
            f"if {inner}; then :; fi",
        ),
    )


def script(random: Random) -> Files:
    """A shell script, half of them one command, seldom with something wrong in it."""
    blocks = random.randint(1, 3) if random.random() < 0.5 else 0
    text = "\n".join(_block(random) for _ in range(blocks)) or run_command(random)
    if random.random() < 0.1:
        text = text.replace(" --", " \\\n  --")
    if random.random() < 0.05:
        position = random.randrange(len(text) + 1)
        text = (
            text[:position]
            + pick(random, ("'", '"', "`", "\\", "$(", "<<X\n", "\x00", "\r\n", ")", "fi"))
            + text[position:]
        )
    files = {"run.sh": text.encode("utf-8", "replace")}
    if random.random() < 0.2:
        files["a.env"] = "\n".join(words.environment(random) for _ in range(3)).encode()
    return files


def makefile(random: Random) -> Files:
    """A Makefile whose recipes start containers."""
    lines = [
        f"IMAGE {pick(random, ('=', ':=', '?=', '+='))} {pick(random, words.IMAGES)}",
        f"X={anything(random)}",
    ]
    for target in ("up", "run", "%.x")[: random.randint(1, 3)]:
        lines.append(f"{target}: {pick(random, ('', 'build', 'X=1'))}")
        for _ in range(random.randint(0, 2)):
            command = run_command(random).replace("$", "$$")
            lines.append(
                f"\t{pick(random, ('', '@', '-'))}{command} $(IMAGE) $(shell id -u)"
            )
        if random.random() < 0.1:
            lines.append(
                pick(
                    random,
                    (
                        "ifdef X",
                        "endif",
                        "include x.mk",
                        "define a\n b\nendef",
                        "  spaces: x",
                        "$(eval x)",
                        ".PHONY: up",
                    ),
                )
            )
    return {"Makefile": "\n".join(lines).replace("\x00", "").encode("utf-8", "replace")}


def unit(random: Random) -> Files:
    """A systemd unit or a Quadlet."""
    if random.random() < 0.5:
        command = run_command(random).replace("\n", " ")
        lines = [
            "[Unit]",
            f"After={pick(random, ('docker.service', 'db.service', '%i.service', ''))}",
            "[Service]",
            "Environment=" + pick(random, ("A=1", '"B=x y"', "C", "API_TOKEN=%d")),
            f"EnvironmentFile={pick(random, words.PATHS)}",
            f"ExecStartPre=-/usr/bin/docker rm -f {pick(random, words.NAMES)}",
            f"ExecStart={pick(random, ('/usr/bin/', '-/usr/bin/', '@', ''))}{command} %n %i ${{X}} %d %q",
            f"Restart={pick(random, ('always', 'on-failure', 'no', 'x', ''))}",
        ]
        return {
            pick(random, ("web.service", "web@.service")): "\n".join(lines).encode(
                "utf-8", "replace"
            )
        }
    keys = (
        "Image",
        "Exec",
        "Environment",
        "PublishPort",
        "Volume",
        "Network",
        "ContainerName",
        "HealthCmd",
        "Label",
        "User",
        "Memory",
        "Secret",
        "AddCapability",
        "PodmanArgs",
        "Mount",
        "Timezone",
        "Pod",
        "Unknown",
        "Tmpfs",
        "Ulimit",
        "ShmSize",
    )
    lines = ["[Container]", f"Image={pick(random, words.IMAGES)}"]
    lines += [
        f"{random.choice(keys)}={anything(random)}" for _ in range(random.randint(0, 6))
    ]
    return {
        "web.container": "\n".join(lines).encode("utf-8", "replace"),
        "n.network": b"[Network]\nSubnet=x\n",
    }
