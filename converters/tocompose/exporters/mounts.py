"""Mounts and volumes in Compose's short form where it says everything, else in the long form."""

from __future__ import annotations

from typing import Any

from tocompose.model import Mount, Volume
from tocompose.syntax.interpolation import split

# What docker compose takes for a path rather than a volume's name; a variable is looked at after it is replaced.
_PATH_STARTS = ("/", "./", "../", "~/", "${")


def mount(item: Mount) -> str | dict[str, Any]:
    """A mount as an entry of `volumes:`."""
    return _short(item) if _fits_short(item) else _long(item)


def _fits_short(item: Mount) -> bool:
    """The short form creates a missing host folder, and reads a one-letter name as a Windows drive."""
    if item.kind not in ("bind", "volume") or item.options:
        return False
    if any(len(split(part, ":")) > 1 for part in (item.target, item.source or "")):
        return False
    if item.kind == "bind":
        return (item.source or "").startswith(_PATH_STARTS) or item.source in (
            ".",
            "..",
            "~",
        )
    return item.source is None or len(item.source) > 1


def _short(item: Mount) -> str:
    modes = [mode for mode in ("ro" if item.read_only else "", item.mode) if mode]
    parts = [part for part in (item.source, item.target, ",".join(modes)) if part]
    return ":".join(parts)


def _long(item: Mount) -> dict[str, Any]:
    body: dict[str, Any] = {"type": item.kind}
    if item.source is not None:
        body["source"] = item.source
    body["target"] = item.target
    if item.read_only:
        body["read_only"] = True
    return body | {
        key: dict(value) if isinstance(value, dict) else value
        for key, value in item.options.items()
    }


def volume(item: Volume) -> dict[str, Any] | None:
    """A volume as an entry of the top-level `volumes:`; None (nothing behind the colon) for one without settings."""
    body: dict[str, Any] = {"name": item.engine_name} if item.engine_name else {}
    if item.external:
        return body | {"external": True}
    body |= {"driver": item.driver} if item.driver else {}
    return (body | dict(item.options)) or None
