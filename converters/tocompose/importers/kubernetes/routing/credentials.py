"""Secrets that the proxy itself needs: certificates, and who may come in."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping

from tocompose.importers.kubernetes.config import Entry
from tocompose.importers.kubernetes.objects import Object
from tocompose.importers.kubernetes.routing.annotations import Annotations
from tocompose.importers.kubernetes.routing.proxy import Certificate, Proxy
from tocompose.importers.kubernetes.routing.site import Site
from tocompose.importers.kubernetes.routing.traefik import SECRETS, resource
from tocompose.importers.kubernetes.world import World
from tocompose.ledger import Cursor
from tocompose.model import File
from tocompose.values import identifier


def users_file(said: Annotations, site: Site) -> str:
    """The file inside the proxy that holds the users of the Secret that the annotations name.

    Without the Secret the file is left for the user to write: a route must not lose its lock in silence.
    """
    name = said.take("auth-secret") or site.name
    kind = said.take("auth-secret-type") or "auth-file"
    namespace, _, short = name.rpartition("/")
    return users(
        site.world,
        site.proxy,
        namespace or site.namespace,
        short,
        kind,
        said.at("auth-secret"),
    )


def users(
    world: World, proxy: Proxy, namespace: str, name: str, kind: str, cursor: Cursor
) -> str:
    """The file of users that a Secret holds: in its key `auth` or `users`, or one key a user (`auth-map`)."""
    own = f"{identifier(name)}.htpasswd"
    path = f"secrets/{own}"
    item = world.store.find("Secret", namespace, name)
    found = world.store.entries(item) if item else {}
    content = _content(found, kind, path)
    if item is not None:
        item.took(f"files.{path}")
    if content is None:
        cursor.remark("TC288", name=name, path=path)
    else:
        world.draft.file(
            File(path=path, content=content, mode=0o444, secret=True, origin=cursor.span)
        )
    _declare(world, proxy, own, path)
    return f"{SECRETS}/{own}"


def _content(found: Mapping[str, Entry], kind: str, path: str) -> bytes | None:
    to = f"files.{path}"
    if kind == "auth-map":
        lines = [
            f"{name}:".encode() + (entry.content(to) or b"").strip()
            for name, entry in found.items()
        ]
        return b"\n".join(lines) + b"\n" if lines else None
    for key in ("auth", "users"):
        if key in found:
            return found[key].content(to)
    if {"username", "password"} <= found.keys():
        user, password = (found[key].content(to) or b"" for key in ("username", "password"))
        return user + b":{SHA}" + base64.b64encode(hashlib.sha1(password).digest()) + b"\n"
    return next(iter(found.values())).content(to) if len(found) == 1 else None


def certificate(
    world: World, proxy: Proxy, namespace: str, name: str, cursor: Cursor
) -> bool:
    """Gives the proxy the certificate of a TLS Secret; False when the manifests do not hold it."""
    item = world.store.find("Secret", namespace, name)
    if item is None:
        return False
    found = world.store.entries(item)
    if not {"tls.crt", "tls.key"} <= found.keys():
        return False
    own = identifier(name)
    for key, end in (("tls.crt", "crt"), ("tls.key", "key")):
        if not _file(world, proxy, found[key], f"{own}.{end}", cursor):
            return False
    item.took(f"files.secrets/{own}.crt")
    _rest(found, item)
    proxy.certificates[own] = Certificate(f"{own}.crt", f"{own}.key")
    return True


def _rest(found: Mapping[str, Entry], item: Object) -> None:
    if "ca.crt" in found:
        found["ca.crt"].cursor.skip(
            "the authority that signed it is not needed to show the certificate"
        )
    item.at("type").skip("the keys say what the Secret is")


def _file(world: World, proxy: Proxy, entry: Entry, name: str, cursor: Cursor) -> bool:
    path = f"secrets/{name}"
    content = entry.content(f"files.{path}")
    if content is None:
        return False
    world.draft.file(
        File(path=path, content=content, mode=0o444, secret=True, origin=cursor.span)
    )
    _declare(world, proxy, name, path)
    return True


def _declare(world: World, proxy: Proxy, name: str, path: str) -> None:
    world.draft.secrets.setdefault(name, resource(name, path))
    proxy.secrets[name] = None
