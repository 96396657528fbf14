"""Manifests that set every field of the supported kinds, made from the models of the `kubernetes` package."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from kubernetes_models import Property, bare, fields, inner
from tocompose.importers.kubernetes.kinds import field_tables

Json = Any
Path = tuple[str | int, ...]

# Fields of which one stands in an object at a time: each gets an object of its own.
_ONE_OF = {
    "Volume": ("name",),
    "EnvVarSource": (),
    "LifecycleHandler": (),
    "VolumeProjection": (),
}
_ACTIONS = ("exec", "httpGet", "tcpSocket", "grpc")
# Values where the type alone does not tell what is allowed.
_VALUES: dict[tuple[str, str], Json] = {
    ("Container", "image"): "example.com/app:1.2-alpine",
    ("Container", "imagePullPolicy"): "Always",
    ("Container", "command"): ["/bin/app", "--verbose"],
    ("Container", "args"): ["serve", "$(NAMED)"],
    ("Container", "terminationMessagePath"): "/dev/other",
    ("Container", "terminationMessagePolicy"): "FallbackToLogsOnError",
    ("Container", "workingDir"): "/srv",
    ("ContainerPort", "containerPort"): 8080,
    ("ContainerPort", "hostPort"): 18080,
    ("ContainerPort", "hostIP"): "127.0.0.1",
    ("ContainerPort", "protocol"): "UDP",
    ("ContainerPort", "name"): "dns",
    ("ConfigMapKeySelector", "name"): "config",
    ("ConfigMapKeySelector", "key"): "one",
    ("SecretKeySelector", "name"): "secret",
    ("SecretKeySelector", "key"): "password",
    ("ConfigMapEnvSource", "name"): "config",
    ("SecretEnvSource", "name"): "secret",
    ("ObjectFieldSelector", "fieldPath"): "metadata.namespace",
    ("ResourceFieldSelector", "resource"): "limits.memory",
    ("ResourceFieldSelector", "containerName"): "main",
    ("ResourceFieldSelector", "divisor"): "1Mi",
    ("ResourceRequirements", "limits"): {
        "cpu": "500m",
        "memory": "128Mi",
        "ephemeral-storage": "1Gi",
        "nvidia.com/gpu": "1",
    },
    ("ResourceRequirements", "requests"): {
        "cpu": "250m",
        "memory": "64Mi",
        "hugepages-2Mi": "4Mi",
    },
    ("ConfigMapVolumeSource", "name"): "config",
    ("ConfigMapProjection", "name"): "config",
    ("SecretVolumeSource", "secretName"): "secret",
    ("SecretProjection", "name"): "secret",
    ("PersistentVolumeClaimVolumeSource", "claimName"): "claim",
    ("HostPathVolumeSource", "path"): "/srv/data",
    ("HostPathVolumeSource", "type"): "Directory",
    ("LocalVolumeSource", "path"): "/mnt/disk",
    ("NFSVolumeSource", "path"): "/export",
    ("NFSVolumeSource", "server"): "nfs.example.com",
    ("EmptyDirVolumeSource", "medium"): "Memory",
    ("EmptyDirVolumeSource", "sizeLimit"): "64Mi",
    ("VolumeMount", "mountPropagation"): "HostToContainer",
    ("VolumeMount", "recursiveReadOnly"): "IfPossible",
    ("Lifecycle", "stopSignal"): "SIGUSR1",
    ("PodSpec", "restartPolicy"): "OnFailure",
    ("PodSpec", "dnsPolicy"): "None",
    ("PodSpec", "hostname"): "box",
    ("PodSpec", "subdomain"): "sub",
    ("PodSpec", "nodeSelector"): {"kubernetes.io/arch": "arm64", "disk": "ssd"},
    ("PodSpec", "runtimeClassName"): "gvisor",
    ("PodSpec", "enableServiceLinks"): False,
    ("PodSpec", "serviceAccountName"): "robot",
    ("PodSpec", "hostNetwork"): True,
    ("PodDNSConfig", "nameservers"): ["10.0.0.10"],
    ("PodDNSConfig", "searches"): ["example.com"],
    ("HostAlias", "ip"): "10.0.0.1",
    ("HostAlias", "hostnames"): ["legacy.example.com"],
    ("Sysctl", "name"): "net.core.somaxconn",
    ("Sysctl", "value"): "1024",
    ("PodSecurityContext", "runAsUser"): 1000,
    ("PodSecurityContext", "runAsGroup"): 2000,
    ("PodSecurityContext", "fsGroup"): 3000,
    ("PodSecurityContext", "supplementalGroups"): [4000],
    ("PodSecurityContext", "fsGroupChangePolicy"): "OnRootMismatch",
    ("SecurityContext", "runAsUser"): 1001,
    ("SecurityContext", "runAsGroup"): 2001,
    ("SecurityContext", "procMount"): "Unmasked",
    ("SecurityContext", "allowPrivilegeEscalation"): False,
    ("SeccompProfile", "type"): "Localhost",
    ("SeccompProfile", "localhostProfile"): "profiles/x.json",
    ("AppArmorProfile", "type"): "Localhost",
    ("AppArmorProfile", "localhostProfile"): "k8s-x",
    ("Capabilities", "add"): ["NET_ADMIN"],
    ("Capabilities", "drop"): ["ALL"],
    ("HTTPGetAction", "path"): "/healthz",
    ("HTTPGetAction", "port"): 8080,
    ("HTTPGetAction", "scheme"): "HTTPS",
    ("HTTPGetAction", "host"): "127.0.0.2",
    ("TCPSocketAction", "port"): 8080,
    ("TCPSocketAction", "host"): "127.0.0.3",
    ("GRPCAction", "port"): 9090,
    ("ExecAction", "command"): ["true", "now"],
    ("DeploymentSpec", "replicas"): 3,
    ("ReplicaSetSpec", "replicas"): 3,
    ("ReplicationControllerSpec", "replicas"): 3,
    ("StatefulSetSpec", "replicas"): 2,
    ("StatefulSetSpec", "serviceName"): "governing",
    ("StatefulSetSpec", "podManagementPolicy"): "Parallel",
    ("StatefulSetOrdinals", "start"): 5,
    ("LabelSelector", "matchLabels"): {"app": "every"},
    ("ReplicationControllerSpec", "selector"): {"app": "every"},
    ("JobSpec", "backoffLimit"): 2,
    ("JobSpec", "suspend"): True,
    ("CronJobSpec", "schedule"): "*/5 * * * *",
    ("CronJobSpec", "timeZone"): "Europe/Paris",
    ("CronJobSpec", "concurrencyPolicy"): "Forbid",
    ("ServiceSpec", "type"): "LoadBalancer",
    ("ServiceSpec", "clusterIP"): "10.1.2.3",
    ("ServiceSpec", "selector"): {"app": "every"},
    ("ServiceSpec", "externalIPs"): ["192.0.2.10"],
    ("ServiceSpec", "externalTrafficPolicy"): "Local",
    ("ServiceSpec", "internalTrafficPolicy"): "Local",
    ("ServiceSpec", "ipFamilyPolicy"): "PreferDualStack",
    ("ServiceSpec", "sessionAffinity"): "ClientIP",
    ("ServiceSpec", "allocateLoadBalancerNodePorts"): False,
    ("ServicePort", "port"): 80,
    ("ServicePort", "targetPort"): 8080,
    ("ServicePort", "nodePort"): 30080,
    ("ServicePort", "protocol"): "UDP",
    ("ConfigMap", "data"): {"one": "1"},
    ("ConfigMap", "binaryData"): {"blob": "AAE="},
    ("Secret", "data"): {"password": "aHVudGVyMmh1bnRlcjI=", "one": "Zmlyc3Q="},
    ("Secret", "stringData"): {"token": "open-sesame-token"},
    ("Secret", "type"): "example.com/own",
    ("PersistentVolumeClaimSpec", "volumeMode"): "Block",
    ("PersistentVolumeClaimSpec", "volumeName"): "pv",
    ("PersistentVolumeSpec", "volumeMode"): "Block",
    ("HorizontalPodAutoscalerSpec", "minReplicas"): 2,
    ("HorizontalPodAutoscalerSpec", "maxReplicas"): 7,
    ("CrossVersionObjectReference", "kind"): "Deployment",
    ("CrossVersionObjectReference", "name"): "every",
    ("LimitRangeItem", "type"): "Container",
    ("LimitRangeItem", "default"): {"cpu": "2", "memory": "512Mi"},
    ("LimitRangeItem", "defaultRequest"): {"cpu": "1", "memory": "256Mi"},
    ("EndpointAddress", "ip"): "192.0.2.20",
    ("Endpoint", "addresses"): ["192.0.2.21"],
    ("Container", "restartPolicy"): "Always",
    ("SleepAction", "seconds"): 3,
    ("KeyToPath", "key"): "one",
    ("KeyToPath", "path"): "sub/one",
    ("DownwardAPIVolumeFile", "path"): "info",
    ("PodSpec", "setHostnameAsFQDN"): True,
}
_MODES = {"defaultMode": 0o400, "mode": 0o440}


def value(model: str, field: Property, depth: int = 0) -> Json:
    """A value for a field that is not Kubernetes' own default."""
    key = (bare(model), field.name)
    if key in _VALUES:
        return copy.deepcopy(_VALUES[key])
    if field.name in _MODES and field.type == "int":
        return _MODES[field.name]
    below = inner(field.type)
    if below:
        row = field_tables().get(bare(model), {}).get(field.name)
        made = (
            filled(below, depth + 1)
            if row is None or row.type or depth < 12
            else {"x": "y"}
        )
        return [made] if field.type.lower().startswith("list") else made
    if field.type.lower().startswith(("list", "dict")):
        plain: Json = 7 if "int" in field.type else f"{field.name.lower()}-value"
        return (
            [plain]
            if field.type.lower().startswith("list")
            else {f"{field.name.lower()}-key": plain}
        )
    return {"int": 7, "bool": True, "datetime": "2024-01-01T00:00:00Z", "object": 9}.get(
        field.type, f"{field.name.lower()}-value"
    )


def filled(model: str, depth: int = 0) -> Json:
    """An object with every field of a model; of alternatives the first."""
    if depth > 14:
        return {}
    name = bare(model)
    chosen = fields(model)
    if name in _ONE_OF:
        always = _ONE_OF[name]
        first = next(field for field in chosen if field.name not in always)
        chosen = tuple(field for field in chosen if field.name in always or field == first)
    if name == "DownwardAPIVolumeFile":
        chosen = tuple(field for field in chosen if field.name != "resourceFieldRef")
    if name == "Probe":
        chosen = tuple(field for field in chosen if field.name not in _ACTIONS[1:])
    return {field.name: value(model, field, depth) for field in chosen}


def variants(model: str) -> Iterator[Json]:
    """One object for each alternative of a model."""
    always = _ONE_OF[bare(model)]
    for field in fields(model):
        if field.name not in always:
            yield {
                other.name: value(model, other)
                for other in fields(model)
                if other.name in always or other == field
            }


def probes() -> Iterator[Json]:
    """A probe for each action."""
    for action in _ACTIONS:
        made = filled("V1Probe")
        made.pop("exec", None)
        field = next(item for item in fields("V1Probe") if item.name == action)
        yield {**made, action: value("V1Probe", field)}


def document(model: str, api: str, name: str, **spec: Json) -> Json:
    """An object with every field, `spec` entries replaced."""
    made = filled(model)
    made["apiVersion"], made["kind"] = api, bare(model)
    made["metadata"] = metadata(name)
    if "spec" in made:
        made["spec"].update(spec)
    return made


def metadata(name: str) -> Json:
    """The metadata of an object or pod, every field set that a manifest may set."""
    made = filled("V1ObjectMeta")
    made.pop("generateName")
    made.pop("ownerReferences")
    return {
        **made,
        "name": name,
        "namespace": "every",
        "labels": {"app": name, "spare": "label"},
    }


def small(name: str) -> Json:
    """A pod template with the least that runs."""
    return {
        "metadata": {"labels": {"app": name}},
        "spec": {"containers": [{"name": "only", "image": "example.com/x:1"}]},
    }


def at(document: Json, path: Path) -> Json:
    """What stands at a path."""
    for key in path:
        document = document[key]
    return document


def without(document: Json, path: Path) -> Json:
    """A copy without what stands at a path."""
    made = copy.deepcopy(document)
    parent = at(made, path[:-1])
    del parent[path[-1]]
    return made


def paths(document: Json, here: Path = ()) -> Iterator[Path]:
    """Every path of an object, branches before what they hold."""
    if here:
        yield here
    if isinstance(document, dict):
        for key, below in document.items():
            yield from paths(below, (*here, key))
    elif isinstance(document, list):
        for number, below in enumerate(document):
            yield from paths(below, (*here, number))
