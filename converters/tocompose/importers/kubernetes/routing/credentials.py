"""Secrets that the proxy itself needs: certificates, and who may come in."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping

from tocompose.importers.kubernetes.config import ConfigEntry
from tocompose.importers.kubernetes.routing.annotations import Annotations
from tocompose.importers.kubernetes.routing.credential_fields import (
    KeyPair,
    decode_key_pair,
)
from tocompose.importers.kubernetes.routing.route_fields import RouteTls
from tocompose.importers.kubernetes.routing.site import RouteSite, RoutingModel
from tocompose.importers.kubernetes.scalars import Stated
from tocompose.model import File, FileResource
from tocompose.record import NamedTuple
from tocompose.source import Span
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import identifier
from tocompose.traefik.proxy import Certificate
from tocompose.traefik.proxy_parts import ManagedCertificate, ProxyPart
from tocompose.traefik.service import SECRETS, file_secret


class UsersFile(NamedTuple):
    """The path inside the proxy of a file of users, and what the stack needs for it."""

    path: str
    needs: tuple[File | FileResource, ...]


def annotated_users(annotations: Annotations, site: RouteSite) -> UsersFile:
    """The users of the Secret that the annotations name.

    Without the Secret the file is left for the user to write: a route must not lose its lock in silence.
    """
    name = annotations.take("auth-secret") or site.name
    kind = annotations.take("auth-secret-type") or "auth-file"
    return secret_users(name, kind, annotations.stated("auth-secret"), site)


def secret_users(reference: str, kind: str, said_at: Stated, site: RouteSite) -> UsersFile:
    """The users that a Secret holds: in its key `auth` or `users`, or one key a user (`auth-map`)."""
    store, cursor = site.model.cluster.config_store, said_at.cursor
    namespace, _, name = reference.rpartition("/")
    file_name = f"{identifier(name)}.htpasswd"
    path = f"secrets/{file_name}"
    secret = store.find("Secret", namespace or site.namespace, name)
    content = _users_content(store.entries(secret) if secret else {}, kind, path)
    if secret is not None:
        secret.count_identity_as_mapped(ModelPath.of("files", path))
    inside, resource = f"{SECRETS}/{file_name}", file_secret(file_name, path)
    if content is None:
        cursor.annotate("TC288", name=name, path=path)
        return UsersFile(inside, (resource,))
    return UsersFile(inside, (_secret_file(path, content, cursor.span), resource))


def _secret_file(path: str, content: bytes, origin: Span) -> File:
    return File(path=path, content=content, mode=0o444, secret=True, origin=origin)


def _users_content(
    secret_entries: Mapping[str, ConfigEntry], kind: str, path: str
) -> bytes | None:
    """The lines of a file of users; None where the Secret holds none."""
    model_path = ModelPath.of("files", path)
    if kind == "auth-map":
        return b"".join(_user_lines(secret_entries, model_path)) or None
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


def _user_lines(
    secret_entries: Mapping[str, ConfigEntry], model_path: ModelPath
) -> Iterator[bytes]:
    """A line for each key of a Secret, which is the name of a user."""
    for name, secret_entry in secret_entries.items():
        password_hash = secret_entry.content(model_path) or b""
        yield f"{name}:".encode() + password_hash.strip() + b"\n"


class HeldCertificate(NamedTuple):
    """What a TLS Secret holds: the files that can be read, and the certificate where that is all of it."""

    files: tuple[File | FileResource, ...] = ()
    certificate: Certificate | None = None


def held_certificate(
    model: RoutingModel, namespace: str, name: str, origin: Span
) -> HeldCertificate:
    """The certificate of a TLS Secret; none where the manifests do not hold it."""
    store = model.cluster.config_store
    secret = store.find("Secret", namespace, name)
    key_pair = decode_key_pair(secret, store.entries(secret)) if secret else None
    if key_pair is None:
        return HeldCertificate()
    names = Certificate(f"{identifier(name)}.crt", f"{identifier(name)}.key")
    certificate_files = _entry_files(key_pair.certificate, names.certificate, origin)
    if not certificate_files:
        return HeldCertificate()
    key_files = _entry_files(key_pair.key, names.key, origin)
    if not key_files:
        return HeldCertificate(certificate_files)
    path = ModelPath.of("files", f"secrets/{names.certificate}")
    key_pair.secret.count_identity_as_mapped(path)
    _settle_rest(key_pair)
    return HeldCertificate((*certificate_files, *key_files), names)


def _entry_files(
    secret_entry: ConfigEntry, file_name: str, origin: Span
) -> tuple[File | FileResource, ...]:
    """A key of a Secret as a file and as a secret of the stack; nothing where it cannot be read."""
    path = f"secrets/{file_name}"
    content = secret_entry.content(ModelPath.of("files", path))
    if content is None:
        return ()
    return (_secret_file(path, content, origin), file_secret(file_name, path))


def _settle_rest(key_pair: KeyPair) -> None:
    if key_pair.authority is not None:
        key_pair.authority.cursor.skip(
            "the authority that signed it is not needed to show the certificate"
        )
    key_pair.kind.cursor.skip("it follows from the keys of the Secret")


class SecuredHosts(NamedTuple):
    """The hosts that are served over TLS; `everything` when an entry names none."""

    hosts: frozenset[str] = frozenset()
    everything: bool = False

    def covers(self, host: str) -> bool:
        """Whether the host is served over TLS, by its own name or by that of its parent's wildcard."""
        wildcard = "*." + host.partition(".")[2]
        return self.everything or host in self.hosts or wildcard in self.hosts


def secured_hosts(tls_entries: Iterable[RouteTls]) -> SecuredHosts:
    """The hosts of an Ingress' `tls`."""
    named_hosts = [_named_hosts(tls_entry) for tls_entry in tls_entries]
    hosts = frozenset(host for entry_hosts in named_hosts for host in entry_hosts)
    return SecuredHosts(hosts, everything=not all(named_hosts))


def _named_hosts(tls_entry: RouteTls) -> tuple[str, ...]:
    return tuple(host.text for host in tls_entry.hosts if host.text)


def ingress_certificates(
    tls_entries: Iterable[RouteTls],
    site: RouteSite,
    labels: ModelPath,
    managed: Stated | None,
) -> Iterator[ProxyPart]:
    """The certificates of an Ingress' `tls`."""
    for tls_entry in tls_entries:
        for stated_host in tls_entry.hosts:
            stated_host.take(labels)
        hosts = _named_hosts(tls_entry)
        yield from secret_certificate(tls_entry.secret, site, labels, managed, hosts)


def secret_certificate(
    secret: Stated,
    site: RouteSite,
    labels: ModelPath,
    managed: Stated | None = None,
    hosts: tuple[str, ...] = (),
) -> Iterator[ProxyPart]:
    """The certificate of a Secret; where a certificate manager keeps it the proxy obtains its own, else a note says
    that it is to be provided."""
    name, cursor = secret
    if name is None:
        return
    namespace, _, secret_name = name.rpartition("/")
    held = held_certificate(
        site.model, namespace or site.namespace, secret_name, cursor.span
    )
    yield from held.files
    if held.certificate:
        cursor.take(to=site.model.proxy_path("secrets"))
        yield held.certificate
        return
    cursor.take(to=labels)
    if managed:
        managed.take(labels)
    if awaited := awaited_certificate(secret, site, secret_name, managed, hosts):
        yield awaited
        return
    why = f"the manifests do not hold Secret {secret_name}"
    cursor.annotate("TC286", subject=site.model.proxy_path(), route=site.name, why=why)


def awaited_certificate(
    secret: Stated,
    site: RouteSite,
    secret_name: str,
    managed: Stated | None = None,
    hosts: tuple[str, ...] = (),
) -> ManagedCertificate | None:
    """The certificate that a certificate manager keeps, where an annotation or a Certificate object says so."""
    certificates = site.model.certificates.get((site.namespace, secret_name), ())
    if managed:
        issuer = managed.text or ""
        issuer = "letsencrypt" if managed.cursor.key.endswith("tls-acme") else issuer
        said_at = managed.cursor
    elif certificates:
        hosts = hosts or certificates[0].hosts
        issuer, said_at = certificates[0].issuer.text or "", secret.cursor
    else:
        return None
    return ManagedCertificate(site.name, issuer, hosts, said_at, site.namespace)
