"""Settings that docker compose refuses side by side, or ignores: each is brought to the one form that works."""

from __future__ import annotations

from typing import Any

from tocompose.exporters.sound import Sound, every_part, parts
from tocompose.model import Amounts, File, Grant, Port, Resource, Service, Stack
from tocompose.notes import Note, note
from tocompose.record import replace
from tocompose.syntax.interpolation import plain

# The service-level limits, and what holds the same in `deploy.resources.limits`.
_LIMITS = {"cpus": "cpus", "mem_limit": "memory", "pids_limit": "pids"}


def limits_in_one_place(stack: Stack) -> Sound:
    """Limits stand at service level or below `deploy`, never in both: "can't set distinct values" otherwise."""
    paths: set[str] = set()

    def moved(service: Service) -> Service:
        below_deploy = any(part.resources.limits != Amounts() for part in parts(service))
        given = {key: service.options[key] for key in _LIMITS if key in service.options}
        if not below_deploy or not given:
            return service
        limits = service.resources.limits
        for key, value in given.items():
            limits = replace(
                limits, **{_LIMITS[key]: getattr(limits, _LIMITS[key]) or str(value)}
            )
            paths.add(f"services.{service.name}.{key}")
        options = {key: value for key, value in service.options.items() if key not in given}
        return replace(
            service, options=options, resources=replace(service.resources, limits=limits)
        )

    services = tuple(moved(service) for service in stack.services)
    return Sound(replace(stack, services=services), (), frozenset(paths))


def names_free_to_scale(stack: Stack) -> Sound:
    """A container name only where one container has it, and of the two characters that the engine asks for."""
    notes: list[Note] = []
    taken: set[str] = set()

    def named(service: Service) -> Service:
        name = service.container_name
        scaled = any((part.replicas or 1) > 1 for part in parts(service))
        if name is None or (not scaled and len(name) > 1 and name not in taken):
            taken.update({name} if name else ())
            return service
        subject = f"services.{service.name}.container_name"
        notes.append(
            note("TC755", service.origin, subject=subject, service=service.name, name=name)
        )
        return replace(service, container_name=None)

    services = tuple(named(service) for service in stack.services)
    return Sound(
        replace(stack, services=services),
        tuple(notes),
        frozenset(item.subject for item in notes),
    )


def one_network_form(stack: Stack) -> Sound:
    """`network_mode` excludes `networks`, in whichever file either stands."""
    notes: list[Note] = []
    paths: set[str] = set()

    def change(owner: Service, part: Service) -> Service:
        mode = next((item.network_mode for item in parts(owner) if item.network_mode), None)
        if mode is None or not part.networks:
            return part
        subject = f"services.{owner.name}.networks"
        names = ", ".join(item.network for item in part.networks)
        span = part.networks[0].origin or owner.origin
        notes.append(
            note("TC762", span, subject=subject, service=owner.name, mode=mode, names=names)
        )
        paths.add(subject)
        return replace(part, networks=())

    return Sound(every_part(stack, change), tuple(notes), frozenset(paths))


def ports_bound_once(stack: Stack) -> Sound:
    """An overlay adds no second binding of a port that the base publishes: both would be opened, and collide."""
    notes: list[Note] = []

    def added(owner: Service, part: Service) -> Service:
        if part is owner:
            return part
        known = {_port(item): item for item in owner.ports}
        clashing = [
            item
            for item in part.ports
            if _port(item) in known and known[_port(item)].host_ip != item.host_ip
        ]
        for item in clashing:
            kept = known[_port(item)].host_ip or "all addresses"
            facts: dict[str, Any] = {"port": item.published or item.target, "kept": kept}
            subject = f"services.{owner.name}.ports"
            notes.append(
                note(
                    "TC763",
                    item.origin or owner.origin,
                    subject=subject,
                    service=owner.name,
                    **facts,
                )
            )
        return replace(
            part, ports=tuple(item for item in part.ports if item not in clashing)
        )

    return Sound(every_part(stack, added), tuple(notes))


def _port(item: Port) -> tuple[str | None, str]:
    return item.published or item.target, item.protocol


def files_readable(stack: Stack) -> Sound:
    """Secrets and configs from files are bind mounts: without the owner and mode that Compose ignores for these."""
    from_files = {item.name for item in (*stack.secrets, *stack.configs) if item.file}
    notes: list[Note] = []

    def plain_grant(owner: Service, kind: str, item: Grant) -> Grant:
        if item.source not in from_files or not (item.mode or item.uid or item.gid):
            return item
        facts: dict[str, Any] = {"name": item.source, "kind": kind}
        subject = f"services.{owner.name}.{kind}s"
        notes.append(
            note(
                "TC756",
                item.origin or owner.origin,
                subject=subject,
                service=owner.name,
                **facts,
            )
        )
        return replace(item, mode=None, uid=None, gid=None)

    def change(owner: Service, part: Service) -> Service:
        return replace(
            part,
            secrets=tuple(plain_grant(owner, "secret", item) for item in part.secrets),
            configs=tuple(plain_grant(owner, "config", item) for item in part.configs),
        )

    stack = every_part(stack, change)
    return Sound(stack, tuple(notes), frozenset(item.subject for item in notes))


def files_for_read_only(stack: Stack) -> Sound:
    """The stack with files in the place of inline contents where a service has a read-only root file system.

    The engine can put nothing else than a bind mount into such a container.
    """
    return Sound(_content_to_files(stack, given_to_read_only(stack)))


def given_to_read_only(stack: Stack) -> set[str]:
    """The configs and secrets that services with a read-only root file system are given."""
    read_only = {
        item.name
        for item in stack.services
        if any(part.security.read_only for part in parts(item))
    }
    return _given_to(stack, read_only)


def _given_to(stack: Stack, services: set[str]) -> set[str]:
    users = (service for service in stack.services if service.name in services)
    return {
        item.source
        for service in users
        for part in parts(service)
        for item in (*part.configs, *part.secrets)
    }


def _content_to_files(stack: Stack, names: set[str]) -> Stack:
    """Inline contents and secrets from `.env` of these names, as files beside the compose file."""
    values = {item.name: item.value for item in stack.settings}
    files = {item.path for item in stack.files}
    added: list[File] = []

    def as_file(item: Resource, folder: str, text: str | None, secret: bool) -> Resource:
        path = f"{folder}/{item.name}"
        if text is None or item.name not in names or path in files:
            return item
        mode = 0o444 if secret else 0o644
        added.append(
            File(
                path=path,
                content=text.encode(),
                mode=mode,
                secret=secret,
                origin=item.origin,
            )
        )
        return replace(item, content=None, environment=None, file=f"./{path}")

    configs = [
        as_file(item, "config", _literal(item.content), False) for item in stack.configs
    ]
    secrets = [
        as_file(item, "secrets", values.get(item.environment or ""), True)
        for item in stack.secrets
    ]
    return replace(
        stack, configs=tuple(configs), secrets=tuple(secrets), files=(*stack.files, *added)
    )


def _literal(content: str | None) -> str | None:
    return plain(content) if content is not None else None


def files_present(stack: Stack) -> Sound:
    """A note for each secret file that the stack names and nobody writes: `up` fails until it is there."""
    written = {item.path for item in stack.files}
    notes = [
        note(
            "TC757",
            item.origin,
            subject=f"secrets.{item.name}",
            name=item.name,
            path=item.file,
        )
        for item in stack.secrets
        if item.file
        and item.file.startswith("./secrets/")
        and item.file.removeprefix("./") not in written
    ]
    return Sound(stack, tuple(notes))
