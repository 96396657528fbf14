"""What an operator makes of a custom object, in frozen parts: servers, Services, Secrets, and what is to be said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TypeAlias

from tocompose.importers.kubernetes.objects import COMPOSED, GENERATED, KNOWN, KubeObject
from tocompose.knowledge.versions import default_version
from tocompose.record import NamedTuple
from tocompose.source import Branch, Child, Leaf, Node, Span

Manifest: TypeAlias = (
    Node | str | int | bool | Mapping[str, "Manifest"] | Sequence["Manifest"] | None
)


class ServerPort(NamedTuple):
    """A port of a server by name; `service_port` is the one of its Service where that differs, `node_port` that of the
    host."""

    name: str
    number: int
    service_port: int | None = None
    node_port: int | None = None


class MountedKey(NamedTuple):
    """A key of a ConfigMap or Secret of the source that stands in a server as a file."""

    kind: str
    object_name: str
    key: str
    path: str

    @property
    def volume(self) -> Mapping[str, Manifest]:
        """What a volume of the key consists of."""
        if self.kind == "Secret":
            return {"secret": {"secretName": self.object_name}}
        return {"configMap": {"name": self.object_name}}


class OperatedServer(NamedTuple):
    """One program that an operator runs. `files` are its configuration by path; `resources` may be a
    part of the source, and what begins with `more_` are such parts.

    Its pods are named after `pods`, by default after the server, within the headless Service `governing`, by default
    one of its own name. A `side_server`, as a
    one-shot, does not bear the labels by which Services of the source select the pods of the custom object. One with a
    `profile` starts on request.
    """

    name: str
    image: Node | str
    kind: str = "StatefulSet"
    ports: tuple[ServerPort, ...] = ()
    env: Mapping[str, Manifest] = {}
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    data_folder: str = ""
    files: Mapping[str, Manifest] = {}
    resources: Manifest = None
    mounted_key: MountedKey | None = None
    governing: str = ""
    pods: str = ""
    side_server: bool = False
    profile: str = ""
    more_env: tuple[Node, ...] = ()
    more_mounts: tuple[Node, ...] = ()
    more_volumes: tuple[Node, ...] = ()

    @property
    def image_text(self) -> str:
        """The image as it is written."""
        return self.image.text if isinstance(self.image, Leaf) else str(self.image)

    @property
    def is_beside(self) -> bool:
        """Whether it is no server of the custom object itself."""
        return self.kind == "Job" or self.side_server


class ServerService(NamedTuple):
    """A Service that leads to a server, unless the manifests have one of that name; a server that `is_plain` speaks
    http where the operator's speaks https, and `protocols` are those of a broker by port. The `service_type` of the
    source may publish its ports."""

    name: str
    server: str
    ports: tuple[ServerPort, ...]
    is_plain: bool = False
    service_type: Manifest = None
    protocols: Mapping[int, str] = MappingProxyType({})


class ServerSecret(NamedTuple):
    """A Secret that is made unless the manifests have it. An entry without a text is a value that the operator makes
    up; `{key}` in a text stands for another entry. `meanings` say what the value of a key is; of `new_keys` what
    value it may have here, where that of the operator's Secret is not under that key or not needed."""

    name: str
    entries: Mapping[str, str | None]
    meanings: Mapping[str, str] = {}
    new_keys: Mapping[str, str] = {}


class MadeManifest(NamedTuple):
    """An object of any other kind. Of a workload notes tell the `image` that was chosen for it."""

    kind: str
    name: str
    sections: Mapping[str, Manifest]
    api_version: str = ""
    image: str = ""


class OperatorRemark(NamedTuple):
    """What the note on the custom object says besides: a sentence or two, and a command to run in its server."""

    text: str
    command: str = ""


# Certificates of an operator's own making are not here, nor what makes clients trust them.
SPEAKS_HTTP = OperatorRemark(
    "It speaks http; the operator's speaks https with a certificate of its own"
)


class ReadAlong(NamedTuple):
    """An object that was read along with the custom object, and is thereby answered too."""

    kube_object: KubeObject


OperatorPart: TypeAlias = (
    OperatedServer
    | ServerService
    | ServerSecret
    | MadeManifest
    | OperatorRemark
    | ReadAlong
)


def build_node(value: Manifest, span: Span) -> Node:
    """The tree of a plain value, all of it at one place; nodes of the source stand in it as they are."""
    if isinstance(value, Leaf | Branch):
        return value
    if isinstance(value, Mapping):
        return _build_map(value, span)
    if isinstance(value, Sequence) and not isinstance(value, str):
        nodes = (build_node(entry, span) for entry in value)
        children = (Child(number, node.span, node) for number, node in enumerate(nodes))
        return Branch("list", tuple(children), span)
    if isinstance(value, str):
        return Leaf(value, span, "double")
    return Leaf(str(value).lower(), span)


def _build_map(values: Mapping[str, Manifest], span: Span) -> Branch:
    """A map without what is not there."""
    children = (
        Child(key, span, build_node(value, span))
        for key, value in values.items()
        if value is not None
    )
    return Branch("map", tuple(children), span)


def made_entry(text: str | None, span: Span) -> Leaf:
    """The leaf of an entry of a Secret that an operator makes: made up, composed of other entries, or known."""
    if text is None:
        return Leaf("", span, GENERATED)
    return Leaf(text, span, COMPOSED if "{" in text else KNOWN)


def from_secret(secret: str, key: str) -> Mapping[str, Manifest]:
    """The value of a variable that a key of a Secret holds."""
    return {"valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}


def workload_sections(
    labels: Manifest, pod: Manifest, replicas: Manifest
) -> Mapping[str, Manifest]:
    """The spec of a workload that selects its pods by their labels."""
    return {
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        }
    }


def shell_command(lines: Iterable[str]) -> tuple[str, ...]:
    """The command that runs lines of a shell up to the first that fails."""
    return ("sh", "-c", "\n".join(["set -e", *lines]))


def image_of(repository: str, version: str | None = None, row: str = "") -> str:
    """The image of a repository: in the version that the source names, else in the one of `mappings/versions.yaml`."""
    return f"{repository}:{version or default_version(row or repository)}"
