"""What a stack refers to is there: an undefined name makes docker compose refuse the whole file.

The checks run last, after importers and practices, so that no combination of them writes a file that cannot start.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

from tocompose.compose.start_order import (
    LINK_KEYS,
    NAMESPACE_KEYS,
    joined_service,
    linked_service,
)
from tocompose.exporters.final_checks import (
    Checked,
    for_each_overlay,
    service_layers,
    service_note,
)
from tocompose.model import ConfigMount, Dependency, Mount, Network, Service, Stack, Volume
from tocompose.notes import Note
from tocompose.record import replace
from tocompose.source import Span
from tocompose.syntax.interpolation import variable_names
from tocompose.syntax.model_path import ModelPath

_Reference = TypeVar("_Reference", Dependency, ConfigMount)


def refer_to_known(stack: Stack, outside: frozenset[str] = frozenset()) -> Checked:
    """The stack without references to what it lacks; only networks and volumes that are used are declared instead.

    `outside` names what a file that the stack is added to defines already.
    """
    dangling = _Dangling(stack, outside)
    stack, notes = _with_declarations(for_each_overlay(stack, dangling.drop_from), outside)
    return Checked(stack, (*dangling.notes, *notes), frozenset(dangling.paths))


class _Dangling:
    """The references that lead nowhere: collected while services are cleaned of them."""

    def __init__(self, stack: Stack, outside: frozenset[str]) -> None:
        self.services = outside | {service.name for service in stack.services}
        self.secrets = outside | {secret.name for secret in stack.secrets}
        self.configs = outside | {config.name for config in stack.configs}
        self.models = outside | stack.models.keys()
        self.notes: list[Note] = []
        self.paths: set[ModelPath] = set()

    def drop_from(self, service: Service, layer: Service) -> Service:
        """The layer without its references to undefined services, secrets, configs and models."""
        other_services = self.services - {service.name}
        layer = replace(
            layer,
            depends_on=self._defined(
                service, "depends_on", layer.depends_on, other_services
            ),
            secrets=self._defined(service, "secrets", layer.secrets, self.secrets),
            configs=self._defined(service, "configs", layer.configs, self.configs),
        )
        layer = self._drop_build_secrets(service, layer)
        layer = self._drop_models(service, self._drop_links(service, layer))
        return self._drop_namespaces(service, layer)

    def _drop_build_secrets(self, service: Service, layer: Service) -> Service:
        """The layer whose build mounts only secrets that are there."""
        grants = layer.build.options.get("secrets") if layer.build else None
        if layer.build is None or not grants:
            return layer
        kept_grants = [
            grant
            for grant in grants
            if self._is_defined(service, "secrets", _granted_name(grant), self.secrets)
        ]
        options = {**layer.build.options, "secrets": kept_grants}
        if not kept_grants:
            del options["secrets"]
        return replace(layer, build=replace(layer.build, options=options))

    def _defined(
        self,
        service: Service,
        key: str,
        references: Iterable[_Reference],
        defined: frozenset[str],
    ) -> tuple[_Reference, ...]:
        return tuple(
            reference
            for reference in references
            if self._is_defined(
                service, key, _referred_name(reference), defined, reference.origin
            )
        )

    def _is_defined(
        self,
        service: Service,
        key: str,
        name: str,
        defined: frozenset[str],
        span: Span | None = None,
    ) -> bool:
        # A variable is read in a value only, and the services to wait for are keys.
        is_variable = key != "depends_on" and any(variable_names(name))
        if name in defined or is_variable:
            return True
        kind = key[:-1] if key in ("secrets", "configs", "models") else "service"
        missing_note = service_note("TC750", service, key, span=span, kind=kind, name=name)
        self.notes.append(missing_note)
        self.paths.update((missing_note.subject, missing_note.subject.child(name)))
        return False

    def _drop_namespaces(self, service: Service, layer: Service) -> Service:
        """`network_mode`, `ipc` and `pid` of a service that is there."""
        options = dict(layer.options)
        for key in NAMESPACE_KEYS:
            if self._lacks_namespace(service, key, options.get(key)):
                del options[key]
        if self._lacks_namespace(service, "network_mode", layer.network_mode):
            layer = replace(layer, network_mode=None)
        return replace(layer, options=options)

    def _lacks_namespace(self, service: Service, key: str, value: object) -> bool:
        name = joined_service(value)
        return name is not None and not self._is_defined(service, key, name, self.services)

    def _drop_links(self, service: Service, layer: Service) -> Service:
        """`links` and `volumes_from` of services that are there."""
        options = dict(layer.options)
        for key in LINK_KEYS:
            lines = [
                line
                for line in options.pop(key, ())
                if self._has_target(service, key, line)
            ]
            if lines:
                options[key] = lines
        return replace(layer, options=options)

    def _has_target(self, service: Service, key: str, line: object) -> bool:
        name = linked_service(key, line)
        return name is None or self._is_defined(service, key, name, self.services)

    def _drop_models(self, service: Service, layer: Service) -> Service:
        """`models` that are declared, in the form in which they are named."""
        named = layer.options.get("models")
        if not named:
            return layer
        kept_models = [
            name
            for name in named
            if self._is_defined(service, "models", str(name), self.models)
        ]
        models = (
            {name: named[name] for name in kept_models}
            if isinstance(named, dict)
            else kept_models
        )
        options = {**layer.options, "models": models}
        if not kept_models:
            del options["models"]
        return replace(layer, options=options)


def _referred_name(reference: Dependency | ConfigMount) -> str:
    return reference.service if isinstance(reference, Dependency) else reference.source


def _with_declarations(stack: Stack, outside: frozenset[str]) -> tuple[Stack, list[Note]]:
    """The stack with every network and volume that its services use among the top-level ones, here or outside."""
    networks = {network.name: network for network in stack.networks}
    volumes = {volume.name: volume for volume in stack.volumes}
    notes: list[Note] = []
    for service, kind, name, span in _used_names(stack):
        if name in outside or name in (networks if kind == "network" else volumes):
            continue
        if kind == "network":
            networks[name] = Network(name=name)
        else:
            volumes[name] = Volume(name=name)
        notes.append(
            service_note("TC751", service, f"{kind}s", span=span, kind=kind, name=name)
        )
    declared_stack = replace(
        stack, networks=tuple(networks.values()), volumes=tuple(volumes.values())
    )
    return declared_stack, notes


def _used_names(stack: Stack) -> Iterator[tuple[Service, str, str, Span | None]]:
    """The networks and named volumes of the services, each with the service and its place."""
    for service in stack.services:
        for layer in service_layers(service):
            for attachment in layer.networks:
                # No key holds a variable.
                if attachment.network != "default" and "$" not in attachment.network:
                    yield service, "network", attachment.network, attachment.origin
            for mount in layer.mounts:
                if name := _volume_name(mount):
                    yield service, "volume", name, mount.origin


def _volume_name(mount: Mount) -> str | None:
    is_named = mount.kind == "volume" and mount.source and "$" not in mount.source
    return mount.source if is_named else None


def _granted_name(grant: Any) -> str:
    """The secret that an entry of `build.secrets` grants, in its short or long form."""
    return str(grant.get("source") if isinstance(grant, Mapping) else grant)
