"""Values that a pod asks of itself: `fieldRef` and `resourceFieldRef`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from tocompose.importers.kubernetes.cluster_model import ContainerContext
from tocompose.importers.kubernetes.container_fields import Container, Resources
from tocompose.importers.kubernetes.environment_fields import (
    FieldReference,
    ResourceReference,
)
from tocompose.importers.kubernetes.resources import ONE, parse_quantity, rounded_up
from tocompose.importers.kubernetes.scalars import Stated, string_map
from tocompose.ledger import Cursor
from tocompose.record import NamedTuple
from tocompose.syntax.interpolation import literal, plain
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import variable_name

HOST = "host.docker.internal"
_KEYED = r"metadata\.(?P<section>labels|annotations)(?:\['(?P<key>[^']+)'\])?"
_INDEX = "metadata.annotations['batch.kubernetes.io/job-completion-index']"
_MAPS = ("metadata.labels", "metadata.annotations")


class PodValue(NamedTuple):
    """What a reference to the pod itself comes to: its text as Compose reads it, None where it says nothing.

    `sources` are the fields that the text is made of; `code` and `facts` are the note on it, which is said at
    `noted_at`; a value that `names_host` counts on the container's host name.
    """

    text: str | None
    noted_at: Cursor
    sources: tuple[Cursor, ...] = ()
    code: str = ""
    facts: Mapping[str, Any] = {}
    names_host: bool = False
    extra_host: str = ""

    def settle(self, container: ContainerContext, to: ModelPath) -> str | None:
        """The text; what it is made of counts as mapped to `to`."""
        for source in self.sources:
            source.take(to=to)
        if self.text is None:
            self.noted_at.note(self.code, subject=to, **self.facts)
        elif self.code:
            self.noted_at.annotate(self.code, subject=to, **self.facts)
        if self.names_host:
            container.name_host()
        if self.extra_host:
            container.add_host(self.extra_host, "host-gateway")
        return self.text


def pod_value(
    reference: FieldReference | ResourceReference, container: ContainerContext, name: str
) -> PodValue:
    """What the reference under that name comes to in a container."""
    if isinstance(reference, ResourceReference):
        return _resource_value(reference, container, name)
    return _field_value(reference, container, name)


def file_value(
    reference: FieldReference | ResourceReference, container: ContainerContext, name: str
) -> PodValue:
    """The text of the file of that name: for a map of labels or annotations, a line `key="value"` each."""
    if isinstance(reference, FieldReference) and reference.field_path.text in _MAPS:
        key = reference.field_path.text.partition(".")[2]
        section = container.workload.pod_template.at("metadata", key)
        lines = (
            f'{key}="{_escape_value(text)}"\n'
            for key, text in sorted(string_map(section).items())
        )
        noted_at = reference.field_path.cursor
        return PodValue("".join(lines), noted_at, (noted_at, *section))
    answer = pod_value(reference, container, name)
    if answer.text is None or isinstance(reference, ResourceReference):
        return answer
    return answer._replace(text=plain(answer.text) or answer.text)


def _escape_value(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _field_value(
    reference: FieldReference, container: ContainerContext, name: str
) -> PodValue:
    """A field of the pod; one that does not exist has no text."""
    cursor, path = reference.field_path.cursor, reference.field_path.text or ""
    if path == _INDEX and container.workload.is_indexed:
        return PodValue(str(container.pod.ordinal), cursor, (cursor,))
    keyed = re.fullmatch(_KEYED, path)
    if keyed and keyed["key"]:
        metadata_entry = container.workload.pod_template.at(
            "metadata", keyed["section"], keyed["key"]
        )
        text = literal(metadata_entry.peek() or "")
        return PodValue(text, cursor, (cursor, metadata_entry))
    if path in ("metadata.name", "metadata.namespace", "spec.serviceAccountName"):
        return _identity_value(reference.field_path, container)
    if path in ("status.podIP", "status.podIPs", "status.hostIP", "status.hostIPs"):
        return _address_value(reference.field_path, container)
    if path in ("metadata.uid", "spec.nodeName"):
        base = container.pod.base
        text = f"${{{variable_name(base)}_{_variable_suffix(path)}:-{base}}}"
        facts = {"field": path, "value": base}
        return PodValue(text, cursor, (cursor,), "TC216", facts)
    facts = {"fields": f"{path or 'fieldRef'} ({name})"}
    return PodValue(None, cursor, (), "TC219", facts)


def _variable_suffix(path: str) -> str:
    return "UID" if path.endswith("uid") else "NODE_NAME"


def _identity_value(field: Stated, container: ContainerContext) -> PodValue:
    path, cursor = field
    workload, base = container.workload, container.pod.base
    if path == "metadata.namespace":
        namespace = workload.kube_object.at("metadata", "namespace")
        return PodValue(literal(container.namespace), cursor, (cursor, namespace))
    if path == "spec.serviceAccountName":
        accounts = workload.pod_spec.identity.accounts
        account = next((account for account in accounts if account.text), None)
        if account is None:
            return PodValue("default", cursor, (cursor,))
        return PodValue(literal(account.text or ""), cursor, (cursor, account.cursor))
    own_name = workload.kube_object.name if workload.kind == "Pod" else base
    answer = PodValue(
        container.pod.hostname or own_name, cursor, (cursor,), names_host=True
    )
    if (workload.replicas or 1) > 1 and container.pod.ordinal is None:
        return answer._replace(code="TC216", facts={"field": path, "value": base})
    return answer


def _address_value(field: Stated, container: ContainerContext) -> PodValue:
    path, cursor = field
    if path is not None and path.startswith("status.hostIP"):
        facts = {"field": path, "value": HOST}
        return PodValue(HOST, cursor, (cursor,), "TC216", facts, extra_host=HOST)
    name = "127.0.0.1" if container.workload.host_network else container.pod.base
    return PodValue(name, cursor, (cursor,), "TC217", {"value": name})


def _resource_value(
    reference: ResourceReference, container: ContainerContext, name: str
) -> PodValue:
    """An amount of a container, rounded up as Kubernetes does; one without a limit has no text."""
    path, owner = reference.resource.text or "", reference.container_name.text
    fields = _container_named(container, owner) if owner else container.fields
    stated_amount = _resource_amount(fields.resources, path) if fields else None
    amount = parse_quantity(stated_amount.text or "") if stated_amount else None
    divisor = parse_quantity(reference.divisor.text or "1") or ONE
    sources = [stated_amount] if stated_amount else []
    if amount is None:
        facts = {"field": path or "resourceFieldRef", "name": name}
        return PodValue(None, reference.cursor, _places(sources), "TC218", facts)
    sources += [reference.resource, reference.divisor]
    if owner and owner != container.name:
        sources.append(reference.container_name)
    return PodValue(str(rounded_up(amount, divisor)), reference.cursor, _places(sources))


def _places(fields: Iterable[Stated]) -> tuple[Cursor, ...]:
    return tuple(field.cursor for field in fields)


def _container_named(container: ContainerContext, name: str) -> Container | None:
    for pod_container in container.pod.containers:
        if pod_container.name == name:
            return pod_container.fields
    return None


def _resource_amount(resources: Resources, path: str) -> Stated | None:
    section, _, resource = path.partition(".")
    sections = [resources.limits]
    if section != "limits":
        sections.insert(0, resources.requests)
    for amounts in sections:
        amount = amounts.get(resource)
        if amount is not None and amount.text is not None:
            return amount
    return None
