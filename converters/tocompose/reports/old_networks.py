"""How a network of the source is made again, with its containers on it: options of `docker network`."""

from __future__ import annotations

import shlex

from tocompose.compose.shapes import as_list, as_map
from tocompose.model import Network, NetworkAttachment

# https://docs.docker.com/reference/cli/docker/network/create/
_RANGES = {"subnet": "--subnet", "gateway": "--gateway", "ip_range": "--ip-range"}


def creation_options(network: Network) -> str:
    """The options with which `docker network create` makes the network as it is declared."""
    options = [f"--driver {shlex.quote(network.driver)}"] if network.driver else []
    options += ["--internal"] if network.internal else []
    for config in as_list(as_map(network.options.get("ipam")).get("config")):
        ranges = as_map(config)
        for key, flag in _RANGES.items():
            if key in ranges:
                options.append(f"{flag} {shlex.quote(str(ranges[key]))}")
    for section, flag in (("driver_opts", "--opt"), ("labels", "--label")):
        option_entries = as_map(network.options.get(section)).items()
        options += [
            f"{flag} {shlex.quote(f'{key}={value}')}" for key, value in option_entries
        ]
    if network.options.get("enable_ipv6"):
        options.append("--ipv6")
    return " ".join(options)


def reconnection(network: str, container: str, attachment: NetworkAttachment) -> str:
    """The command line that puts a container onto the new network, under its names and addresses."""
    alias_options = [f"--alias {shlex.quote(alias)} " for alias in attachment.aliases]
    for key, flag in (("ipv4_address", "--ip"), ("ipv6_address", "--ip6")):
        if key in attachment.options:
            alias_options.append(f"{flag} {shlex.quote(str(attachment.options[key]))} ")
    options = "".join(alias_options)
    return (
        f"docker network disconnect {network} {container}"
        f" && docker network connect {options}{network} {container}"
    )
