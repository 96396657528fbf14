"""One kind of place that a mount takes its files from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class VolumeSource(NamedTuple):
    """A mount without its target; `options` are Compose keys that take the mount's place (`shm_size`), `key` the key
    that the service gets it under, `empty` that it begins empty and open to everybody."""

    kind: str
    source: str | None = None
    read_only: bool = False
    mount_options: Mapping[str, Mapping[str, Any]] = {}
    options: Mapping[str, Any] = {}
    key: str = "volumes"
    empty: bool = False
