"""A model of the kubelet: what it would ask a container runtime for, of each container of plain manifests.

It is written from the kubelet's own source and reads the YAML with a plain loader, so that it shares nothing with the
importer that it judges: `makeEnvironmentVariables` and `GenerateRunContainerOptions` in pkg/kubelet/kubelet_pods.go,
`ExpandContainerCommandAndArgs` in pkg/kubelet/container/helpers.go, `Expand` in third_party/forked/golang/expansion,
`generateLinuxContainerResources` in pkg/kubelet/kuberuntime, and `EffectiveSecurityContext` in pkg/securitycontext.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator, Mapping
from math import ceil
from typing import Any

from tocompose.prove.kube_values import (
    UNKNOWN,
    as_list,
    as_map,
    expand,
    quantity,
    scalar_text,
)
from tocompose.prove.pod_limits import container_limits
from tocompose.record import NamedTuple

_TEMPLATES = {
    "Pod": (),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
    **dict.fromkeys(
        (
            "Deployment",
            "StatefulSet",
            "DaemonSet",
            "ReplicaSet",
            "ReplicationController",
            "Job",
        ),
        ("spec", "template"),
    ),
}
_READ_ONLY_VOLUMES = ("configMap", "secret", "projected", "downwardAPI")
# The shortest share of a period that a CPU quota may be. milliCPUToQuota in pkg/kubelet/cm/helpers_linux.go.
_LEAST_CPU = 0.01


class PodContainerSpec(NamedTuple):
    """One container of one workload as the manifests hold it; `is_init` for one that ends before the others start."""

    kind: str
    workload: str
    namespace: str
    container: Mapping[str, Any]
    template: Mapping[str, Any]
    is_init: bool
    annotations: Mapping[str, Any]
    is_indexed: bool

    @property
    def pod(self) -> Mapping[str, Any]:
        """The specification of the pod."""
        return as_map(self.template.get("spec"))

    def __str__(self) -> str:
        return f"{self.kind} {self.workload}, {self.container.get('name')}"


class ContainerConfig(NamedTuple):
    """What the runtime is asked for; an entry of `env` is UNKNOWN where only the cluster knows it."""

    entrypoint: tuple[str, ...]
    command: tuple[str, ...]
    env: Mapping[str, str]
    user: str
    groups: frozenset[str]
    working_dir: str
    privileged: bool
    read_only: bool
    no_new_privileges: bool
    cap_add: frozenset[str]
    cap_drop: frozenset[str]
    memory: int
    cpus: float
    mounts: Mapping[str, bool]
    shared_memory: bool
    host_paths: Mapping[str, str]
    host_network: bool
    host_pid: bool
    host_ipc: bool
    host_ports: frozenset[str]
    hostname: str
    extra_hosts: frozenset[str]
    stop_timeout: int | None
    tty: bool
    stdin: bool


class KubeletModel:
    """The kubelet with all objects of some manifests at hand."""

    def __init__(self, objects: Iterable[Mapping[str, Any]]) -> None:
        self.objects = list(_flattened(objects))
        self._data: dict[tuple[str, str, str], dict[str, str]] = {}
        for each in self.objects:
            kind = each.get("kind")
            if kind in ("ConfigMap", "Secret"):
                self._data[(str(kind), _namespace(each), _name(each))] = _entries(each)

    def secrets(self) -> Iterator[str]:
        """Every value of a Secret, which nobody may print."""
        for (kind, _, _), entries in self._data.items():
            if kind == "Secret":
                yield from entries.values()

    def containers(self) -> Iterator[PodContainerSpec]:
        """Every container of every workload."""
        for each in self.objects:
            path = _TEMPLATES.get(str(each.get("kind")))
            if path is None:
                continue
            template: Any = each
            for key in path:
                template = as_map(template).get(key)
            pod = as_map(as_map(template).get("spec"))
            for key, is_init in (("initContainers", True), ("containers", False)):
                for container in as_list(pod.get(key)):
                    yield PodContainerSpec(
                        str(each["kind"]),
                        _name(each),
                        _namespace(each),
                        container,
                        as_map(template),
                        is_init and container.get("restartPolicy") != "Always",
                        as_map(as_map(each.get("metadata")).get("annotations")),
                        as_map(each.get("spec")).get("completionMode") == "Indexed",
                    )

    def config(self, spec: PodContainerSpec) -> ContainerConfig:
        """What the kubelet asks the runtime for."""
        container, pod = spec.container, spec.pod
        env = self._environment(spec)
        own, shared = (
            as_map(container.get("securityContext")),
            as_map(pod.get("securityContext")),
        )
        capabilities = as_map(own.get("capabilities"))
        limits = self._limits(spec)
        volumes = {
            str(volume.get("name")): self._with_mode(volume, spec)
            for volume in as_list(pod.get("volumes"))
        }
        mounts = [*as_list(container.get("volumeMounts"))]
        return ContainerConfig(
            entrypoint=_expanded(container.get("command"), env),
            command=_expanded(container.get("args"), env),
            env=env,
            user=_user(own, shared),
            groups=_groups(shared),
            working_dir=str(container.get("workingDir") or ""),
            privileged=bool(own.get("privileged")),
            read_only=bool(own.get("readOnlyRootFilesystem")),
            no_new_privileges=own.get("allowPrivilegeEscalation") is False,
            cap_add=_capabilities(capabilities.get("add")),
            cap_drop=_capabilities(capabilities.get("drop")),
            memory=int(quantity(limits.get("memory", 0))),
            cpus=_cpus(limits.get("cpu", 0)),
            mounts={
                str(mount.get("mountPath")).rstrip("/") or "/": _is_read_only(
                    mount, volumes
                )
                for mount in mounts
                if not _is_shared_memory(mount, volumes)
            },
            shared_memory=any(_is_shared_memory(mount, volumes) for mount in mounts),
            host_paths=dict(_host_paths(mounts, volumes)),
            host_network=bool(pod.get("hostNetwork")),
            host_pid=bool(pod.get("hostPID")),
            host_ipc=bool(pod.get("hostIPC")),
            host_ports=frozenset(_host_ports(container)),
            hostname=_hostname(spec),
            extra_hosts=frozenset(_host_aliases(pod)),
            stop_timeout=None if spec.is_init else _grace(pod),
            tty=bool(container.get("tty")),
            stdin=bool(container.get("stdin")),
        )

    def _with_mode(
        self, volume: Mapping[str, Any], spec: PodContainerSpec
    ) -> Mapping[str, Any]:
        """The volume, read-only where many nodes attach its claim only to read it."""
        claim = as_map(volume.get("persistentVolumeClaim"))
        is_read_only = bool(claim.get("readOnly"))
        for each in self.objects:
            if each.get("kind") == "PersistentVolumeClaim" and _name(each) == claim.get(
                "claimName"
            ):
                modes = as_list(as_map(each.get("spec")).get("accessModes"))
                is_own = _namespace(each) == spec.namespace
                is_read_only = is_read_only or (is_own and modes == ["ReadOnlyMany"])
        return {**volume, "readOnly": is_read_only}

    def _limits(self, spec: PodContainerSpec) -> Mapping[str, Any]:
        """The limits of the container."""
        ranges = [
            as_map(each.get("spec"))
            for each in self.objects
            if each.get("kind") == "LimitRange" and _namespace(each) == spec.namespace
        ]
        return container_limits(spec.container, spec.pod, ranges)

    def _environment(self, spec: PodContainerSpec) -> dict[str, str]:
        env: dict[str, str] = {}
        for source in as_list(spec.container.get("envFrom")):
            prefix = str(source.get("prefix") or "")
            for key, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
                name = str(as_map(source.get(key)).get("name"))
                entries = self._data.get((kind, spec.namespace, name), {})
                env |= {f"{prefix}{entry}": text for entry, text in entries.items()}
        for entry in as_list(spec.container.get("env")):
            text = self._value(entry, spec, env)
            if text is not None:
                env[str(entry.get("name"))] = text
        if spec.is_indexed:
            # addCompletionIndexEnvVariables in pkg/controller/job/indexed_job_utils.go
            env.setdefault("JOB_COMPLETION_INDEX", UNKNOWN)
        return env

    def _value(
        self, entry: Mapping[str, Any], spec: PodContainerSpec, env: Mapping[str, str]
    ) -> str | None:
        if entry.get("value"):
            return expand(scalar_text(entry["value"]), env)
        origin = as_map(entry.get("valueFrom"))
        for key, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
            if key in origin:
                return self._referred(kind, as_map(origin[key]), spec)
        if "fieldRef" in origin:
            return _field(str(as_map(origin["fieldRef"]).get("fieldPath")), spec)
        if "resourceFieldRef" in origin:
            return self._resource(as_map(origin["resourceFieldRef"]), spec)
        return ""

    def _referred(
        self, kind: str, reference: Mapping[str, Any], spec: PodContainerSpec
    ) -> str | None:
        """The value of a key; without an object that must be there no container starts, and nobody knows the value."""
        name = str(reference.get("name"))
        entries = self._data.get((kind, spec.namespace, name))
        if entries is None:
            return None if reference.get("optional") else UNKNOWN
        return entries.get(str(reference.get("key")))

    def _resource(self, reference: Mapping[str, Any], spec: PodContainerSpec) -> str:
        section, _, name = str(reference.get("resource")).partition(".")
        amounts: Mapping[str, Any] = as_map(
            as_map(spec.container.get("resources")).get(section)
        )
        amounts = self._limits(spec) if section == "limits" else amounts
        if name not in amounts or reference.get("containerName") not in (
            None,
            spec.container.get("name"),
        ):
            return UNKNOWN
        divisor = quantity(reference.get("divisor") or 1) or 1
        return str(ceil(quantity(amounts[name]) / divisor))


def _cpus(value: Any) -> float:
    cpus = quantity(value)
    return max(cpus, _LEAST_CPU) if cpus else 0.0


def _field(path: str, spec: PodContainerSpec) -> str:
    metadata = as_map(spec.template.get("metadata"))
    for section in ("labels", "annotations"):
        if path.startswith(f"metadata.{section}['"):
            return str(as_map(metadata.get(section)).get(path[len(section) + 11 : -2], ""))
    if path == "metadata.namespace":
        return spec.namespace
    if path == "metadata.name" and spec.kind == "Pod":
        return spec.workload
    if path == "spec.serviceAccountName":
        return str(spec.pod.get("serviceAccountName") or UNKNOWN)
    return UNKNOWN


def _user(own: Mapping[str, Any], shared: Mapping[str, Any]) -> str:
    user, group = (own.get(key, shared.get(key)) for key in ("runAsUser", "runAsGroup"))
    if user is None:
        return "" if group is None else f":{group}"
    return str(user) if group is None else f"{user}:{group}"


def _groups(shared: Mapping[str, Any]) -> frozenset[str]:
    groups = [*as_list(shared.get("supplementalGroups"))]
    if shared.get("fsGroup") is not None:
        groups.append(shared["fsGroup"])
    return frozenset(str(group) for group in groups)


def _capabilities(names: Any) -> frozenset[str]:
    return frozenset(str(name).upper().removeprefix("CAP_") for name in as_list(names))


def _expanded(words: Any, env: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(expand(scalar_text(word), env) for word in as_list(words))


def _is_read_only(
    mount: Mapping[str, Any], volumes: Mapping[str, Mapping[str, Any]]
) -> bool:
    """Volumes of ConfigMaps, Secrets and fields are read-only whatever the mount says."""
    volume = volumes.get(str(mount.get("name")), {})
    return (
        bool(mount.get("readOnly"))
        or bool(volume.get("readOnly"))
        or any(key in volume for key in _READ_ONLY_VOLUMES)
    )


def _is_shared_memory(
    mount: Mapping[str, Any], volumes: Mapping[str, Mapping[str, Any]]
) -> bool:
    """Whether the mount takes the place of what the engine itself keeps at /dev/shm."""
    empty = as_map(volumes.get(str(mount.get("name")), {}).get("emptyDir"))
    return mount.get("mountPath") == "/dev/shm" and empty.get("medium") == "Memory"


def _host_paths(
    mounts: list[Any], volumes: Mapping[str, Mapping[str, Any]]
) -> Iterator[tuple[str, str]]:
    for mount in mounts:
        path = as_map(volumes.get(str(mount.get("name")), {}).get("hostPath")).get("path")
        if path and not mount.get("subPathExpr"):
            sub_path = str(mount.get("subPath") or "").strip("/")
            source = f"{str(path).rstrip('/')}/{sub_path}".rstrip("/") or "/"
            yield str(mount.get("mountPath")).rstrip("/") or "/", source


def _host_ports(container: Mapping[str, Any]) -> Iterator[str]:
    for port in as_list(container.get("ports")):
        if port.get("hostPort"):
            protocol = str(port.get("protocol") or "TCP").lower()
            yield f"{port['hostPort']}:{port.get('containerPort')}/{protocol}"


def _hostname(spec: PodContainerSpec) -> str:
    """The host name that all containers of the pod have; `N` stands for the ordinal of a pod, empty for what only the
    cluster knows. generatePodHostNameAndDomain in pkg/kubelet/kubelet_pods.go."""
    if spec.kind == "StatefulSet" or spec.is_indexed:
        return f"{spec.workload}-N"
    return "" if spec.pod.get("setHostnameAsFQDN") else str(spec.pod.get("hostname") or "")


def _host_aliases(pod: Mapping[str, Any]) -> Iterator[str]:
    for alias in as_list(pod.get("hostAliases")):
        for name in as_list(alias.get("hostnames")):
            yield f"{name}:{alias.get('ip')}"


def _flattened(objects: Iterable[Any]) -> Iterator[Mapping[str, Any]]:
    for each in objects:
        if not isinstance(each, Mapping) or not isinstance(each.get("kind"), str):
            continue
        if each["kind"].endswith("List") and isinstance(each.get("items"), list):
            yield from _flattened(each["items"])
        else:
            yield each


def _entries(kube_object: Mapping[str, Any]) -> dict[str, str]:
    """The entries of a ConfigMap or Secret; a Secret's stringData wins over its data."""
    entries = {
        key: scalar_text(text) for key, text in as_map(kube_object.get("data")).items()
    }
    if kube_object.get("kind") == "Secret":
        entries = {key: _decoded(text) for key, text in entries.items()}
    strings = as_map(kube_object.get("stringData"))
    return {**entries, **{key: scalar_text(text) for key, text in strings.items()}}


def _decoded(text: str) -> str:
    try:
        return base64.b64decode("".join(text.split())).decode(errors="replace")
    except (binascii.Error, ValueError):
        return UNKNOWN


def _name(kube_object: Mapping[str, Any]) -> str:
    return str(as_map(kube_object.get("metadata")).get("name") or "")


def _namespace(kube_object: Mapping[str, Any]) -> str:
    return str(as_map(kube_object.get("metadata")).get("namespace") or "default")


def _grace(pod: Mapping[str, Any]) -> int:
    seconds = pod.get("terminationGracePeriodSeconds")
    return 30 if seconds is None else int(seconds)
