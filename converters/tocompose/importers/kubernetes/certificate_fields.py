"""Objects of cert-manager, each decoded once.

https://cert-manager.io/docs/reference/api-docs/
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tocompose.importers.kubernetes.objects import KubeObject, KubeObjects
from tocompose.importers.kubernetes.reading_values import KeptObject
from tocompose.importers.kubernetes.scalars import Stated, stated, stated_entries
from tocompose.record import NamedTuple
from tocompose.wording import enumerated

CERT_MANAGER = "cert-manager.io"


class CertificateSpec(NamedTuple):
    """What a Certificate asks for: for which hosts, from whom, and the Secret that it is kept in."""

    kube_object: KubeObject
    secret: Stated
    issuer: Stated
    host_names: tuple[Stated, ...]

    @property
    def hosts(self) -> tuple[str, ...]:
        """Its hosts."""
        return tuple(host.text for host in self.host_names if host.text)


class IssuerSpec(NamedTuple):
    """An Issuer or ClusterIssuer: whether it speaks ACME, with which server, and who answers for it."""

    kube_object: KubeObject
    speaks_acme: bool
    server: Stated
    email: Stated


def decode_certificates(
    objects: KubeObjects,
) -> Mapping[tuple[str, str], tuple[CertificateSpec, ...]]:
    """All Certificates, by the namespace and name of the Secret that they are written into."""
    by_secret: dict[tuple[str, str], tuple[CertificateSpec, ...]] = {}
    for kube_object in objects.of_kind(f"Certificate.{CERT_MANAGER}"):
        certificate = decode_certificate(kube_object)
        key = (kube_object.namespace, certificate.secret.text or "")
        by_secret[key] = (*by_secret.get(key, ()), certificate)
    return by_secret


def decode_certificate(certificate: KubeObject) -> CertificateSpec:
    """The spec of a Certificate."""
    spec = certificate.at("spec")
    return CertificateSpec(
        certificate,
        secret=stated(spec, "secretName"),
        issuer=stated(spec.at("issuerRef"), "name"),
        host_names=stated_entries(spec, "dnsNames"),
    )


def decode_issuer(issuer: KubeObject) -> IssuerSpec:
    """The spec of an Issuer or a ClusterIssuer."""
    acme = issuer.at("spec", "acme")
    return IssuerSpec(
        issuer,
        speaks_acme=bool(acme),
        server=stated(acme, "server"),
        email=stated(acme, "email"),
    )


_SIGNED_HERE = (
    "It is no public authority: save the Secrets of its certificates beside the manifests "
    "(`kubectl get secret NAME -o yaml > FILE`), and convert again."
)


def certificate_advice(kube_objects: Sequence[KubeObject], objects: KubeObjects) -> str:
    """What to do without objects of cert-manager where no issuer of the manifests is a public authority; empty for
    other ones."""
    if not kube_objects[0].kind.endswith(f".{CERT_MANAGER}") or not _signs_itself(objects):
        return ""
    if kube_objects[0].title != "Certificate":
        return _SIGNED_HERE
    commands = [f"`{_kept_secret(each).saving_command()}`" for each in kube_objects]
    return f"Save each certificate beside the manifests with {enumerated(commands)}, and convert again."


def _signs_itself(objects: KubeObjects) -> bool:
    """Whether there are issuers, and none of them speaks ACME."""
    kinds = (f"Issuer.{CERT_MANAGER}", f"ClusterIssuer.{CERT_MANAGER}")
    issuers = [decode_issuer(issuer) for issuer in objects.of_kind(*kinds)]
    return bool(issuers) and not any(issuer.speaks_acme for issuer in issuers)


def _kept_secret(certificate: KubeObject) -> KeptObject:
    """The Secret that a Certificate is kept in, which is named so where it names none."""
    namespace = certificate.namespace if certificate.states_namespace else ""
    name = decode_certificate(certificate).secret.text or certificate.name
    return KeptObject("Secret", namespace, name)
