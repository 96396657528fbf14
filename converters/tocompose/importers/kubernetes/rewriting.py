"""Rewrites the names and ports of Services in the texts of one container, and says each rewrite."""

from __future__ import annotations

import re
from collections.abc import Callable

from tocompose.importers.kubernetes.place import Place
from tocompose.importers.kubernetes.references import Rewrite, rewrite
from tocompose.importers.kubernetes.services import Backend, Backends
from tocompose.ledger import Cursor

_BEFORE = r"(?:(?<=[\s/@=,;:\"'(\[])|^)"
_AFTER = r"(?=[\s/:,;?#\"')\]]|$)"
_DOTTED = r"(?<![\w.-])[a-z0-9][a-z0-9-]*\.[a-z0-9][a-z0-9.-]*[a-z0-9]"
_IN_CLUSTER = (
    r"(?<![\w.-])[a-z0-9][a-z0-9-]*\.[a-z0-9-]+\.svc(?:\.cluster\.local)?(?![\w-])"
)
_ADDRESS = r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9a-fA-F:]*:[0-9a-fA-F:]+"


def rewritten(given: str, cursor: Cursor, place: Place, to: str) -> str:
    """The text with Service ports replaced by container ports; each change is noted at the cursor."""

    def own(backend: Backend, number: int) -> bool:
        return place.workload in backend.workloads and place.listens(number)

    changed, done = rewrite(given, place.namespace, place.world.backends, own)
    visit(given, cursor, place)
    say(done, cursor, to)
    return outside(changed, cursor, place, to)


def visit(given: str, cursor: Cursor, place: Place) -> None:
    """Takes note of the Services of other namespaces that the text names, and of names in the cluster that no Service
    of the input has."""
    backends = place.world.backends
    if "." in given and len(backends.namespaces) > 1:
        for host in re.findall(_DOTTED, given):
            backends.resolve(host, place.namespace)
    if ".svc" in given:
        for host in re.findall(_IN_CLUSTER, given):
            if backends.resolve(host, place.namespace) is None:
                place.world.draft.strangers.setdefault(host, (cursor.span, place.service))


def say(done: list[Rewrite], cursor: Cursor, to: str) -> None:
    """Notes the changes at the place of the text."""
    for each in done:
        cursor.remark(
            "TC221", subject=to, old=each.old, new=each.new, service=each.backend.name
        )


def outside(given: str, cursor: Cursor, place: Place, to: str) -> str:
    """The text with the names of external Services replaced by what they stand for. Names that the network does not
    know become extra hosts of the container."""
    backends = place.world.backends
    pattern = _pattern(backends)
    if pattern is None or not given:
        return given
    return pattern.sub(_replace(cursor, place, to), given)


def _pattern(backends: Backends) -> re.Pattern[str] | None:
    """What matches the names of Services that no container on the network answers to; None when there are none."""
    if backends.outside is None:
        names = [re.escape(item.name) for item in backends if _is_outside(item)]
        names.sort(key=len, reverse=True)
        text = rf"{_BEFORE}(?P<host>(?:{'|'.join(names)})(?:\.[a-z0-9-]+(?:\.svc(?:\.[a-z0-9.-]+)?)?)?){_AFTER}"
        backends.outside = (re.compile(text) if names else None,)
    return backends.outside[0]


def _is_outside(backend: Backend) -> bool:
    return not backend.workloads or any(
        workload.host_network for workload in backend.workloads
    )


def _replace(cursor: Cursor, place: Place, to: str) -> Callable[[re.Match[str]], str]:
    def replaced(match: re.Match[str]) -> str:
        host = match["host"]
        backend = place.world.backends.resolve(host, place.namespace)
        if backend is None or not _is_outside(backend):
            return host
        if backend.external and not re.fullmatch(_ADDRESS, backend.external):
            cursor.remark("TC225", subject=to, service=backend.name, host=backend.external)
            return backend.external
        if backend.external:
            place.hosts[host] = backend.external
        elif backend.workloads:
            place.hosts[host] = "host-gateway"
        else:
            place.world.draft.clients.setdefault(backend, {}).setdefault(
                place.instance.owner
            )
        return host

    return replaced
