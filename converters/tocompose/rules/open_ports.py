"""PORT-BIND: a word about ports that the whole network can reach."""

from __future__ import annotations

from tocompose.model import Role, Service, Stack
from tocompose.notes import Note
from tocompose.rules import Context, Example, Outcome, Practice, each
from tocompose.rules.services import facts, is_data, remark

_ANY = frozenset({None, "", "0.0.0.0", "::"})


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack as it is, with a note about each service but the proxies that is published on all addresses."""
    return each(stack, _remarks)


def _remarks(service: Service) -> tuple[Service, list[Note]]:
    known = facts(service)
    if (
        service.role is Role.PROXY
        or (known is not None and known.lan)
        or (is_data(service) and known is None)
    ):
        return service, []
    # The ports of a database are PORT-DB's; what shares its network has its ports there too.
    own = known.ports if known is not None and is_data(service) else ()
    tcp = [
        port for port in service.ports if port.protocol == "tcp" and port.target not in own
    ]
    ports = [port.published or port.target for port in tcp if port.host_ip in _ANY]
    return service, [remark("TC646", service, ports=", ".join(ports))] if ports else []


PRACTICE = Practice(
    id="PORT-BIND",
    title="Publish to the network on purpose",
    severity="should",
    apply=apply,
    covers=("M-02",),
    url="https://docs.docker.com/engine/network/port-publishing/",
    examples=(
        Example(
            "services: {web: {image: 'corp/web:1', ports: ['3000:3000']}}",
            "services: {web: {image: 'corp/web:1', ports: ['3000:3000']}}",
        ),
    ),
)
