"""What servers need of the kernel that all containers of a host share, and what commands set there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tocompose.knowledge.image_conditions import holds_for_tag
from tocompose.patterns import regex
from tocompose.record import NamedTuple

# Other parameters, as those of net., belong to the container: https://docs.docker.com/reference/cli/docker/container/run/#sysctl
_OF_HOST = r"(?:vm|fs|kernel)(?:\.\w+)+"
_WRITTEN = regex(rf"(?P<name>{_OF_HOST})\s*=\s*[\"']?(?P<number>\d+)")


class KernelNeed(NamedTuple):
    """A parameter as NAME=NUMBER without which a server refuses to start, `unless` it has one of these settings."""

    setting: str
    unless: tuple[tuple[str, str], ...]


def kernel_need(row: Mapping[str, Any], tag: str) -> KernelNeed | None:
    """What the row of an image says that its server needs in the version of a tag."""
    column = row.get("kernel")
    if column is None or not holds_for_tag(column.get("when", ""), tag):
        return None
    return KernelNeed(column["set"], tuple(column["unless"].items()))


def set_in_kernel(command: str) -> tuple[str, ...]:
    """The parameters that a command gives the kernel of the host by `sysctl`, as NAME=NUMBER."""
    if "sysctl" not in command:
        return ()
    matches = _WRITTEN.finditer(command)
    return tuple(f"{match['name']}={match['number']}" for match in matches)
