"""What services may use and how much they may log: Q-03, Q-04, E-02 and the traps about limits and rights."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tocompose.check.scene import Scene, Verdict, View, of_service
from tocompose.knowledge.images import image_ref
from tocompose.model import Amounts, Service
from tocompose.rules.image_tags import floats
from tocompose.rules.services import facts
from tocompose.syntax.interpolation import plain

_SIMPLE = ("mem_limit", "cpus", "pids_limit")
_ROTATING = frozenset(
    {
        "local",
        "journald",
        "syslog",
        "fluentd",
        "gelf",
        "awslogs",
        "gcplogs",
        "splunk",
        "loki",
        "etwlogs",
    }
)
_OWN_ROOT = re.compile(r"^(?:0|root)?(?::|$)")


def rules(scene: Scene) -> Iterator[Verdict]:
    """The verdicts on limits, logs, images and capabilities."""
    for service in scene.production.stack.services:
        yield from _limited(scene.production, service)
        yield from _tagged(scene.production, service)
    for service in scene.main.stack.services:
        yield from _rotated(scene.main, service)
        yield from _scaled(scene.main, service)
        yield from _capable(scene.main, service)


def _limited(view: View, service: Service) -> Iterator[Verdict]:
    limits = service.resources.limits
    given = {
        "memory": limits.memory or service.options.get("mem_limit"),
        "CPU": limits.cpus
        or service.options.get("cpus")
        or service.options.get("cpu_quota"),
    }
    missing = " and ".join(name for name, value in given.items() if not value)
    yield of_service(
        view,
        service,
        "deploy" if limits != Amounts() else "",
        "Q-03 E-02",
        not missing,
        "TC708",
        missing=missing,
    )
    double = (
        [key for key in _SIMPLE if key in service.options] if limits != Amounts() else []
    )
    key = double[0] if double else ""
    yield of_service(view, service, key, "T11", not double, "TC732", keys=", ".join(double))


def _tagged(view: View, service: Service) -> Iterator[Verdict]:
    if service.image is None or service.build is not None:
        return
    variable = plain(service.image) is None
    ref = image_ref(service.image)
    pinned = variable or ref is None or bool(ref.digest) or not floats(ref.tag)
    yield of_service(view, service, "image", "E-02", pinned, "TC734", image=service.image)


def _rotated(view: View, service: Service) -> Iterator[Verdict]:
    logging = service.logging
    rotated = logging is not None and (
        logging.driver in _ROTATING
        or (logging.driver in (None, "json-file") and "max-size" in logging.options)
    )
    yield of_service(
        view, service, "logging" if logging else "", "Q-04 E-02", rotated, "TC709"
    )


def _scaled(view: View, service: Service) -> Iterator[Verdict]:
    name = service.container_name
    if name is None:
        return
    scale = service.options.get("scale")
    several = (service.replicas or 1) > 1 or (isinstance(scale, int) and scale > 1)
    yield of_service(
        view,
        service,
        "container_name",
        "T12",
        not several and len(name) > 1,
        "TC733",
        name=name,
    )


def _capable(view: View, service: Service) -> Iterator[Verdict]:
    known = facts(service)
    if (
        known is None
        or not known.caps
        or "ALL" not in {item.upper() for item in service.security.cap_drop}
    ):
        return
    given = {item.upper().removeprefix("CAP_") for item in service.security.cap_add}
    missing = [item for item in known.caps if item not in given]
    root = service.security.user is None or bool(_OWN_ROOT.match(service.security.user))
    told = {"missing": ", ".join(missing), "image": service.image or ""}
    yield of_service(
        view, service, "cap_drop", "T23", not (missing and root), "TC742", **told
    )
