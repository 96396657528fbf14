"""What a stack refers to is there: an undefined name makes docker compose refuse the whole file.

The checks run last, after importers and practices, so that no combination of them writes a file that cannot start.
"""

from __future__ import annotations

from tocompose.exporters.sound import Sound, every_part, parts
from tocompose.model import Mount, Network, Service, Stack, Volume
from tocompose.notes import Note, note
from tocompose.record import replace
from tocompose.source import Span


def refer_to_known(stack: Stack, outside: frozenset[str] = frozenset()) -> Sound:
    """The stack without references to what it lacks; only networks and volumes that are used are declared instead.

    `outside` names what a file that the stack is added to defines already.
    """
    dropped = _Dropped(stack, outside)
    stack, declared = _declared(every_part(stack, dropped.clean))
    return Sound(stack, (*dropped.notes, *declared), frozenset(dropped.paths))


class _Dropped:
    """The references that lead nowhere: collected while parts are cleaned of them."""

    def __init__(self, stack: Stack, outside: frozenset[str]) -> None:
        self.services = outside | {item.name for item in stack.services}
        self.secrets = outside | {item.name for item in stack.secrets}
        self.configs = outside | {item.name for item in stack.configs}
        self.notes: list[Note] = []
        self.paths: set[str] = set()

    def clean(self, owner: Service, part: Service) -> Service:
        """The part without its references to undefined services, secrets and configs."""
        others = self.services - {owner.name}
        keep = self._keep
        part = replace(
            part,
            depends_on=tuple(
                item
                for item in part.depends_on
                if keep(owner, "depends_on", item.service, others, item.origin)
            ),
            secrets=tuple(
                item
                for item in part.secrets
                if keep(owner, "secrets", item.source, self.secrets, item.origin)
            ),
            configs=tuple(
                item
                for item in part.configs
                if keep(owner, "configs", item.source, self.configs, item.origin)
            ),
        )
        return self._shared(owner, self._linked(owner, part))

    def _keep(
        self,
        owner: Service,
        key: str,
        name: str,
        known: frozenset[str],
        span: Span | None = None,
    ) -> bool:
        if name in known or "$" in name:
            return True
        subject = f"services.{owner.name}.{key}"
        kind = key[:-1] if key in ("secrets", "configs") else "service"
        self.notes.append(
            note(
                "TC750",
                span or owner.origin,
                subject=subject,
                service=owner.name,
                kind=kind,
                name=name,
            )
        )
        self.paths.update((subject, f"{subject}.{name}"))
        return False

    def _shared(self, owner: Service, part: Service) -> Service:
        """`network_mode`, `ipc` and `pid` of a service that is there."""
        options = dict(part.options)
        for key in ("ipc", "pid"):
            name = shared_with(options.get(key))
            if name is not None and not self._keep(owner, key, name, self.services):
                del options[key]
        name = shared_with(part.network_mode)
        if name is not None and not self._keep(owner, "network_mode", name, self.services):
            part = replace(part, network_mode=None)
        return replace(part, options=options)

    def _linked(self, owner: Service, part: Service) -> Service:
        """`links` and `volumes_from` of services that are there."""
        options = dict(part.options)
        for key in ("links", "volumes_from"):
            given = options.pop(key, ())
            kept = [
                item
                for item in given
                if self._keep(owner, key, linked_name(item), self.services | {"container"})
            ]
            if kept:
                options[key] = kept
        return replace(part, options=options)


def shared_with(value: object) -> str | None:
    """The service of `service:NAME`."""
    text = str(value or "")
    return text.removeprefix("service:") if text.startswith("service:") else None


def linked_name(item: object) -> str:
    """The service of an entry of `links` or `volumes_from`; `container` for one outside the stack."""
    return str(item).partition(":")[0]


def _declared(stack: Stack) -> tuple[Stack, list[Note]]:
    """The stack with every network and volume that its services use among the top-level ones."""
    networks = {item.name: item for item in stack.networks}
    volumes = {item.name: item for item in stack.volumes}
    notes: list[Note] = []
    for service in stack.services:
        for part in parts(service):
            for attachment in part.networks:
                if attachment.network not in networks and attachment.network != "default":
                    networks[attachment.network] = Network(name=attachment.network)
                    notes.append(
                        _declares(service, "network", attachment.network, attachment.origin)
                    )
            for mount in part.mounts:
                name = _volume_name(mount)
                if name and name not in volumes:
                    volumes[name] = Volume(name=name)
                    notes.append(_declares(service, "volume", name, mount.origin))
    return replace(
        stack, networks=tuple(networks.values()), volumes=tuple(volumes.values())
    ), notes


def _volume_name(mount: Mount) -> str | None:
    return (
        mount.source
        if mount.kind == "volume" and mount.source and "$" not in mount.source
        else None
    )


def _declares(service: Service, kind: str, name: str, span: Span | None) -> Note:
    subject = f"services.{service.name}.{kind}s"
    return note(
        "TC751",
        span or service.origin,
        subject=subject,
        service=service.name,
        kind=kind,
        name=name,
    )
