"""Parity of manifests: what a model of the kubelet would ask for, against what Compose asks a recording engine for.

Each field of each container is compared; a difference is declared when a note of the conversion speaks of it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tocompose.compose.files import CLASSIC_NAMES
from tocompose.exporters.bundle import Layout
from tocompose.model import ComposeFileRole
from tocompose.notes import Note
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Project
from tocompose.prove.behaviour import BehaviourFinding, containers_by_service, simulate
from tocompose.prove.clients import record_compose
from tocompose.prove.cluster_services import pod_key
from tocompose.prove.container_fields import (
    command_pairs,
    environment_pairs,
    name_pairs,
    namespace_pairs,
    security_pairs,
)
from tocompose.prove.entrances import EntranceFinding, compare_entrances
from tocompose.prove.kubelet import (
    ContainerConfig,
    KubeletModel,
    PodContainerSpec,
)
from tocompose.prove.marked_yaml import MarkedMap, load_documents
from tocompose.prove.recording import RecordedContainer, Recording
from tocompose.prove.routing import RoutingFinding, compare_routing
from tocompose.prove.runs import repeated_services
from tocompose.prove.traefik_proxy import TraefikModel, proxy_of
from tocompose.record import NamedTuple, replace
from tocompose.tables import table
from tocompose.writing import write

# What stands in the place of a value that only the user knows.
_FILLED_IN = "filled-in"
_NANO = 1e9


class ManifestDifference(NamedTuple):
    """A field in which a compose service is not what the kubelet would run; `code` is that of the note that says so."""

    container: str
    service: str
    field: str
    kubelet: str
    compose: str
    code: str = ""


class ManifestProof(NamedTuple):
    """How many containers and fields were compared, and what differs."""

    containers: int
    fields: int
    differences: tuple[ManifestDifference, ...]
    behaviour: tuple[BehaviourFinding, ...] = ()
    requests: int = 0

    @property
    def holds(self) -> bool:
        """Whether every difference is declared by a note, and nothing goes wrong at the start."""
        is_declared = all(difference.code for difference in self.differences)
        return is_declared and not any(finding.is_fault for finding in self.behaviour)


def prove_manifests(project: Project, options: Options, compose: str) -> ManifestProof:
    """The proof for the plain manifests of a project; what has to be rendered first is left out.

    Raises ProofError when Compose cannot be run or refuses the file.
    """
    result = convert(
        project, replace(options, source="kubernetes", layout=Layout(split=True))
    )
    documents = list(_documents(project, result))
    model = KubeletModel(document for _, document in documents)
    recording, behaviour, proxy = _record_result(result, compose)
    by_service: dict[str, RecordedContainer] = {}
    for container in recording.containers:
        by_service.setdefault(container.label("com.docker.compose.service"), container)
    places = _places_of_images(result)
    proof = _ParityCheck(model, result, by_service, set(_published_ports(recording)))
    pods: dict[str, frozenset[str]] = {}
    for file, document in documents:
        for spec in KubeletModel([document]).containers():
            services = _services_of(spec, file, places, result)
            for name in services:
                pods[name] = pods.get(name, frozenset()) | {pod_key(spec)}
            proof.compare(spec, services)
            proof.add_runs(spec, repeated_services(spec, services, behaviour))
    requests = _compare_reach(proof, model, proxy, by_service, pods)
    differences = tuple(proof.differences)
    return ManifestProof(proof.containers, proof.fields, differences, behaviour, requests)


def _compare_reach(
    proof: _ParityCheck,
    model: KubeletModel,
    proxy: TraefikModel | None,
    by_service: Mapping[str, RecordedContainer],
    pods: Mapping[str, frozenset[str]],
) -> int:
    """Compares what answers from outside, through the proxy and at ports of the host; how many requests that were."""
    requests = 0
    for entrance in compare_entrances(model, by_service, pods):
        requests += 1
        if entrance is not None:
            proof.add_entrance(entrance)
    if proxy is None:
        return requests
    routing = compare_routing(model, proxy, pods)
    for finding in routing.findings:
        proof.add_request(finding)
    return requests + routing.requests


def _documents(project: Project, result: Result) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every document of the files that were read as they are."""
    read = {leaf.span.file for leaf in result.ledger.leaves()}
    for file in project.files():
        if file in read:
            for document in load_documents(project.read(file) or b""):
                yield file, document


def _record_result(
    result: Result, compose: str
) -> tuple[Recording, tuple[BehaviourFinding, ...], TraefikModel | None]:
    """What Compose sends, what happens then, and the proxy; settings without a value are filled in."""
    env = {
        setting.name: _FILLED_IN
        for setting in result.stack.settings
        if setting.value is None
    }
    with tempfile.TemporaryDirectory(prefix="tocompose-") as scratch:
        folder = Path(scratch) / "project"
        write(result.files, folder, lasting=False)
        base = folder / CLASSIC_NAMES[ComposeFileRole.BASE]
        recording = record_compose([base], compose=compose, folder=folder, env=env)
        documents = list(load_documents(base.read_bytes()))
        behaviour = simulate(recording, documents[0], folder)
        return recording, behaviour, proxy_of(containers_by_service(recording), folder)


def _places_of_images(result: Result) -> dict[tuple[str, int, int], Any]:
    """What became of each leaf, by where it begins: the images of the containers tell which service each is."""
    return {
        (leaf.span.file, leaf.span.line, leaf.span.column): result.ledger.fate(leaf)
        for leaf in result.ledger.leaves()
    }


def _services_of(
    spec: PodContainerSpec,
    file: str,
    places: Mapping[tuple[str, int, int], Any],
    result: Result,
) -> list[str]:
    container = spec.container
    if not isinstance(container, MarkedMap) or "image" not in container.marks:
        return []
    settlement = places.get((file, *container.marks["image"]))
    paths = settlement.paths if settlement else ()
    names = (result.ledger.written_at(path).service_name for path in paths)
    return list(dict.fromkeys(name for name in names if name))


def _published_ports(recording: Recording) -> Iterator[str]:
    for container in recording.containers:
        for target, bindings in (container.host.get("PortBindings") or {}).items():
            for binding in bindings or ():
                yield f"{binding.get('HostPort')}:{target}"


class _ParityCheck:
    """Collects what differs between the kubelet's containers and Compose's."""

    def __init__(
        self,
        model: KubeletModel,
        result: Result,
        recorded: Mapping[str, RecordedContainer],
        published: set[str],
    ) -> None:
        self._model = model
        self._recorded = recorded
        self._published = published
        self._notes = result.notes
        self._secrets = [text for text in model.secrets() if len(text) > 3]
        self.containers = 0
        self.fields = 0
        self.differences: list[ManifestDifference] = []

    def compare(self, spec: PodContainerSpec, services: list[str]) -> None:
        """Compares a container with each service that stands for it."""
        expected_config = self._model.config(spec)
        present = [name for name in services if name in self._recorded]
        if not present:
            self._add(spec, "", "container", "runs", "left out")
        for name in present:
            self.containers += 1
            recorded = self._recorded[name]
            for field, kubelet, compose in self._pairs(expected_config, recorded):
                self.fields += 1
                if kubelet != compose:
                    self._add(spec, name, field, kubelet, compose)

    def _pairs(
        self, wanted: ContainerConfig, recorded: RecordedContainer
    ) -> Iterator[tuple[str, Any, Any]]:
        """Each field with both values."""
        config, host = recorded.config, recorded.host
        yield from command_pairs(wanted, config)
        yield from environment_pairs(wanted, config)
        yield "working_dir", wanted.working_dir, config.get("WorkingDir") or ""
        if wanted.stop_timeout is not None:
            yield "stop_grace_period", wanted.stop_timeout, config.get("StopTimeout")
        yield "tty", wanted.tty, bool(config.get("Tty"))
        yield "stdin_open", wanted.stdin, bool(config.get("OpenStdin"))
        yield from security_pairs(wanted, recorded)
        yield "memory", wanted.memory, host.get("Memory") or 0
        yield "cpus", round(wanted.cpus, 3), round((host.get("NanoCpus") or 0) / _NANO, 3)
        if wanted.shared_memory:
            yield "shm_size", True, bool(host.get("ShmSize"))
        yield from self._mount_pairs(wanted, recorded)
        yield from name_pairs(wanted, recorded)
        yield from namespace_pairs(wanted, host)
        for port in sorted(wanted.host_ports if not wanted.host_network else ()):
            yield f"ports.{port}", True, port in self._published

    def _mount_pairs(
        self, wanted: ContainerConfig, recorded: RecordedContainer
    ) -> Iterator[tuple[str, Any, Any]]:
        mounted = dict(_mounts(recorded))
        for target, read_only in wanted.mounts.items():
            sent = mounted.get(target)
            yield f"volumes.{target}", read_only, None if sent is None else sent[1]
        for target, source in wanted.host_paths.items():
            sent = mounted.get(target)
            yield f"volumes.{target}.source", source, None if sent is None else sent[0]
        for target in mounted.keys() - wanted.mounts.keys():
            yield f"volumes.{target}", None, mounted[target][1]

    def add_runs(self, spec: PodContainerSpec, services: Iterator[str]) -> None:
        """Adds services of a job that run more than once."""
        for name in services:
            self._add(spec, name, "runs", "once", "at each docker compose up")

    def add_request(self, finding: RoutingFinding) -> None:
        """Adds a request that something else answers."""
        code = _declaring_code("routes", "", self._notes)
        self.differences.append(
            ManifestDifference(
                "request", "", finding.request, finding.cluster, finding.compose, code
            )
        )

    def add_entrance(self, finding: EntranceFinding) -> None:
        """Adds a port of the host that leads elsewhere."""
        service, address, port = finding.entrance
        code = _declaring_code("ports", "", self._notes)
        field = f"{address or '*'}:{port}"
        self.differences.append(
            ManifestDifference(
                f"Service {service}", "", field, finding.cluster, finding.compose, code
            )
        )

    def _add(
        self, spec: PodContainerSpec, service: str, field: str, kubelet: Any, compose: Any
    ) -> None:
        # A value that was in the source and has to be filled in again is named once, at the first service of many.
        is_demanded = _FILLED_IN in str(compose) and field.startswith("environment.")
        code = _declaring_code("demanded" if is_demanded else field, service, self._notes)
        texts = (self._shown(field, kubelet), self._shown(field, compose))
        self.differences.append(ManifestDifference(str(spec), service, field, *texts, code))

    def _shown(self, field: str, value: Any) -> str:
        """A value for people; what may hold a secret is told by its presence alone."""
        if field.startswith("environment."):
            return "absent" if value is None else "a value"
        if isinstance(value, tuple | frozenset):
            value = " ".join(map(str, value if isinstance(value, tuple) else sorted(value)))
        text = _WORDS.get(str(value), str(value))
        for secret in self._secrets:
            text = text.replace(secret, "•••")
        return text


# What values that are no texts are called.
_WORDS = {"None": "nothing", "True": "yes", "False": "no"}


def _mounts(recorded: RecordedContainer) -> Iterator[tuple[str, tuple[str, bool]]]:
    """The mounts of a container by their targets: the source, and whether it is read-only."""
    host = recorded.host
    for bind in host.get("Binds") or ():
        source, target, *rest = str(bind).split(":")
        yield _folder(target), (_folder(source), "ro" in ",".join(rest).split(","))
    for mount in host.get("Mounts") or ():
        source = _folder(str(mount.get("Source") or ""))
        yield _folder(str(mount.get("Target"))), (source, bool(mount.get("ReadOnly")))
    for target in host.get("Tmpfs") or ():
        yield _folder(str(target)), ("", False)
    for target in recorded.copies:
        yield _folder(target), ("", True)


def _folder(path: str) -> str:
    return path.rstrip("/") or "/"


def _declaring_code(field: str, service: str, notes: tuple[Note, ...]) -> str:
    """The code of the note that declares a difference in a field of a service; empty when none does."""
    rows = table("prove_manifests", required={"codes"}, optional={"elsewhere"})
    row = rows.get(field.partition(".")[0], {})
    codes = set(str(row.get("codes", "")).split())
    elsewhere = set(str(row.get("elsewhere", "")).split())
    for note in notes:
        about = note.subject.service_name
        is_near = not service or about in (None, service)
        if note.code in elsewhere or (note.code in codes and is_near):
            return note.code
    return ""
