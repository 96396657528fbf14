"""The objects that an operator would make: parts of the source stand in them as they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from tocompose.importers.kubernetes.objects import (
    COMPOSED,
    GENERATED,
    KNOWN,
    KubeObject,
    KubeObjects,
    MadeObject,
)
from tocompose.importers.kubernetes.scalars import peek_text, take_scalar
from tocompose.knowledge.versions import default_version
from tocompose.ledger import Cursor
from tocompose.source import Branch, Child, Leaf, Node, Span
from tocompose.syntax.model_path import ModelPath

# Where what an operator reads goes: into services, whose names are not settled yet.
SERVICES = ModelPath.of("services")
Manifest: TypeAlias = (
    Node
    | Cursor
    | str
    | int
    | bool
    | Mapping[str, "Manifest"]
    | Sequence["Manifest"]
    | None
)
# The label by which the Services of an operator select its pods.
_LABEL = "app.kubernetes.io/instance"


def build_node(value: Manifest, span: Span) -> Node:
    """The tree of a plain value, all of it at one place; nodes of the source stand in it as they are."""
    if isinstance(value, Cursor):
        value = value.node
    if isinstance(value, Leaf | Branch):
        return value
    if isinstance(value, Mapping):
        return _build_map(value, span)
    if isinstance(value, Sequence) and not isinstance(value, str):
        children = (
            Child(number, span, build_node(entry, span))
            for number, entry in enumerate(value)
        )
        return Branch("list", tuple(children), span)
    if isinstance(value, str):
        return Leaf(value, span, "double")
    return Leaf(str(value).lower(), span)


def _build_map(values: Mapping[str, Manifest], span: Span) -> Branch:
    """A map without what is not there."""
    children = (
        Child(key, span, build_node(value, span))
        for key, value in values.items()
        if value is not None and not (isinstance(value, Cursor) and not value)
    )
    return Branch("map", tuple(children), span)


class ServerPort(NamedTuple):
    """A port of a server by name; `service_port` is the one of its Service where that differs."""

    name: str
    number: int
    service_port: int | None = None


class OperatedServer(NamedTuple):
    """One program that an operator runs. `files` are its configuration by path; `resources` and `storage` may be parts
    of the source."""

    name: str
    image: Manifest
    ports: tuple[ServerPort, ...] = ()
    env: Mapping[str, Manifest] = {}
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    data_folder: str = ""
    files: Mapping[str, Manifest] = {}
    resources: Manifest = None
    storage: Manifest = None
    more_env: Manifest = None
    secret_file: tuple[str, str, str] | None = None


class OperatorRequest:
    """What a custom object asks of its operator: its fields, and the objects that are made for it."""

    def __init__(self, kube_object: KubeObject, objects: KubeObjects) -> None:
        self.kube_object = kube_object
        self.objects = objects
        self.name = kube_object.name
        self.namespace = kube_object.namespace
        self.made: list[MadeObject] = []
        self.images: dict[KubeObject, str] = {}
        self.remarks: list[str] = []
        self.also: list[KubeObject] = []

    def at(self, *path: str | int) -> Cursor:
        """The cursor at a path of the object."""
        return self.kube_object.at(*path)

    def take(self, *path: str | int) -> str | None:
        """The text of a field, which thereby counts as carried over."""
        return take_scalar(self.at(*path), SERVICES)

    def peek(self, *path: str | int) -> str | None:
        """The text of a field, for a decision."""
        return peek_text(self.at(*path))

    def answered(self) -> tuple[KubeObject, ...]:
        """The object, and those that were read along with it."""
        return (self.kube_object, *self.also)

    def add(
        self, kind: str, name: str, api_version: str = "", **sections: Manifest
    ) -> MadeObject:
        """Makes an object of a kind and name in the namespace of the request."""
        metadata: dict[str, Manifest] = {"name": name}
        if self.kube_object.states_namespace:
            metadata["namespace"] = self.namespace
        versions = {"Service": "v1", "Secret": "v1", "ConfigMap": "v1", "Job": "batch/v1"}
        manifest = {
            "apiVersion": api_version or versions.get(kind, "apps/v1"),
            "kind": kind,
            "metadata": metadata,
            **sections,
        }
        span = self.kube_object.span
        cursor = Cursor(
            self.kube_object.cursor.ledger, build_node(manifest, span), (), span
        )
        made_object = MadeObject(cursor, kind, self.kube_object)
        self.made.append(made_object)
        return made_object

    def add_server(self, server: OperatedServer, kind: str = "StatefulSet") -> MadeObject:
        """Makes the workload of a server, one pod of it, with its data on a volume."""
        labels = {_LABEL: server.name}
        container: dict[str, Manifest] = {
            "name": server.name,
            "image": server.image,
            "command": list(server.command) or None,
            "args": list(server.args) or None,
            "env": self._env_of(server),
            "resources": server.resources,
            "ports": [
                {"name": port.name, "containerPort": port.number} for port in server.ports
            ]
            or None,
        }
        mounts, volumes = self._files_of(server)
        spec: dict[str, Manifest] = {}
        if server.data_folder:
            mounts.append({"name": "data", "mountPath": server.data_folder})
            spec["volumeClaimTemplates"] = [_claim(server.storage)]
        container["volumeMounts"] = mounts or None
        pod: dict[str, Manifest] = {"containers": [container], "volumes": volumes or None}
        if kind == "Job":
            pod["restartPolicy"] = "OnFailure"
        else:
            spec |= {"serviceName": server.name, "selector": {"matchLabels": labels}}
        spec["template"] = {"metadata": {"labels": labels}, "spec": pod}
        made_object = self.add(kind, server.name, spec=spec)
        image = server.image
        self.images[made_object] = str(image.peek() if isinstance(image, Cursor) else image)
        return made_object

    def _env_of(self, server: OperatedServer) -> Manifest:
        settings: list[Manifest] = [
            {"name": name, **_env_source(value)} for name, value in server.env.items()
        ]
        if isinstance(server.more_env, Cursor):
            settings += list(server.more_env)
        return settings or None

    def _files_of(self, server: OperatedServer) -> tuple[list[Manifest], list[Manifest]]:
        """The mounts and the volumes of the server's files, which become a ConfigMap, and of the one of a Secret."""
        if server.secret_file is not None:
            secret, key, path = server.secret_file
            mount: Manifest = {"name": "settings", "mountPath": path, "subPath": key}
            return [mount], [{"name": "settings", "secret": {"secretName": secret}}]
        if not server.files:
            return [], []
        name = f"{server.name}-config"
        data = {path.rpartition("/")[2]: text for path, text in server.files.items()}
        self.add("ConfigMap", name, data=data)
        mounts: list[Manifest] = [
            {"name": "config", "mountPath": path, "subPath": path.rpartition("/")[2]}
            for path in server.files
        ]
        return mounts, [{"name": "config", "configMap": {"name": name}}]

    def add_service(
        self,
        name: str,
        server: str,
        ports: Iterable[ServerPort],
        *,
        is_plain: bool = False,
        service_type: Manifest = None,
    ) -> None:
        """Makes a Service that leads to a server, unless the manifests have one of that name; a server that `is_plain`
        speaks http where the operator's speaks https. The `service_type` of the source may publish its ports."""
        if self.objects.get("Service", self.namespace, name) is not None:
            return
        entries: list[Manifest] = [
            {
                "name": port.name,
                "port": port.service_port or port.number,
                "targetPort": port.number,
            }
            for port in ports
        ]
        selector: Manifest = {_LABEL: server}
        spec = {"selector": selector, "ports": entries, "type": service_type}
        service = self.add("Service", name, spec=spec)
        service.is_plain = is_plain

    def add_secret(self, name: str, entries: Mapping[str, str | None]) -> None:
        """Makes a Secret unless the manifests have it. An entry without a text is a value that the operator makes up;
        `{key}` in a text stands for another entry."""
        if self.objects.get("Secret", self.namespace, name) is not None:
            return
        span = self.kube_object.span
        data = {key: made_entry(text, span) for key, text in entries.items()}
        self.add("Secret", name, stringData=data)


def made_entry(text: str | None, span: Span) -> Leaf:
    """The leaf of an entry of a Secret that an operator makes: made up, composed of other entries, or known."""
    if text is None:
        return Leaf("", span, GENERATED)
    return Leaf(text, span, COMPOSED if "{" in text else KNOWN)


def from_secret(secret: str, key: str) -> Manifest:
    """The value of a variable that a key of a Secret holds."""
    return {"valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}


def _env_source(value: Manifest) -> Mapping[str, Manifest]:
    if isinstance(value, Mapping):
        return value
    return {"value": value}


def _claim(storage: Manifest) -> Manifest:
    requests: Manifest = {"storage": storage} if storage else None
    spec: Manifest = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": requests} if requests else None,
    }
    return {"metadata": {"name": "data"}, "spec": spec}


def image_of(repository: str, version: str | None = None, row: str = "") -> str:
    """The image of a repository: in the version that the source names, else in the one of `mappings/versions.yaml`."""
    return f"{repository}:{version or default_version(row or repository)}"
