"""Which programs an image holds that a healthcheck could use."""

from __future__ import annotations

from tocompose.importers.kubernetes.scalars import items, value
from tocompose.ledger import Cursor

_SHELLS = frozenset({"sh", "/bin/sh", "bash", "/bin/bash", "ash", "/bin/ash"})
_EMPTY_HINTS = ("distroless", "scratch", "chainguard", "cgr.dev/")
_ALPINE = frozenset({"sh", "grep", "wget", "nc"})
_DEBIAN = frozenset({"sh", "grep"})
# Images by repository whose tags all hold at least these.
_KNOWN = {
    **{"busybox": _ALPINE, "alpine": _ALPINE, "debian": _DEBIAN, "ubuntu": _DEBIAN, "redis": _DEBIAN},
    **{"postgres": _DEBIAN, "mysql": _DEBIAN, "mariadb": _DEBIAN, "mongo": _DEBIAN, "rabbitmq": _DEBIAN},
    **{"nginx": _DEBIAN, "httpd": _DEBIAN, "wordpress": _DEBIAN | {"curl"}, "php": _DEBIAN | {"curl"}},
    **{"node": _DEBIAN, "python": _DEBIAN, "ruby": _DEBIAN, "golang": _DEBIAN, "openjdk": _DEBIAN},
    **{"tomcat": _DEBIAN, "haproxy": _DEBIAN, "memcached": _DEBIAN, "elasticsearch": _DEBIAN | {"curl"}},
    **{"jenkins/jenkins": _DEBIAN | {"curl"}, "grafana/grafana": _ALPINE, "prom/prometheus": _ALPINE},
    **{"minio/minio": _DEBIAN | {"curl"}, "curlimages/curl": _DEBIAN | {"curl"}},
}


def tools(container: Cursor) -> frozenset[str] | None:
    """The programs among sh, grep, wget, curl and nc that the container is known to hold; None when nothing is known.

    Known are common base images, and what the manifest itself shows by calling a shell in the container.
    """
    image = value(container.at("image")) or ""
    if any(hint in image for hint in _EMPTY_HINTS):
        return frozenset()
    repository, _, tag = image.partition("@")[0].rpartition(":")
    if not repository or "/" in tag:
        repository, tag = image.partition("@")[0], ""
    name = repository.removeprefix("docker.io/").removeprefix("library/")
    if name in _KNOWN:
        return _ALPINE | _KNOWN[name] if "alpine" in tag else _KNOWN[name]
    if "alpine" in tag or "busybox" in tag:
        return _ALPINE
    return _DEBIAN if _calls_shell(container) else None


def _calls_shell(container: Cursor) -> bool:
    return any(value(first) in _SHELLS for first in _commands(container))


def _commands(container: Cursor) -> list[Cursor]:
    places = [container.at("command"), container.at("args") if not container.at("command") else container.at("command")]
    for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
        places.append(container.at(probe, "exec", "command"))
    for hook in ("postStart", "preStop"):
        places.append(container.at("lifecycle", hook, "exec", "command"))
    return [first for place in places for first in list(items(place))[:1]]
