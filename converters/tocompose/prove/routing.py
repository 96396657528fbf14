"""The routing of a written stack against that of the cluster: sample requests, and what answers each on both sides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tocompose.patterns import regex
from tocompose.prove.answers import NOBODY, Answer, Answering, follow
from tocompose.prove.cluster_services import ClusterServices
from tocompose.prove.gateway_model import GatewayModel
from tocompose.prove.ingress_model import IngressModel
from tocompose.prove.kubelet import KubeletModel
from tocompose.prove.traefik_proxy import TraefikModel
from tocompose.prove.traefik_rules import Request
from tocompose.record import NamedTuple

# A host that no rule names, and one path below each that a rule names.
_OTHER_HOST = "elsewhere.test"
_BELOW = "/part/file.js"
_MOST_PATHS = 60
_USUAL_PORTS = {"http": 80, "https": 443}
# How the usual pieces of patterns are filled in, the longer ones first.
_SAMPLES = (
    (regex(r"^\^|\$$|\(\?i\)|\\Z$"), ""),
    (regex(r"\(/\|\$\)\(\.\*\)|/\?\(\.\*\)|\(/\.\*\)\??|/\(\.\*\)|/\.\*"), _BELOW),
    (regex(r"\(?\.[*+]\??\)?|\(?\[\^/\]\+\)?"), "word"),
    (regex(r"\(?(?:\[0-9\]|\\d)[+*]?(?:\{\d+\})?\)?"), "7"),
    (regex(r"\(?(?:\[[^]]*\]|\\w)[+*]?\)?"), "a"),
    (regex(r"\((?:\?:)?([^()|]*)(?:\|[^()]*)?\)"), r"\1"),
    (regex(r"\\(.)"), r"\1"),
    (regex(r"(?<=.)\?"), ""),
)


class RoutingFinding(NamedTuple):
    """A request that something else answers than in the cluster."""

    request: str
    cluster: str
    compose: str


class RoutingProof(NamedTuple):
    """How many requests were compared, and those that differ."""

    requests: int
    findings: list[RoutingFinding]


def compare_routing(
    model: KubeletModel, traefik: TraefikModel, pods: Mapping[str, frozenset[str]]
) -> RoutingProof:
    """Who answers sample requests of all routes; `pods` names the pods of each compose service."""
    comparison = _RequestComparison(traefik, pods)
    objects = model.objects
    services = ClusterServices(objects, model)
    ingresses = IngressModel(objects, services)
    if ingresses.can_tell:
        for request in _ingress_requests(ingresses):
            comparison.compare(request, ingresses.answer, 80)
    gateways = GatewayModel(objects, services)
    samples = list(_gateway_requests(gateways)) if not ingresses.ingresses else []
    for scheme, port in gateways.ports():
        for request in samples:
            comparison.compare_at(gateways, request._replace(scheme=scheme), port)
    return RoutingProof(comparison.requests, comparison.findings)


class _RequestComparison:
    def __init__(self, traefik: TraefikModel, pods: Mapping[str, frozenset[str]]) -> None:
        self._traefik = traefik
        self._pods = pods
        self.requests = 0
        self.findings: list[RoutingFinding] = []

    def compare(self, request: Request, cluster: Answering, port: int) -> None:
        """Compares who answers in the end, redirects of one host followed."""
        in_cluster = follow(request, cluster)
        in_compose = follow(request, lambda asked: self._answer(asked, port))
        self._judge(request, in_cluster, in_compose)

    def compare_at(self, gateways: GatewayModel, request: Request, port: int) -> None:
        """Compares who answers at a listener."""
        in_cluster = gateways.answer(request, port)
        self._judge(request, in_cluster, self._answer(request, port))

    def _answer(self, request: Request, port: int) -> Answer | None:
        is_usual = port in _USUAL_PORTS.values()
        entrypoint = self._traefik.entrypoint(
            _USUAL_PORTS[request.scheme] if is_usual else port
        )
        if entrypoint is None:
            # nginx answers https with a certificate of its own making, which nobody asked for.
            return None if request.scheme == "https" else NOBODY
        answer = self._traefik.answer(request, entrypoint)
        return answer and answer._replace(targets=frozenset(self._named(answer)))

    def _named(self, answer: Answer) -> Iterator[tuple[str, int]]:
        for service, port in answer.targets:
            for pod in self._pods.get(service, frozenset({service})):
                yield pod, port

    def _judge(
        self, request: Request, in_cluster: Answer | None, in_compose: Answer | None
    ) -> None:
        if in_cluster is None or in_compose is None:
            return
        self.requests += 1
        if _plain(in_cluster) != _plain(in_compose):
            asked = f"{request.method} {request.scheme}://{request.host}{request.path}"
            self.findings.append(RoutingFinding(asked, str(in_cluster), str(in_compose)))


def _plain(answer: Answer) -> tuple[Any, ...]:
    """What counts of an answer: the path of nobody is none."""
    path = answer.path if answer.targets else ""
    return answer.targets, path, answer.location


def _ingress_requests(ingresses: IngressModel) -> Iterator[Request]:
    hosts = list(ingresses.hosts())
    for host in hosts:
        paths = dict.fromkeys(_sampled(ingresses.paths(host)))
        for name in _asked_hosts(host):
            for path in list(paths)[:_MOST_PATHS]:
                yield Request(name, path)
                yield Request(name, path, scheme="https")


def _gateway_requests(gateways: GatewayModel) -> Iterator[Request]:
    paths = dict.fromkeys(_sampled(gateways.paths()))
    for host in gateways.hosts():
        for name in _asked_hosts(host):
            for path in list(paths)[:_MOST_PATHS]:
                yield Request(name, path)
                yield Request(name, path, "POST")


def _asked_hosts(host: str) -> Iterator[str]:
    """Hosts that a rule of that host takes, and one that it should not."""
    if host.startswith("*."):
        yield from (f"one.{host[2:]}", f"one.two.{host[2:]}", host[2:])
    else:
        yield host or _OTHER_HOST


def _sampled(paths: Iterable[tuple[str, bool]]) -> Iterator[str]:
    """Paths that the rules take, and their neighbours."""
    yield from ("/", _BELOW)
    for path, is_pattern in paths:
        sample = _pattern_sample(path) if is_pattern else path
        if not sample.startswith("/"):
            continue
        stem = sample.rstrip("/")
        yield from (sample, stem or "/", f"{stem}/", f"{stem}{_BELOW}")
        if stem:
            yield f"{stem}x"


def _pattern_sample(pattern: str) -> str:
    for piece, filled in _SAMPLES:
        pattern = piece.sub(filled, pattern)
    return pattern
