"""Routes that get no router are told as lost, with their hosts and paths; nothing says that they became something."""

from __future__ import annotations

import pytest

from tocompose.pipeline import Options, convert
from tocompose.project import Memory

SERVER = """\
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec: {containers: [{name: web, image: "corp/web:1", ports: [{containerPort: 8080}]}]}
---
"""
GATEWAY = """\
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw}
spec: {gatewayClassName: x, listeners: [{name: http, port: 80, protocol: HTTP}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r}
spec:
  parentRefs: [{name: gw}]
  hostnames: [h.test]
  rules: [{matches: [{path: {value: /x}}], backendRefs: BACKENDS}]
"""
ISTIO = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: vs}
spec:
  hosts: [vs.test]
  gateways: [g]
  http: [{match: [{uri: {prefix: /v}}], route: [{destination: {host: HOST, port: {number: 80}}}]}]
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: g}
spec: {selector: {istio: x}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}
"""
TRAEFIK = """\
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: {name: ir}
spec: {routes: [{match: "Host(`t.test`) && PathPrefix(`/q`)", kind: Rule, services: SERVICES}]}
"""
INGRESS = """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: i, annotations: {nginx.ingress.kubernetes.io/use-regex: "true"}}
spec:
  tls: [{hosts: [a.test], secretName: s}]
  rules:
    - host: a.test
      http: {paths: [{path: "/(?=a)", pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
"""


def told(manifest: str) -> dict[str, list[str]]:
    text = (SERVER + manifest).encode()
    result = convert(Memory({"m.yaml": text}, "shop"), Options(source="kubernetes"))
    messages: dict[str, list[str]] = {}
    for note in result.notes:
        messages.setdefault(note.code, []).append(note.message)
    assert not messages.keys() & {"TC001", "TC901"}
    return messages


@pytest.mark.parametrize(
    ("manifest", "code", "message"),
    [
        (
            GATEWAY.replace("BACKENDS", "[]"),
            "TC282",
            "HTTPRoute r, h.test/x was not carried over: it leads to no container of the manifests",
        ),
        (
            GATEWAY.replace("BACKENDS", "[{name: web, port: 80, weight: 0}]"),
            "TC282",
            "HTTPRoute r, h.test/x was not carried over: it leads to no container of the manifests",
        ),
        (
            GATEWAY.replace("BACKENDS", "[{group: x.io, kind: Lambda, name: f}]"),
            "TC282",
            "HTTPRoute r, h.test/x was not carried over: it leads to a Lambda, and not to a Service",
        ),
        (
            GATEWAY.replace("BACKENDS", "[{name: web, port: 80}, {name: gone, port: 80}]"),
            "TC282",
            "HTTPRoute r, h.test/x, share of gone was not carried over: there is no Service gone in the manifests",
        ),
        (
            TRAEFIK.replace("SERVICES", "[{name: gone, port: 80}]"),
            "TC282",
            "IngressRoute ir, Host(`t.test`) && PathPrefix(`/q`) was not carried over: "
            "there is no Service gone in the manifests",
        ),
        (
            TRAEFIK.replace("SERVICES", "[]"),
            "TC282",
            "IngressRoute ir, Host(`t.test`) && PathPrefix(`/q`) was not carried over: it names no backend",
        ),
        (
            ISTIO.replace("HOST", "gone"),
            "TC282",
            "VirtualService vs, vs.test/v was not carried over: there is no Service gone in the manifests",
        ),
    ],
)
def test_a_route_without_a_router_is_lost_with_its_host_and_path(
    manifest: str, code: str, message: str
) -> None:
    assert message in told(manifest)[code]


def test_a_pattern_that_no_router_can_tell_is_lost_and_no_fault() -> None:
    [message] = told(INGRESS)["TC283"]
    assert message.startswith(
        "Ingress i, a.test/(?=a) to web:80: Traefik's regular expressions"
    )


@pytest.mark.parametrize(("host", "is_routed"), [("web", True), ("gone", False)])
def test_only_what_became_routes_is_told_so(host: str, *, is_routed: bool) -> None:
    assert ("TC392" in told(ISTIO.replace("HOST", host))) is is_routed
