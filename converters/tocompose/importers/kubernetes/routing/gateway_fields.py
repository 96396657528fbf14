"""Gateways as the manifests state them, each decoded once.

https://gateway-api.sigs.k8s.io/reference/spec/#gateway
"""

from __future__ import annotations

from collections.abc import Mapping

from tocompose.importers.kubernetes.objects import KubeObject, KubeObjects
from tocompose.importers.kubernetes.scalars import Stated, list_entries, stated
from tocompose.ledger import Cursor
from tocompose.readers.yaml import integer
from tocompose.record import NamedTuple

_USUAL_PORTS = {"HTTP": 80, "HTTPS": 443, "TLS": 443}


class CertificateReference(NamedTuple):
    """The Secret of a certificate."""

    cursor: Cursor
    name: Stated
    namespace: Stated


class ListenerFields(NamedTuple):
    """One listener as its Gateway states it."""

    cursor: Cursor
    name: Stated
    port: Stated
    protocol: Stated
    hostname: Stated
    tls_mode: Stated
    certificates: tuple[CertificateReference, ...]

    @property
    def protocol_text(self) -> str:
        """The protocol, HTTP where none is stated."""
        return self.protocol.text or "HTTP"

    @property
    def port_number(self) -> int:
        """The port, that of the protocol where none is stated."""
        usual_port = _USUAL_PORTS.get(self.protocol_text, 80)
        return integer(self.port.text or "") or usual_port


class Gateway(NamedTuple):
    """A Gateway with its listeners."""

    kube_object: KubeObject
    class_name: Stated
    listeners: tuple[ListenerFields, ...]


def decode_gateways(objects: KubeObjects) -> Mapping[tuple[str, str], Gateway]:
    """All Gateways, by their namespace and name."""
    return {
        (gateway.namespace, gateway.name): decode_gateway(gateway)
        for gateway in objects.of_kind("Gateway")
    }


def decode_gateway(gateway: KubeObject) -> Gateway:
    """The Gateway of an object."""
    spec = gateway.at("spec")
    return Gateway(
        gateway,
        class_name=stated(spec, "gatewayClassName"),
        listeners=tuple(map(_decode_listener, list_entries(spec.at("listeners")))),
    )


def _decode_listener(listener: Cursor) -> ListenerFields:
    tls = listener.at("tls")
    return ListenerFields(
        listener,
        name=stated(listener, "name"),
        port=stated(listener, "port"),
        protocol=stated(listener, "protocol"),
        hostname=stated(listener, "hostname"),
        tls_mode=stated(tls, "mode"),
        certificates=tuple(
            CertificateReference(
                reference, stated(reference, "name"), stated(reference, "namespace")
            )
            for reference in list_entries(tls.at("certificateRefs"))
        ),
    )
