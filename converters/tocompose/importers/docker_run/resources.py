"""`docker network create` and `docker volume create`: what a stack's containers use."""

from __future__ import annotations

from typing import Any

from tocompose.importers.docker_run.facts import Facts, read_facts
from tocompose.importers.docker_run.invocation import Invocation
from tocompose.importers.docker_run.mount_values import is_refused_name
from tocompose.importers.docker_run.options import flag_rows, parse_command_line
from tocompose.model import Network, Volume
from tocompose.syntax.interpolation import Variable, replace_variables, variable_names
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import identifier, resource_key


def read_networks(invocation: Invocation) -> tuple[Network, ...]:
    """The network that `docker network create` makes; empty when it names none."""
    line = parse_command_line(
        invocation.arguments, flag_rows("network_create"), interspersed=True
    )
    if not line.operands:
        return ()
    argument = line.operands[0]
    path = ModelPath.of("networks", network_key(argument.text))
    name = argument.take(path)
    facts = Facts(read_facts(line.options, path, "network create"))
    driver, internal = facts.last("driver"), bool(facts.last("internal"))
    if driver == "overlay":
        # Without a swarm the engine refuses it; on one machine a bridge does the same.
        argument.annotate("TC495", subject=path, name=name)
        for source in argument.sources:
            source.ledger.move(path.child("driver"), path)
        driver = None
    options = facts.remaining()
    if "ipam" in options:
        options["ipam"] = _read_ipam(options["ipam"])
    return (
        Network(
            name=name,
            driver=driver,
            internal=internal,
            options=options,
            origin=argument.span,
        ),
    )


def network_key(name: str) -> str:
    """The key for a network's name: the name itself where Compose takes it, for an open variable the variable's."""
    if "$" in name:
        return identifier(next(variable_names(name), name).replace("_", "-"))
    return resource_key(name)


def volume_key(name: str) -> str:
    """The key for a volume's name, in which Compose takes no variable: their names stand in the key."""
    if "$" not in name:
        return name
    return identifier(replace_variables(name, _variable_in_key))


def _variable_in_key(variable: Variable) -> str:
    return variable.name.replace("_", "-")


def _read_ipam(ipam: dict[str, Any]) -> dict[str, Any]:
    """Compose lists one entry a subnet; docker gives each gateway and range to the subnet that holds it."""
    config = ipam.pop("config", {})
    subnets = config.get("subnet", [])
    subnet_entries: list[dict[str, Any]] = [{"subnet": subnet} for subnet in subnets] or [
        {}
    ]
    for key in ("gateway", "ip_range"):
        for value in config.get(key, ()):
            _entry_of_subnet(subnet_entries, value)[key] = value
    for name, address in config.get("aux_addresses", {}).items():
        subnet_entry = _entry_of_subnet(subnet_entries, address)
        subnet_entry.setdefault("aux_addresses", {})[name] = address
    return {**ipam, **({"config": subnet_entries} if config else {})}


def _entry_of_subnet(subnet_entries: list[dict[str, Any]], address: str) -> dict[str, Any]:
    from ipaddress import ip_interface, ip_network

    try:
        ip = ip_interface(address).ip
        return next(
            subnet
            for subnet in subnet_entries
            if "subnet" in subnet and ip in ip_network(subnet["subnet"], strict=False)
        )
    except (ValueError, StopIteration):
        return subnet_entries[0]


def read_volumes(invocation: Invocation) -> tuple[Volume, ...]:
    """The volume that `docker volume create` makes, under the engine's own name so that its data stays reachable."""
    rows = flag_rows("volume_create")
    line = parse_command_line(invocation.arguments, rows, interspersed=True)
    named = line.value_of("--name")
    argument = next(iter(line.operands), named)
    if argument is None:
        return ()
    if not argument.text:
        argument.skip("a volume without a name is used by nobody")
        return ()
    if is_refused_name(argument.text):
        argument.note("TC053", name=argument.text, what="volume")
        for option in line.options:
            option.value.mark_noted("TC053")
        return ()
    path = ModelPath.of("volumes", volume_key(argument.text))
    name = argument.take(path)
    options = [option for option in line.options if option.value is not named]
    facts = Facts(read_facts(options, path, "volume create"))
    driver = facts.last("driver")
    return (
        Volume(
            name=volume_key(name),
            engine_name=name,
            driver=driver,
            options=facts.remaining(),
            origin=argument.span,
        ),
    )
