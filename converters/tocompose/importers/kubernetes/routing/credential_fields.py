"""TLS Secrets, each decoded once.

https://kubernetes.io/docs/concepts/configuration/secret/#tls-secrets
"""

from __future__ import annotations

from collections.abc import Mapping

from tocompose.importers.kubernetes.config import ConfigEntry
from tocompose.importers.kubernetes.objects import KubeObject
from tocompose.importers.kubernetes.scalars import Stated, stated
from tocompose.record import NamedTuple


class KeyPair(NamedTuple):
    """A certificate and its key, with the authority that signed it where the Secret holds that."""

    secret: KubeObject
    kind: Stated
    certificate: ConfigEntry
    key: ConfigEntry
    authority: ConfigEntry | None


def decode_key_pair(
    secret: KubeObject, secret_entries: Mapping[str, ConfigEntry]
) -> KeyPair | None:
    """The key pair of a Secret; None where it does not hold both."""
    certificate, key = secret_entries.get("tls.crt"), secret_entries.get("tls.key")
    if certificate is None or key is None:
        return None
    return KeyPair(
        secret,
        kind=stated(secret.cursor, "type"),
        certificate=certificate,
        key=key,
        authority=secret_entries.get("ca.crt"),
    )
