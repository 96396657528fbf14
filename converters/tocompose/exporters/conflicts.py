"""Settings that docker compose refuses together, ignores, or that lack a value: each gets the form that works."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.exporters.final_checks import (
    Checked,
    for_each_overlay,
    service_layers,
    service_note,
    subjects_of,
)
from tocompose.model import (
    ConfigMount,
    EnvSetting,
    File,
    FileResource,
    Limits,
    Port,
    Service,
    Stack,
)
from tocompose.notes import Note, note
from tocompose.record import replace
from tocompose.source import Span
from tocompose.syntax.interpolation import (
    Variable,
    plain,
    replace_variables,
    required_reference,
)
from tocompose.syntax.model_path import ModelPath

# The service-level limits, and what holds the same in `deploy.resources.limits`.
_LIMITS = {"cpus": "cpus", "mem_limit": "memory", "pids_limit": "pids"}


def limits_in_one_place(stack: Stack) -> Checked:
    """Limits stand at service level or below `deploy`, never in both: "can't set distinct values" otherwise."""
    moved = {
        service.name: [key for key in _LIMITS if key in service.options]
        for service in stack.services
        if _has_limits_below_deploy(service)
    }
    services = tuple(
        _with_limits_moved(service, moved.get(service.name, []))
        for service in stack.services
    )
    paths = frozenset(
        ModelPath.service(name, key) for name, keys in moved.items() for key in keys
    )
    return Checked(replace(stack, services=services), (), paths)


def _has_limits_below_deploy(service: Service) -> bool:
    return any(layer.resources.limits != Limits() for layer in service_layers(service))


def _with_limits_moved(service: Service, keys: list[str]) -> Service:
    if not keys:
        return service
    limits = service.resources.limits
    for key in keys:
        field = _LIMITS[key]
        amount = getattr(limits, field) or str(service.options[key])
        limits = replace(limits, **{field: amount})
    options = {key: value for key, value in service.options.items() if key not in keys}
    resources = replace(service.resources, limits=limits)
    return replace(service, options=options, resources=resources)


_TOO_SHORT = ": the engine asks for two characters at least"
_TAKEN = ", which another service has"


def names_free_to_scale(stack: Stack) -> Checked:
    """A container name only where one container has it, and of the two characters that the engine asks for."""
    notes: list[Note] = []
    used_names: set[str] = set()

    def check_name(service: Service) -> Service:
        name = service.container_name
        if name is None:
            return service
        is_scaled = any((layer.replicas or 1) > 1 for layer in service_layers(service))
        if not is_scaled and len(name) > 1 and name not in used_names:
            used_names.add(name)
            return service
        why = _TOO_SHORT if len(name) < 2 else _TAKEN
        advice = ""
        if is_scaled:
            why = ""
            advice = f"Use the service name {service.name}, which reaches all replicas."
        notes.append(
            service_note(
                "TC755", service, "container_name", name=name, why=why, advice_text=advice
            )
        )
        return replace(service, container_name=None)

    services = tuple(map(check_name, stack.services))
    return Checked(replace(stack, services=services), tuple(notes), subjects_of(notes))


def one_network_form(stack: Stack) -> Checked:
    """`network_mode` excludes `networks`, in whichever file either stands."""
    notes: list[Note] = []

    def drop_networks(service: Service, layer: Service) -> Service:
        modes = (each_layer.network_mode for each_layer in service_layers(service))
        mode = next(filter(None, modes), None)
        if mode is None or not layer.networks:
            return layer
        names = ", ".join(attachment.network for attachment in layer.networks)
        span = layer.networks[0].origin
        notes.append(
            service_note("TC762", service, "networks", span=span, mode=mode, names=names)
        )
        return replace(layer, networks=())

    stack = for_each_overlay(stack, drop_networks)
    return Checked(stack, tuple(notes), subjects_of(notes))


def ports_bound_once(stack: Stack) -> Checked:
    """An overlay adds no second binding of a port that the base publishes: both would be opened, and collide."""
    notes: list[Note] = []

    def drop_clashing(service: Service, layer: Service) -> Service:
        if layer is service:
            return layer
        base_addresses = {_host_port(port): port.host_ip for port in service.ports}
        free_ports = []
        for port in layer.ports:
            base_address = base_addresses.get(_host_port(port), port.host_ip)
            if base_address == port.host_ip:
                free_ports.append(port)
                continue
            facts = {
                "port": port.published or port.target,
                "kept": base_address or "all addresses",
            }
            notes.append(service_note("TC763", service, "ports", span=port.origin, **facts))
        return replace(layer, ports=tuple(free_ports))

    return Checked(for_each_overlay(stack, drop_clashing), tuple(notes))


def _host_port(port: Port) -> tuple[str, str]:
    return port.published or port.target, port.protocol


def files_readable(stack: Stack) -> Checked:
    """Secrets and configs from files are bind mounts: without the owner and mode that Compose ignores for these."""
    from_files = {
        resource.name for resource in (*stack.secrets, *stack.configs) if resource.file
    }
    notes: list[Note] = []

    def without_owner(service: Service, kind: str, grant: ConfigMount) -> ConfigMount:
        has_owner = grant.mode or grant.uid or grant.gid
        if not has_owner or grant.source not in from_files:
            return grant
        owner = "owner" if grant.uid or grant.gid else ""
        what = " and ".join(filter(None, (owner, "mode" if grant.mode else "")))
        facts = {"name": grant.source, "kind": kind, "what": what}
        notes.append(service_note("TC756", service, f"{kind}s", span=grant.origin, **facts))
        return replace(grant, mode=None, uid=None, gid=None)

    def change_grants(service: Service, layer: Service) -> Service:
        return replace(
            layer,
            secrets=tuple(
                without_owner(service, "secret", grant) for grant in layer.secrets
            ),
            configs=tuple(
                without_owner(service, "config", grant) for grant in layer.configs
            ),
        )

    stack = for_each_overlay(stack, change_grants)
    return Checked(stack, tuple(notes), subjects_of(notes))


def files_for_read_only(stack: Stack) -> Checked:
    """The stack with files in the place of inline contents where a service has a read-only root file system.

    The engine can put nothing else than a bind mount into such a container.
    """
    return Checked(_content_to_files(stack, given_to_read_only(stack)))


def given_to_read_only(stack: Stack) -> set[str]:
    """The configs and secrets that services with a read-only root file system are given."""
    return {
        grant.source
        for service in stack.services
        if any(layer.security.read_only for layer in service_layers(service))
        for grant in _all_grants(service)
    }


def _all_grants(service: Service) -> Iterator[ConfigMount]:
    for layer in service_layers(service):
        yield from (*layer.configs, *layer.secrets)


def _content_to_files(stack: Stack, names: set[str]) -> Stack:
    """Inline contents and secrets from `.env` of these names, as files beside the compose file."""
    values = {setting.name: setting.value for setting in stack.settings}
    paths = {file.path for file in stack.files}
    new_files: list[File] = []

    def as_file(
        resource: FileResource, path: str, text: str | None, mode: int
    ) -> FileResource:
        if text is None or resource.name not in names or path in paths:
            return resource
        new_files.append(
            File(
                path=path,
                content=text.encode(),
                mode=mode,
                secret=mode == _SECRET_MODE,
                origin=resource.origin,
            )
        )
        return replace(resource, content=None, environment=None, file=f"./{path}")

    configs = tuple(
        as_file(config, f"config/{config.name}", _plain_content(config), _CONFIG_MODE)
        for config in stack.configs
    )
    secrets = tuple(
        as_file(
            secret,
            f"secrets/{secret.name}",
            values.get(secret.environment or ""),
            _SECRET_MODE,
        )
        for secret in stack.secrets
    )
    return replace(
        stack, configs=configs, secrets=secrets, files=(*stack.files, *new_files)
    )


# Read by whoever the container runs as: Compose passes on neither owner nor mode.
_CONFIG_MODE, _SECRET_MODE = 0o644, 0o444


def _plain_content(config: FileResource) -> str | None:
    return plain(config.content) if config.content is not None else None


def files_present(stack: Stack) -> Checked:
    """A note for each secret file that the stack names and nobody writes: `up` fails until it is there."""
    written = {f"./{file.path}" for file in stack.files}
    notes = [
        note(
            "TC757",
            secret.origin,
            subject=ModelPath.of("secrets", secret.name),
            name=secret.name,
            path=secret.file,
        )
        for secret in stack.secrets
        if secret.file
        and secret.file.startswith("./secrets/")
        and secret.file not in written
    ]
    return Checked(stack, tuple(notes))


def required_variables(stack: Stack) -> Checked:
    """The stack with `${NAME:?…}` where an image, a container name or a port holds a variable that has no value.

    An empty one gives "invalid reference format", a pattern that does not match, or a port that nobody chose, and
    Compose's own words do not say which variable is missing.
    """
    requests = _Requests({setting.name: setting for setting in stack.settings})
    stack = for_each_overlay(stack, requests.require_values)
    return Checked(stack, tuple(requests.notes.values()))


def _lacks_value(setting: EnvSetting | None, key: str, is_whole: bool) -> bool:
    """Whether Compose finds the variable empty; of one that the source does not declare only an image, and a container
    name that is nothing else, are sure to be refused."""
    if setting is not None:
        return setting.value is None
    return key == "image" or (key == "container_name" and is_whole)


class _Requests:
    """The variables that are asked for by name, each once in a key of a service."""

    def __init__(self, settings: dict[str, EnvSetting]) -> None:
        self._settings = settings
        self.notes: dict[tuple[str, str, str], Note] = {}

    def require_values(self, service: Service, layer: Service) -> Service:
        """The layer with its image, container name and ports asking for what is unset."""
        return replace(
            layer,
            image=self._require(service, "image", layer.image),
            container_name=self._require(service, "container_name", layer.container_name),
            ports=tuple(self._require_in_port(service, port) for port in layer.ports),
        )

    def _require_in_port(self, service: Service, port: Port) -> Port:
        return replace(
            port,
            target=self._require(service, "ports", port.target, port.origin) or port.target,
            published=self._require(service, "ports", port.published, port.origin),
            host_ip=self._require(service, "ports", port.host_ip, port.origin),
        )

    def _require(
        self, service: Service, key: str, text: str | None, span: Span | None = None
    ) -> str | None:
        def as_required(variable: Variable) -> str:
            setting = self._settings.get(variable.name)
            reference = required_reference(variable.name, ".env")
            is_whole = variable.source == text
            if not _lacks_value(setting, key, is_whole) or variable.source not in (
                f"${variable.name}",
                f"${{{variable.name}}}",
                reference,
            ):
                return variable.source
            facts = {"name": variable.name, "kind": key.replace("_", " ")}
            origin = setting.origin if setting is not None else None
            self.notes.setdefault(
                (service.name, key, variable.name),
                service_note("TC770", service, key, span=origin or span, **facts),
            )
            return reference

        return replace_variables(text, as_required) if text else text
