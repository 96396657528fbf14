"""What a service needs of others by keys beside `depends_on`: docker compose starts those first, by itself.

https://github.com/compose-spec/compose-go/blob/v2.9.0/loader/normalize.go; `uts` and `cgroup`, which it looks at too,
take no service at the engine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tocompose.compose.shapes import as_list, as_text
from tocompose.model import Service
from tocompose.record import NamedTuple

NAMESPACE_KEYS = ("network_mode", "ipc", "pid")
LINK_KEYS = ("links", "volumes_from")
_SERVICE, _CONTAINER = "service:", "container:"


class ImpliedNeed(NamedTuple):
    """What a service needs of another one: the key that says so, and the entry of its list, None for all of it."""

    key: str
    listed: Any
    target: str


class JoinedContainer(NamedTuple):
    """A container that a value joins, and what stands behind its name, such as `:ro`."""

    name: str
    suffix: str


def implied_needs(service: Service) -> Iterator[ImpliedNeed]:
    """Each need of a service of a stack, itself and services that are missing among them."""
    return needs_of_keys({**service.options, "network_mode": service.network_mode})


def needs_of_keys(body: Mapping[str, Any]) -> Iterator[ImpliedNeed]:
    """Each need of a service as a compose document has it, by the order of the keys above."""
    for key in NAMESPACE_KEYS:
        if target := joined_service(as_text(body.get(key))):
            yield ImpliedNeed(key, None, target)
    for key in LINK_KEYS:
        for listed in as_list(body.get(key)):
            if target := linked_service(key, listed):
                yield ImpliedNeed(key, listed, target)


def joined_service(value: object) -> str | None:
    """The service of `service:NAME`."""
    text = str(value or "")
    return text.removeprefix(_SERVICE) if text.startswith(_SERVICE) else None


def joined_container(value: object) -> JoinedContainer | None:
    """The container of `container:NAME`, with the mode that `volumes_from` may have behind it."""
    text = str(value or "")
    if not text.startswith(_CONTAINER):
        return None
    name, colon, mode = text.removeprefix(_CONTAINER).partition(":")
    return JoinedContainer(name, f"{colon}{mode}")


def linked_service(key: str, entry: object) -> str | None:
    """The service of an entry of `links` or `volumes_from`; None for a container outside the stack.

    Only `volumes_from` takes one: among links, `container` is a service like others.
    """
    if key == "volumes_from" and joined_container(entry):
        return None
    return str(entry).partition(":")[0]
