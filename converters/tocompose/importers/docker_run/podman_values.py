"""Values that podman reads in a way of its own.

https://docs.podman.io/en/latest/markdown/podman-run.1.html
"""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.importers.docker_run.compound_values import read_network
from tocompose.importers.docker_run.shapes import Fact, FactMerge, read_pair
from tocompose.model import ConfigMount
from tocompose.patterns import regex
from tocompose.record import NamedTuple
from tocompose.syntax.interpolation import split_outside_variables
from tocompose.syntax.names import variable_name

# What podman's `--pull` takes beside the policies of docker; it was a switch once.
_PULL_POLICIES = {"newer": "always", "true": "always", "false": "missing"}


def parse_json_texts(text: str) -> list[str] | None:
    """The texts of a JSON array of texts; None for anything else."""
    if not text.startswith("["):
        return None
    # Few commands hold JSON: the others need not load its reader.
    from tocompose.readers.json_data import strict_json

    texts = strict_json(text)
    is_texts = isinstance(texts, list) and all(isinstance(one, str) for one in texts)
    return texts if is_texts else None


def read_podman_entrypoint(value: str) -> Iterator[Fact]:
    """One program, or its words as a JSON array."""
    texts = parse_json_texts(value)
    yield Fact(value if texts is None else tuple(texts))


def read_podman_health_command(value: str) -> Iterator[Fact]:
    """A command for the shell, its words as a JSON array or behind `CMD`, or `none`.

    https://github.com/containers/podman/blob/main/pkg/specgenutil/specgen.go, makeHealthCheckFromCli
    """
    texts = parse_json_texts(value)
    if (texts or [value])[:1][0].upper() == "NONE":
        yield Fact(True, target="healthcheck.disable")
    elif texts is None:
        keyword, _, command = value.partition(" ")
        match keyword.upper():
            case "CMD" if command:
                yield Fact(("CMD", *command.split()))
            case "CMD-SHELL" if command:
                yield Fact(("CMD-SHELL", command.strip()))
            case _:
                yield Fact(("CMD-SHELL", value))
    elif texts[0].upper() in ("CMD", "CMD-SHELL"):
        yield Fact((texts[0].upper(), *texts[1:]))
    elif len(texts) == 1:
        yield Fact(("CMD-SHELL", *texts))
    else:
        yield Fact(("CMD", *texts))


def read_podman_pull(value: str) -> Iterator[Fact]:
    """A policy of docker, or `newer`, which asks the registry and pulls what has changed."""
    policy = _PULL_POLICIES.get(value, value)
    code = "TC190" if value == "newer" else ""
    yield Fact(policy, code=code)


class KeptUser(NamedTuple):
    """The user of the container that podman's `keep-id` maps to the account that runs podman; None is its own id."""

    mode: str
    uid: str | None
    gid: str | None

    @property
    def user(self) -> str:
        """The user as Compose writes it; the first account of a machine has the id 1000."""
        return f"{self.uid or 1000}:{self.gid or 1000}"


# What a pod says of each of its containers; the rest of it is said of the first one, which owns its network.
MEMBER_TARGETS = ("kept_user",)
_NAMESPACE_TARGET = "userns_mode"


def read_podman_userns(value: str) -> Iterator[Fact]:
    """`host`, or `keep-id`, which also says whom the container runs as; every other user namespace is podman's own."""
    mode, _, options = value.partition(":")
    if value == "host" or "$" in value:
        yield Fact(value, target=_NAMESPACE_TARGET)
    elif mode == "keep-id":
        ids = dict(option.partition("=")[::2] for option in options.split(","))
        yield Fact(KeptUser(value, ids.get("uid"), ids.get("gid")))
    else:
        note_facts = (("mode", value),)
        yield Fact(
            None,
            FactMerge.NOTE,
            code="TC189",
            note_facts=note_facts,
            target=_NAMESPACE_TARGET,
        )


def read_podman_namespace(value: str) -> Iterator[Fact]:
    """A namespace for `--pid` or `--uts`: `private` is what docker gives each container anyway."""
    if value == "private":
        yield Fact(None, FactMerge.SKIP, "each container has its own anyway")
    elif value.startswith(("ns:", "pod")):
        yield _podmans_own(value)
    else:
        yield Fact(value)


def read_podman_uts(value: str) -> Iterator[Fact]:
    """`private` or `host`; docker shares no container's host name with another one."""
    if value.startswith("container:"):
        yield _podmans_own(value)
    else:
        yield from read_podman_namespace(value)


def read_podman_ipc(value: str) -> Iterator[Fact]:
    """docker's modes, or the path of a namespace."""
    yield _podmans_own(value) if value.startswith("ns:") else Fact(value)


def _podmans_own(value: str) -> Fact:
    return Fact(None, FactMerge.NOTE, code="TC193", note_facts=(("value", value),))


def read_podman_dns(value: str) -> Iterator[Fact]:
    """The address of a name server; `none` leaves the image's resolv.conf alone, which docker never does."""
    if value == "none":
        yield _podmans_own(value)
    else:
        yield Fact(value, FactMerge.APPEND)


def read_podman_cgroupns(value: str) -> Iterator[Fact]:
    """`host` or `private`; a path or a container's namespace is podman's own."""
    if value in ("host", "private") or "$" in value:
        yield Fact(value)
    else:
        yield _podmans_own(value)


def read_podman_network(value: str) -> Iterator[Fact]:
    """A network as docker reads it, or `private`, which is what a container has without the flag."""
    if value == "private":
        yield Fact(None, FactMerge.SKIP, "each container has a network of its own anyway")
    elif value.startswith("ns:"):
        yield Fact(None, FactMerge.NOTE, code="TC127", note_facts=(("mode", value),))
    else:
        yield from read_network(value)


def read_podman_group(value: str) -> Iterator[Fact]:
    """A group; `keep-groups` are those of whoever calls podman, which no engine knows."""
    yield _podmans_own(value) if value == "keep-groups" else Fact(value, FactMerge.APPEND)


def read_podman_zone(value: str) -> Iterator[Fact]:
    """A time zone; `local` is that of the host."""
    yield _podmans_own(value) if value == "local" else Fact(value)


_PODMAN_LOG_DRIVERS = ("k8s-file", "passthrough", "passthrough-tty")
# https://docs.docker.com/engine/logging/drivers/json-file/
_PODMAN_LOG_OPTIONS = ("path",)


def read_podman_log_driver(value: str) -> Iterator[Fact]:
    """A driver that docker has too, or one of podman's own."""
    yield _podmans_own(value) if value in _PODMAN_LOG_DRIVERS else Fact(value)


def read_podman_log_option(value: str) -> Iterator[Fact]:
    """An option that docker's drivers have too, or one of podman's own."""
    is_own = value.partition("=")[0] in _PODMAN_LOG_OPTIONS
    yield from [_podmans_own(value)] if is_own else read_pair(value)


_COPIES_UP = ("tmpcopyup", "notmpcopyup")


def read_podman_tmpfs(value: str) -> Iterator[Fact]:
    """A folder in memory; whether the image's files are copied to it only podman can say."""
    target, colon, modes = value.partition(":")
    kept_modes = [mode for mode in modes.split(",") if mode not in _COPIES_UP]
    yield Fact(
        f"{target}{colon if any(kept_modes) else ''}{','.join(kept_modes)}",
        FactMerge.APPEND,
    )
    if "notmpcopyup" in modes.split(","):
        return  # As docker does.
    if "tmpcopyup" in modes.split(","):
        yield _podmans_own("tmpcopyup")


_SECRET_NAME = regex(r"[A-Za-z0-9._-]+")
_SECRET_KEYS = ("type", "target", "uid", "gid", "mode")


def read_secret(value: str) -> Iterator[Fact]:
    """podman's `name[,type=mount|env,target=…,uid=…,gid=…,mode=…]`."""
    name, *options = split_outside_variables(value, ",")
    if _SECRET_NAME.fullmatch(name) is None:
        raise ValueError("a secret's name has letters, digits, `.`, `_` and `-` only")
    settings = dict(option.partition("=")[::2] for option in options)
    unknown = [key for key in settings if key not in _SECRET_KEYS]
    if unknown or settings.get("type", "mount") not in ("mount", "env"):
        raise ValueError(f"podman knows no secret option {', '.join(unknown) or 'type'}")
    target = settings.get("target")
    if settings.get("type", "mount") == "env":
        note_facts = (("name", name), ("variable", target or name))
        yield Fact(None, FactMerge.NOTE, code="TC125", note_facts=note_facts)
        return
    grant = ConfigMount(
        source=name,
        target=target,
        uid=settings.get("uid"),
        gid=settings.get("gid"),
        mode=settings.get("mode"),
    )
    note_facts = (("name", name), ("variable", variable_name(name)))
    yield Fact(grant, FactMerge.APPEND, code="TC126", note_facts=note_facts)
