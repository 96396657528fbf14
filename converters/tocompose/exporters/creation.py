"""What docker refuses to create although each key may stand by itself: settings that exclude each other.

The rules are those of compose-go (loader/validate.go), of docker compose (pkg/compose/create.go) and of the engine
(daemon/container.go, runconfig/hostconfig_unix.go, daemon/daemon_unix.go); single values are `mappings/refused.yaml`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from tocompose.compose.merge import merge_documents, mount_target
from tocompose.compose.shapes import (
    as_list,
    as_map,
    as_pairs,
    as_text,
    as_texts,
    keys_beside_external,
    sources_beside_first,
)
from tocompose.compose.start_order import NAMESPACE_KEYS, needs_of_keys
from tocompose.exporters.circles import closing_needs
from tocompose.exporters.network_addresses import misplaced_addresses, network_faults
from tocompose.model import Stack
from tocompose.notes import Note, note
from tocompose.record import NamedTuple
from tocompose.syntax.interpolation import required_reference
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import variable_name
from tocompose.syntax.units import is_same_amount, parse_byte_size
from tocompose.tables import load

_Body: TypeAlias = Mapping[str, Any]


class Conflict(NamedTuple):
    """What stands in the way: where it is, and the rule that it breaks.

    `keys` lead to it from the top of the document; `entry` is the one of the list there that is meant, None for all.
    `value` is what stands there once it is mended, None for nothing. `rival` is what excludes it, empty where nothing
    does: the setting itself is wrong.
    """

    keys: tuple[str, ...]
    rule: str
    entry: Any = None
    value: Any = None
    rival: str = ""


class Creatable(NamedTuple):
    """A document that docker creates, what was left out or put in for that, and where."""

    document: dict[str, Any]
    notes: tuple[Note, ...]
    paths: frozenset[ModelPath]


def creatable_document(
    document: dict[str, Any], stack: Stack, base: Mapping[str, Any] | None = None
) -> Creatable:
    """The document without what docker refuses of it, or together with the base file that it is read after."""
    notes: list[Note] = []
    paths: set[ModelPath] = set()
    origins = {service.name: service.origin for service in stack.services}
    # What is left out may uncover another fault; each round leaves something out.
    for _ in range(_MOST_ROUNDS):
        whole = merge_documents(dict(base), document) if base else document
        conflicts = [c for c in find_conflicts(whole) if _holds(document, c)]
        if not conflicts:
            break
        for conflict in conflicts:
            if not _holds(document, conflict):
                continue  # Two services may ask for the same thing to go.
            document = _mended(document, conflict.keys, conflict)
            subject = ModelPath.of(*conflict.keys)
            if conflict.entry is not None and conflict.keys[-1] in ("volumes", "tmpfs"):
                subject = subject.child(mount_target(conflict.entry))
            paths |= {subject, subject.parent}
            code = "TC045" if conflict.value is None else "TC047"
            facts: dict[str, Any] = {**conflict_facts(conflict), "subject": subject}
            notes.append(note(code, origins.get(conflict.keys[1]), **facts))
    return Creatable(document, tuple(dict.fromkeys(notes)), frozenset(paths))


_MOST_ROUNDS = 5


def conflict_facts(conflict: Conflict) -> dict[str, str]:
    """What a note says of the conflict: whose it is, the key, the rule, and what to do."""
    section, name, *keys = conflict.keys
    owner = name if section == "services" else f"{section[:-1]} {name}"
    target = mount_target(conflict.entry) if keys[-1:] == ["volumes"] else ""
    written = ".".join(keys) + (f" at {target}" if target else "")
    how = f"Correct {written}, or delete it."
    if conflict.rival:
        how = f"Delete {written}, or {conflict.rival}."
    return {"owner": owner, "key": written, "rule": conflict.rule, "how": how}


def _holds(document: Mapping[str, Any], conflict: Conflict) -> bool:
    """Whether the document itself has what stands in the way, or what is put right there."""
    *outer_keys, last_key = conflict.keys
    node: Any = document
    for key in outer_keys:
        if not isinstance(node, Mapping) or key not in node:
            return False
        node = node[key]
    if conflict.value is not None:
        return True
    if not isinstance(node, Mapping) or last_key not in node:
        return False
    return conflict.entry in (None, *as_list(node[last_key]))


# What is left out too where nothing is left in it.
_EMPTY_GOES = "deploy resources limits reservations logging options ipam".split()


def _mended(node: Mapping[str, Any], keys: tuple[str, ...], conflict: Conflict) -> Any:
    key, *inner_keys = keys
    mended = dict(node)
    if inner_keys:
        mended[key] = _mended(as_map(node[key]), tuple(inner_keys), conflict)
        if not mended[key] and key in _EMPTY_GOES:
            del mended[key]
    elif conflict.value is not None:
        mended[key] = conflict.value
    elif conflict.entry is None or as_list(node[key]) == [conflict.entry]:
        del mended[key]
    else:
        kept_entries = (entry for entry in as_list(node[key]) if entry != conflict.entry)
        mended[key] = type(node[key])(kept_entries)
    return mended


def find_conflicts(document: Mapping[str, Any]) -> Iterator[Conflict]:
    """What docker refuses of a document, in the order of its services."""
    services = as_map(document.get("services"))
    for name, body in services.items():
        for judge in _SERVICE_JUDGES:
            for keys, *details in judge(name, as_map(body), document):
                yield Conflict(("services", name, *keys), *details)
        yield from _switched_off(name, as_map(body), services)
    for name, need in closing_needs(services):
        yield Conflict(("services", name, need.key), "it closes a circle", need.listed)
    for name, network in as_map(document.get("networks")).items():
        for keys, rule in network_faults(as_map(network)):
            yield Conflict(("networks", name, *keys), rule)
    for section in ("networks", "volumes"):
        for name, resource in as_map(document.get(section)).items():
            for key in keys_beside_external(as_map(resource)):
                rule = "it is made outside of the stack"
                yield Conflict((section, name, key), rule, rival="external")
    for section in ("secrets", "configs"):
        for name, resource in as_map(document.get(section)).items():
            for key in sources_beside_first(as_map(resource)):
                rule = "it has one source already"
                yield Conflict((section, name, key), rule, rival="the other source")


def _switched_off(name: str, body: _Body, services: _Body) -> Iterator[Conflict]:
    """A profile may not switch off what a service cannot run without."""
    profiles = set(as_texts(body.get("profiles")))
    for target in dict.fromkeys(need.target for need in needs_of_keys(body)):
        needed = set(as_texts(as_map(services.get(target)).get("profiles")))
        if target != name and needed and not (profiles and profiles <= needed):
            yield Conflict(
                ("services", target, "profiles"), f"{name} cannot run without it"
            )


_Fault: TypeAlias = tuple[tuple[str, ...], str, Any, Any, str]
_Judge: TypeAlias = Callable[[str, _Body, Mapping[str, Any]], Iterator[_Fault]]


def _faults(
    keys: str, rule: str, entry: Any = None, value: Any = None, rival: str = ""
) -> _Fault:
    return tuple(keys.split(".")), rule, entry, value, rival


# What the network of another container, or of the host, leaves no room for.
# https://github.com/moby/moby/blob/master/runconfig/hostconfig_unix.go, validateNetMode
_EXCLUDED_BY_CONTAINER = (
    "ports",
    "expose",
    "hostname",
    "dns",
    "extra_hosts",
    "links",
    "external_links",
    "mac_address",
)
EXCLUDED_BY_MODE: Mapping[str, tuple[str, ...]] = {
    "service": _EXCLUDED_BY_CONTAINER,
    "container": _EXCLUDED_BY_CONTAINER,
    "host": ("links", "external_links", "mac_address"),
}


def _shared_network(
    name: str, body: _Body, document: Mapping[str, Any]
) -> Iterator[_Fault]:
    mode = as_text(body.get("network_mode")) or ""
    excluded = EXCLUDED_BY_MODE.get(mode.partition(":")[0], ())
    whose = mode.partition(":")[2] or "the host"
    for key in excluded:
        if body.get(key):
            rule = f"network_mode says that the network is that of {whose}"
            yield _faults(key, rule, rival="network_mode")
    if body.get("uts") == "host" and body.get("hostname"):
        rule = "uts says that the host name is that of the host"
        yield _faults("hostname", rule, rival="uts")


def _itself(name: str, body: _Body, document: Mapping[str, Any]) -> Iterator[_Fault]:
    """A service that joins itself: a circle."""
    for need in needs_of_keys(body):
        if need.target == name:
            verb = "joins" if need.key in NAMESPACE_KEYS else "refers to"
            yield _faults(need.key, f"no service {verb} itself", need.listed)


# What stands at the service and below `deploy` may not differ.
_TWICE = {
    "scale": "deploy.replicas",
    "mem_reservation": "deploy.resources.reservations.memory",
    "mem_limit": "deploy.resources.limits.memory",
    "cpus": "deploy.resources.limits.cpus",
    "pids_limit": "deploy.resources.limits.pids",
}


def _at(body: _Body, keys: str) -> Any:
    node: Any = body
    for key in keys.split("."):
        node = as_map(node).get(key)
    return node


def said_twice(name: str, body: _Body, document: Mapping[str, Any]) -> Iterator[_Fault]:
    """The keys of a service that say something else than their namesakes below `deploy`."""
    for key, below in _TWICE.items():
        stated, deployed = as_text(body.get(key)), as_text(_at(body, below))
        if stated and deployed and not is_same_amount(stated, deployed):
            yield _faults(key, f"{below} says {deployed}", rival=below)


def _size(body: _Body, *keys: str) -> int | None:
    """A size in bytes, from the first of the keys that has one."""
    texts = [str(value) for key in keys if (value := _at(body, key)) is not None]
    return parse_byte_size(texts[0]) if texts else None


def _limits(name: str, body: _Body, document: Mapping[str, Any]) -> Iterator[_Fault]:
    limit = _size(body, "deploy.resources.limits.memory", "mem_limit")
    yield from _swap_faults(body, limit)
    for key in ("deploy.resources.reservations.memory", "mem_reservation"):
        amount = _size(body, key)
        if limit and amount is not None and amount > limit:
            yield _faults(key, "it is more than the limit of memory")
    if _at(body, "deploy.resources.limits.cpus") or body.get("cpus"):
        for key in ("cpu_quota", "cpu_period"):
            if body.get(key):
                yield _faults(key, "the limit of CPUs says it", rival="the limit of CPUs")


def _swap_faults(body: _Body, limit: int | None) -> Iterator[_Fault]:
    if body.get("memswap_limit") in (None, -1, "-1", 0, "0"):
        return
    amount = _size(body, "memswap_limit")
    if not (_at(body, "deploy.resources.limits.memory") or body.get("mem_limit")):
        yield _faults("memswap_limit", "it needs a limit of memory beside it")
    elif limit is not None and amount is not None and amount < limit:
        yield _faults("memswap_limit", "it is less than the limit of memory")


def _mounts(name: str, body: _Body, document: Mapping[str, Any]) -> Iterator[_Fault]:
    mounts = as_list(body.get("volumes"))
    targets = {mount_target(entry).rstrip("/") for entry in mounts}
    for entry in as_list(body.get("tmpfs")):
        target = str(entry).partition(":")[0].rstrip("/")
        if target in targets:
            yield _faults("tmpfs", f"something is mounted at {target} already", entry)
        targets.add(target)
    for entry in mounts:
        if isinstance(entry, Mapping) and (rule := _broken_mount_rule(entry)):
            yield _faults("volumes", rule, entry)


# https://github.com/moby/moby/blob/master/volume/mounts/linux_parser.go, validateMountConfigImpl
def _broken_mount_rule(mount_entry: _Body) -> str:
    """The rule that a mount in the long form breaks; empty where it breaks none."""
    kind = mount_entry.get("type", "volume")
    if kind in ("bind", "image") and not mount_entry.get("source"):
        return f"a mount of type {kind} needs a source"
    if kind == "tmpfs" and mount_entry.get("source"):
        return "a tmpfs has no source"
    if kind == "bind" and "volume" in mount_entry:
        return "options of a volume do not fit a bind mount"
    return ""


def _image(name: str, body: _Body, document: Mapping[str, Any]) -> Iterator[_Fault]:
    """Something has to run; a service of a plug-in says itself what."""
    if any(body.get(key) for key in ("image", "build", "provider", "extends")):
        return
    variable = f"{variable_name(name)}_IMAGE"
    rule = f"no image is known; set {variable} in .env"
    yield _faults("image", rule, None, required_reference(variable, ".env"))


def _healthcheck(name: str, body: _Body, document: Mapping[str, Any]) -> Iterator[_Fault]:
    check = as_map(body.get("healthcheck"))
    test = check.get("test")
    if check.get("start_interval") and not check.get("start_period"):
        rule = "start_interval is refused without a start_period"
        yield _faults("healthcheck.start_period", rule, None, "0s")
    if isinstance(test, list) and test and test[0] not in ("CMD", "CMD-SHELL", "NONE"):
        rule = "the first word of its test must be CMD, CMD-SHELL or NONE"
        yield _faults("healthcheck", rule)


def _logging(name: str, body: _Body, document: Mapping[str, Any]) -> Iterator[_Fault]:
    driver = as_text(_at(body, "logging.driver")) or ""
    known_options = load("refused")["log_options"].get(driver)
    if known_options is None:
        return
    for option in as_map(_at(body, "logging.options")):
        if option not in known_options:
            rule = f"{driver} has no such option"
            yield ("logging", "options", option), rule, None, None, ""


def _texts(name: str, body: _Body, document: Mapping[str, Any]) -> Iterator[_Fault]:
    if "" in as_pairs(body.get("environment")):
        yield _faults("environment", "a variable has a name", _nameless(body))
    hosts = body.get("extra_hosts")
    for entry in hosts if isinstance(hosts, list) else ():
        if rule := _broken_host_rule(str(entry)):
            yield _faults("extra_hosts", rule, entry)
    attachments = as_map(body.get("networks"))
    addresses = {
        as_text(as_map(entry).get("mac_address")) for entry in attachments.values()
    }
    if body.get("mac_address") and addresses - {None, as_text(body["mac_address"])}:
        yield _faults("mac_address", "that of the network is another one")


# https://github.com/compose-spec/compose-go/blob/main/types/hostList.go, NewHostsList
def _broken_host_rule(host_entry: str) -> str:
    """The rule that a line of `extra_hosts` breaks; empty where it breaks none."""
    separator = "=" if "=" in host_entry else ":"
    host_name, _, address = host_entry.partition(separator)
    if "$" in host_entry:
        return ""
    if not host_name or ":" in host_name:
        return "a host has a name without a colon"
    return "" if address else "a host has an address: name=address"


def _nameless(body: _Body) -> Any:
    """The entry of the environment that has no name; None where it is a map."""
    variables = body["environment"]
    if not isinstance(variables, list):
        return None
    return next((entry for entry in variables if not str(entry).partition("=")[0]), None)


def _build(name: str, body: _Body, document: Mapping[str, Any]) -> Iterator[_Fault]:
    build, platform = as_map(body.get("build")), as_text(body.get("platform"))
    if build.get("dockerfile") and build.get("dockerfile_inline"):
        rule = "dockerfile_inline stands beside it"
        yield _faults("build.dockerfile", rule, rival="dockerfile_inline")
    platforms = as_list(build.get("platforms"))
    if platform and platforms and platform not in platforms:
        rule = f"build.platforms lacks {platform}, the platform of the service"
        yield _faults("build.platforms", rule, None, [*platforms, platform])


def _addresses(name: str, body: _Body, document: Mapping[str, Any]) -> Iterator[_Fault]:
    for keys, rule in misplaced_addresses(body, as_map(document.get("networks"))):
        yield keys, rule, None, None, ""


_SERVICE_JUDGES: tuple[_Judge, ...] = (
    _itself,
    _shared_network,
    said_twice,
    _limits,
    _mounts,
    _image,
    _healthcheck,
    _logging,
    _texts,
    _build,
    _addresses,
)
