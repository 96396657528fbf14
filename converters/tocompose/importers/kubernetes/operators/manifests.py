"""The objects that an operator would make, built of its parts: pieces of the source stand in them as they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from tocompose.importers.kubernetes.objects import KubeObject, KubeObjects, MadeObject
from tocompose.importers.kubernetes.operators.parts import (
    MadeManifest,
    Manifest,
    OperatedServer,
    OperatorPart,
    OperatorRemark,
    ReadAlong,
    ServerPort,
    ServerSecret,
    ServerService,
    build_node,
    made_entry,
)
from tocompose.ledger import Cursor
from tocompose.record import NamedTuple
from tocompose.source import Branch, Leaf

# The label by which the Services of an operator select its pods here, and one that most operators give them.
_LABEL, _INSTANCE = "tocompose/server", "app.kubernetes.io/instance"
# The claim of a server with data: a volume here has no size.
_CLAIM: Manifest = {
    "metadata": {"name": "data"},
    "spec": {"accessModes": ["ReadWriteOnce"]},
}
_VERSIONS = {"Service": "v1", "Secret": "v1", "ConfigMap": "v1", "Job": "batch/v1"}


class OperatorAnswer(NamedTuple):
    """A custom object with the objects that are made for it: `images` are those of its workloads, `answered` are it and
    the objects that were read along with it."""

    kube_object: KubeObject
    made: tuple[MadeObject, ...]
    images: Mapping[KubeObject, str]
    remarks: tuple[OperatorRemark, ...]
    answered: tuple[KubeObject, ...]


def build_answer(
    kube_object: KubeObject,
    objects: KubeObjects,
    parts: Iterable[OperatorPart],
    pod_labels: Mapping[str, str],
) -> OperatorAnswer:
    """What the parts of a custom object come to; its pods and Services bear the labels."""
    builder = _ManifestBuilder(kube_object, objects, pod_labels)
    made: list[MadeObject] = []
    images: dict[KubeObject, str] = {}
    remarks: list[OperatorRemark] = []
    answered = [kube_object]
    for part in parts:
        match part:
            case OperatorRemark():
                remarks.append(part)
            case ReadAlong(other_object):
                answered.append(other_object)
            case _:
                new_objects = tuple(builder.objects_of(part))
                made += new_objects
                if isinstance(part, OperatedServer):
                    images[new_objects[-1]] = part.image_text
                elif isinstance(part, MadeManifest) and part.image:
                    images[new_objects[-1]] = part.image
    unique = tuple(dict.fromkeys(answered))
    return OperatorAnswer(kube_object, tuple(made), images, tuple(remarks), unique)


class _ManifestBuilder(NamedTuple):
    """Builds the objects of one custom object's parts."""

    owner: KubeObject
    objects: KubeObjects
    pod_labels: Mapping[str, str]

    def objects_of(
        self, part: OperatedServer | ServerService | ServerSecret | MadeManifest
    ) -> Iterator[MadeObject]:
        """The objects of a part, its workload last; none where the manifests have them."""
        match part:
            case OperatedServer():
                yield from self._server(part)
            case MadeManifest():
                yield self._build(part.kind, part.name, part.sections, part.api_version)
            case ServerService() if not self._is_present("Service", part.name):
                made_object = self._build("Service", part.name, self._service(part))
                made_object.is_plain = part.is_plain
                made_object.protocols = part.protocols
                yield made_object
            case ServerSecret() if not self._is_present("Secret", part.name):
                span = self.owner.span
                data = {key: made_entry(text, span) for key, text in part.entries.items()}
                secret = self._build("Secret", part.name, {"stringData": data})
                secret.meanings, secret.new_keys = part.meanings, part.new_keys
                yield secret

    def _is_present(self, kind: str, name: str) -> bool:
        return self.objects.get(kind, self.owner.namespace, name) is not None

    def _build(
        self,
        kind: str,
        name: str,
        sections: Mapping[str, Manifest],
        api_version: str = "",
    ) -> MadeObject:
        """An object of a kind and name in the namespace of the custom object."""
        metadata: dict[str, Manifest] = {"name": name}
        if self.owner.states_namespace:
            metadata["namespace"] = self.owner.namespace
        manifest = {
            "apiVersion": api_version or _VERSIONS.get(kind, "apps/v1"),
            "kind": kind,
            "metadata": metadata,
            **sections,
        }
        span = self.owner.span
        node = build_node(manifest, span)
        cursor = Cursor(self.owner.cursor.ledger, node, (), span)
        return MadeObject(cursor, kind, self.owner)

    def _server(self, server: OperatedServer) -> Iterator[MadeObject]:
        """The workload of a server, one pod of it, with its data on a volume, after the ConfigMap of its files."""
        if server.files:
            data = {path.rpartition("/")[2]: text for path, text in server.files.items()}
            yield self._build("ConfigMap", _config_name(server), {"data": data})
        own_labels: dict[str, Manifest] = {_LABEL: server.name}
        pod: dict[str, Manifest] = {
            "containers": [_container(server)],
            "volumes": _volumes(server) or None,
        }
        spec: dict[str, Manifest] = {}
        if server.data_folder:
            spec["volumeClaimTemplates"] = [_CLAIM]
        if server.kind == "Job":
            pod["restartPolicy"] = "OnFailure"
        else:
            governing = server.governing or server.name
            spec |= {"serviceName": governing, "selector": {"matchLabels": own_labels}}
        pod_labels = {} if server.is_beside else self.pod_labels
        labels: Manifest = {**own_labels, _INSTANCE: server.name, **pod_labels}
        spec["template"] = {"metadata": {"labels": labels}, "spec": pod}
        workload = self._build(server.kind, server.name, {"spec": spec})
        workload.profile, workload.pods = server.profile, server.pods
        yield workload

    def _service(self, service: ServerService) -> Mapping[str, Manifest]:
        spec: dict[str, Manifest] = {
            "selector": {_LABEL: service.server},
            "ports": [_service_port(port) for port in service.ports],
            "type": service.service_type,
        }
        return {"spec": spec}


def _service_port(port: ServerPort) -> Manifest:
    return {
        "name": port.name,
        "port": port.service_port or port.number,
        "targetPort": port.number,
        "nodePort": port.node_port,
    }


def _container(server: OperatedServer) -> Manifest:
    env = [_env_entry(name, value) for name, value in server.env.items()]
    ports: list[Manifest] = [
        {"name": port.name, "containerPort": port.number} for port in server.ports
    ]
    return {
        "name": server.name,
        "image": server.image,
        "command": list(server.command) or None,
        "args": list(server.args) or None,
        "env": [*env, *server.more_env] or None,
        "resources": server.resources,
        "ports": ports or None,
        "volumeMounts": _mounts(server) or None,
    }


def _env_entry(name: str, value: Manifest) -> Manifest:
    """A variable, at the place of its value where the source states that."""
    if isinstance(value, Mapping):
        return {"name": name, **value}
    env_entry: Manifest = {"name": name, "value": value}
    if isinstance(value, Leaf | Branch):
        return build_node(env_entry, value.span)
    return env_entry


def _mounts(server: OperatedServer) -> list[Manifest]:
    mounts: list[Manifest] = []
    if server.mounted_key is not None:
        path, key = server.mounted_key.path, server.mounted_key.key
        mounts.append({"name": "settings", "mountPath": path, "subPath": key})
    mounts += [
        {"name": "config", "mountPath": path, "subPath": path.rpartition("/")[2]}
        for path in server.files
    ]
    if server.data_folder:
        mounts.append({"name": "data", "mountPath": server.data_folder})
    return [*mounts, *server.more_mounts]


def _volumes(server: OperatedServer) -> list[Manifest]:
    volumes: list[Manifest] = []
    if server.mounted_key is not None:
        volumes.append({"name": "settings", **server.mounted_key.volume})
    if server.files:
        volumes.append({"name": "config", "configMap": {"name": _config_name(server)}})
    return [*volumes, *server.more_volumes]


def _config_name(server: OperatedServer) -> str:
    return f"{server.name}-config"
