"""Secrets that the proxy itself needs: certificates, and who may come in."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping

from tocompose.importers.kubernetes.cluster_model import ClusterModel
from tocompose.importers.kubernetes.config import ConfigEntry
from tocompose.importers.kubernetes.objects import KubeObject
from tocompose.importers.kubernetes.routing.annotations import Annotations
from tocompose.importers.kubernetes.routing.route_fields import RouteTls
from tocompose.importers.kubernetes.routing.site import RouteSite
from tocompose.importers.kubernetes.scalars import Stated, peek_text
from tocompose.ledger import Cursor
from tocompose.model import File
from tocompose.record import NamedTuple
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import identifier
from tocompose.traefik.proxy import Certificate, ManagedCertificate
from tocompose.traefik.proxy_builder import ProxyBuilder
from tocompose.traefik.service import SECRETS, file_secret


def users_file(annotations: Annotations, site: RouteSite) -> str:
    """The file inside the proxy that holds the users of the Secret that the annotations name.

    Without the Secret the file is left for the user to write: a route must not lose its lock in silence.
    """
    name = annotations.take("auth-secret") or site.name
    kind = annotations.take("auth-secret-type") or "auth-file"
    namespace, _, secret_name = name.rpartition("/")
    return write_users(
        site.model,
        site.proxy,
        namespace or site.namespace,
        secret_name,
        kind,
        annotations.at("auth-secret"),
    )


def write_users(
    world: ClusterModel,
    proxy: ProxyBuilder,
    namespace: str,
    name: str,
    kind: str,
    cursor: Cursor,
) -> str:
    """The file of users that a Secret holds: in its key `auth` or `users`, or one key a user (`auth-map`)."""
    file_name = f"{identifier(name)}.htpasswd"
    path = f"secrets/{file_name}"
    secret = world.config_store.find("Secret", namespace, name)
    secret_entries = world.config_store.entries(secret) if secret else {}
    content = _users_content(secret_entries, kind, path)
    if secret is not None:
        secret.count_identity_as_mapped(ModelPath.of("files", path))
    if content is None:
        cursor.annotate("TC288", name=name, path=path)
    else:
        proxy.add_file(
            File(path=path, content=content, mode=0o444, secret=True, origin=cursor.span)
        )
    _declare_secret(proxy, file_name, path)
    return f"{SECRETS}/{file_name}"


def _users_content(
    secret_entries: Mapping[str, ConfigEntry], kind: str, path: str
) -> bytes | None:
    model_path = ModelPath.of("files", path)
    if kind == "auth-map":
        lines = [
            f"{name}:".encode() + (secret_entry.content(model_path) or b"").strip()
            for name, secret_entry in secret_entries.items()
        ]
        return b"\n".join(lines) + b"\n" if lines else None
    for key in ("auth", "users"):
        if key in secret_entries:
            return secret_entries[key].content(model_path)
    if {"username", "password"} <= secret_entries.keys():
        user = secret_entries["username"].content(model_path) or b""
        password = secret_entries["password"].content(model_path) or b""
        return user + b":{SHA}" + base64.b64encode(hashlib.sha1(password).digest()) + b"\n"
    if len(secret_entries) != 1:
        return None
    (only_entry,) = secret_entries.values()
    return only_entry.content(model_path)


def give_certificate(
    world: ClusterModel, proxy: ProxyBuilder, namespace: str, name: str, cursor: Cursor
) -> bool:
    """Gives the proxy the certificate of a TLS Secret; False when the manifests do not hold it."""
    secret = world.config_store.find("Secret", namespace, name)
    if secret is None:
        return False
    secret_entries = world.config_store.entries(secret)
    if not {"tls.crt", "tls.key"} <= secret_entries.keys():
        return False
    file_stem = identifier(name)
    for key, suffix in (("tls.crt", "crt"), ("tls.key", "key")):
        if not _write_secret(proxy, secret_entries[key], f"{file_stem}.{suffix}", cursor):
            return False
    secret.count_identity_as_mapped(ModelPath.of("files", f"secrets/{file_stem}.crt"))
    _settle_rest(secret_entries, secret)
    proxy.add_certificate(file_stem, Certificate(f"{file_stem}.crt", f"{file_stem}.key"))
    return True


def _settle_rest(secret_entries: Mapping[str, ConfigEntry], secret: KubeObject) -> None:
    if "ca.crt" in secret_entries:
        secret_entries["ca.crt"].cursor.skip(
            "the authority that signed it is not needed to show the certificate"
        )
    secret.at("type").skip("it follows from the keys of the Secret")


def _write_secret(
    proxy: ProxyBuilder,
    secret_entry: ConfigEntry,
    file_name: str,
    cursor: Cursor,
) -> bool:
    path = f"secrets/{file_name}"
    content = secret_entry.content(ModelPath.of("files", path))
    if content is None:
        return False
    proxy.add_file(
        File(path=path, content=content, mode=0o444, secret=True, origin=cursor.span)
    )
    _declare_secret(proxy, file_name, path)
    return True


def _declare_secret(proxy: ProxyBuilder, name: str, path: str) -> None:
    proxy.add_secret(file_secret(name, path))


class SecuredHosts(NamedTuple):
    """The hosts that are served over TLS; `everything` when an entry names none."""

    hosts: frozenset[str] = frozenset()
    everything: bool = False

    def covers(self, host: str) -> bool:
        """Whether the host is served over TLS, by its own name or by that of its parent's wildcard."""
        wildcard = "*." + host.partition(".")[2]
        return self.everything or host in self.hosts or wildcard in self.hosts


def secured_hosts(
    tls_entries: Iterable[RouteTls],
    site: RouteSite,
    labels: ModelPath,
    *,
    managed: Cursor | None,
) -> SecuredHosts:
    """The hosts of an Ingress' `tls`, their certificates given to the proxy where the manifests hold them."""
    hosts: list[str] = []
    everything = False
    for tls_entry in tls_entries:
        named_hosts = [
            host for stated_host in tls_entry.hosts if (host := stated_host.take(labels))
        ]
        hosts += named_hosts
        everything = everything or not named_hosts
        settle_certificate(tls_entry.secret, site, labels, managed, tuple(named_hosts))
    return SecuredHosts(frozenset(hosts), everything)


def settle_certificate(
    secret: Stated,
    site: RouteSite,
    labels: ModelPath,
    managed: Cursor | None,
    hosts: tuple[str, ...] = (),
) -> None:
    """Gives the proxy the certificate of a Secret; where a certificate manager keeps it the proxy obtains its own, else
    a note says that it is to be provided."""
    name, cursor = secret
    if name is None:
        return
    namespace, _, secret_name = name.rpartition("/")
    if give_certificate(
        site.model, site.proxy, namespace or site.namespace, secret_name, cursor
    ):
        cursor.take(to=ModelPath.service(site.proxy.name, "secrets"))
        return
    cursor.take(to=labels)
    if managed:
        managed.take(to=labels)
    if await_certificate(cursor, site, secret_name, managed, hosts):
        return
    why = f"the manifests do not hold Secret {secret_name}"
    cursor.annotate(
        "TC286", subject=ModelPath.service(site.proxy.name), route=site.name, why=why
    )


def await_certificate(
    cursor: Cursor,
    site: RouteSite,
    secret_name: str,
    managed: Cursor | None,
    hosts: tuple[str, ...],
) -> bool:
    """Whether a certificate manager keeps the certificate: an annotation or a Certificate object says so."""
    certificates = site.model.certificates.get((site.namespace, secret_name), ())
    if managed:
        issuer = peek_text(managed) or ""
        issuer = "letsencrypt" if managed.key.endswith("tls-acme") else issuer
        wanted = ManagedCertificate(site.name, issuer, hosts, managed, site.namespace)
    elif certificates:
        names = hosts or certificates[0].hosts
        issuer = certificates[0].issuer.text or ""
        wanted = ManagedCertificate(site.name, issuer, names, cursor, site.namespace)
    else:
        return False
    site.proxy.add_managed(wanted)
    return True
