"""Requests and limits of a container, exact to the byte."""

from __future__ import annotations

from typing import Any

from tocompose.importers.kubernetes.cluster_model import ContainerContext
from tocompose.importers.kubernetes.quantities import (
    ONE,
    compose_cpus,
    compose_memory,
    parse_quantity,
)
from tocompose.importers.kubernetes.scalars import peek_text
from tocompose.ledger import Cursor
from tocompose.model import Amounts, Resources

# The engine refuses less.
_LEAST = 6 * 2**20 * ONE
_RENDER = ("gpu.intel.com/i915", "gpu.intel.com/xe")


def container_resources(
    container: ContainerContext, defaults: Cursor | None = None
) -> tuple[Resources, dict[str, Any]]:
    """The limits and reservations of a container, and the Compose keys beyond them (`cpu_shares`, `gpus`, `devices`).

    `defaults` is the LimitRange item that fills in what the container does not say.
    """
    cursor = container.cursor.at("resources")
    if not cursor and defaults is None:
        return Resources(), {}
    to = container.path("deploy", "resources")
    limits = _read_amounts(
        cursor.at("limits"),
        defaults.at("default") if defaults else None,
        f"{to}.limits",
        container,
    )
    requests = _read_amounts(
        cursor.at("requests"),
        defaults.at("defaultRequest") if defaults else None,
        f"{to}.reservations",
        container,
    )
    if "memory" in limits and requests.get("memory", 0) > limits["memory"]:
        requests["memory"] = limits["memory"]
        cursor.at("requests", "memory").remark(
            "TC259", what="the memory request is above the limit", subject=to
        )
    extra: dict[str, Any] = {}
    if "cpu" in requests:
        # What the kubelet sets; Compose's reservations.cpus has no effect on the engine.
        extra["cpu_shares"] = max(2, requests["cpu"] * 1024 // ONE)
    for section in ("limits", "requests"):
        _read_devices(cursor.at(section), container, extra)
    return Resources(limits=_limits(limits), reservations=_limits(requests)), extra


def _read_amounts(
    cursor: Cursor, defaults: Cursor | None, to: str, container: ContainerContext
) -> dict[str, int]:
    found: dict[str, int] = {}
    for name, key in (("cpu", "cpus"), ("memory", "memory")):
        entry = cursor.at(name)
        given = peek_text(entry)
        if given is None and defaults is not None:
            entry = defaults.at(name)
            given = peek_text(entry)
        if given is None:
            continue
        amount = parse_quantity(given)
        if amount == 0:
            entry.skip("nothing is asked for: zero is as good as no amount")
            continue
        if amount is None or amount < 0:
            entry.note("TC209", field=f"resources.{name}", expected="a quantity above zero")
            continue
        if name == "memory" and to.endswith("limits") and amount < _LEAST:
            entry.remark(
                "TC259",
                what=f"the memory limit {given} is below the 6 MB that the engine needs",
                subject=to,
            )
            amount = _LEAST
        entry.take(to=f"{to}.{key}")
        found[name] = amount
    limits = container.cursor.at("resources", "limits")
    for entry in cursor:
        if (
            entry.key in ("cpu", "memory")
            or _is_device(entry.key)
            or peek_text(entry) is None
        ):
            continue
        if to.endswith("reservations") and peek_text(limits.at(entry.key)) is not None:
            # Said with the limit.
            entry.noted("TC252")
        else:
            entry.note(
                "TC252",
                object=container.workload_title,
                fields=f"{entry.key}: {peek_text(entry)}",
                subject=to,
            )
    return found


def _is_device(name: str) -> bool:
    return name in ("nvidia.com/gpu", "amd.com/gpu", *_RENDER)


def _read_devices(
    cursor: Cursor, container: ContainerContext, extra: dict[str, Any]
) -> None:
    """GPUs: NVIDIA's through the engine's device requests, AMD's and Intel's as device files."""
    for amount_entry in cursor:
        text = peek_text(amount_entry)
        if text is None or not _is_device(amount_entry.key):
            continue
        amount = parse_quantity(text)
        if amount is None or amount % ONE:
            amount_entry.note("TC209", field=amount_entry.key, expected="a whole number")
        elif amount_entry.key == "nvidia.com/gpu":
            amount_entry.take(to=container.path("gpus"))
            extra["gpus"] = [{"driver": "nvidia", "count": amount // ONE}]
        else:
            amount_entry.note(
                "TC252",
                object=container.workload_title,
                fields=f"{amount_entry.key}: {text}",
                subject=container.path("devices"),
            )
            files = (
                ["/dev/kfd", "/dev/dri"]
                if amount_entry.key == "amd.com/gpu"
                else ["/dev/dri"]
            )
            extra["devices"] = [f"{file}:{file}" for file in files]


def _limits(amounts: dict[str, int]) -> Amounts:
    cpus, amount = amounts.get("cpu"), amounts.get("memory")
    return Amounts(
        cpus=compose_cpus(cpus) if cpus is not None else None,
        memory=compose_memory(amount) if amount is not None else None,
    )
