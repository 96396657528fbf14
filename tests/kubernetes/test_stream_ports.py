"""The ports that ingress-nginx passes on are published by the service that they lead to."""

from __future__ import annotations

import pytest

from tocompose.model import Port
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory

TEXT = """
apiVersion: v1
kind: ConfigMap
metadata: {name: NAME, namespace: ingress-nginx}
data: {ENTRY}
---
apiVersion: v1
kind: Service
metadata: {name: mqtt, namespace: shop}
spec: {selector: {app: mqtt}, ports: [{name: plain, port: 80, targetPort: 1883}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: mqtt, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: mqtt}}
  template:
    metadata: {labels: {app: mqtt}}
    spec: {containers: [{name: mqtt, image: 'corp/mqtt:1', ports: [{containerPort: 1883}]}]}
"""


def converted(name: str, entry: str) -> Result:
    text = TEXT.replace("NAME", name).replace("ENTRY", entry)
    return convert(Memory({"shop.yaml": text.encode()}, "shop"), Options(practices="none"))


@pytest.mark.parametrize(
    ("name", "entry", "protocol"),
    [
        ("tcp-services", '"9000": "shop/mqtt:80"', "tcp"),
        ("ingress-nginx-tcp", '"9000": "shop/mqtt:plain"', "tcp"),
        ("udp-services", '"9000": "shop/mqtt:80"', "udp"),
        ("tcp-services", '"9000": "shop/mqtt:80:PROXY"', "tcp"),
    ],
)
def test_the_port_is_published(name: str, entry: str, protocol: str) -> None:
    result = converted(name, entry)
    (service,) = result.stack.services
    assert service.ports == (Port(target="1883", published="9000", protocol=protocol),)
    assert (service.replicas or 1) == 1
    assert not {"TC001", "TC217"} & {note.code for note in result.notes}


@pytest.mark.parametrize(
    ("name", "entry"),
    [
        ("settings", '"9000": "shop/mqtt:80"'),
        ("tcp-services", '"9000": "shop/other:80"'),
        ("tcp-services", "keepalive: shop/mqtt"),
    ],
)
def test_nothing_else_is_published(name: str, entry: str) -> None:
    (service,) = converted(name, entry).stack.services
    assert service.ports == ()
