"""Requests and limits of a container, exact to the byte.

Quantities (`500m`, `1.5Gi`, `1e3`) are counted in billionths, the least that Kubernetes counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tocompose.importers.kubernetes.cluster_model import ContainerContext
from tocompose.importers.kubernetes.container_fields import NO_RESOURCES, Resources
from tocompose.importers.kubernetes.scalars import Stated
from tocompose.model import Limits, ResourceLimits
from tocompose.patterns import regex
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.units import format_byte_size


def container_resources(
    container: ContainerContext, defaults: Resources | None = None
) -> tuple[ResourceLimits, dict[str, Any]]:
    """The limits and reservations of a container, and the Compose keys beyond them (`cpu_shares`, `gpus`, `devices`).

    What a pod of one container may use is that container's where it says nothing itself; `defaults` is what a
    LimitRange fills in after that.
    """
    stated_resources, of_pod = container.fields.resources, _pod_resources(container)
    usual = defaults or NO_RESOURCES
    if stated_resources == of_pod == usual == NO_RESOURCES:
        return ResourceLimits(), {}
    to = container.path("deploy", "resources")
    all_limits = _with_defaults(stated_resources.limits, of_pod.limits, usual.limits)
    all_requests = _with_defaults(
        stated_resources.requests, of_pod.requests, usual.requests
    )
    limits = _read_amounts(all_limits, to.child("limits"))
    requests = _read_amounts(all_requests, to.child("reservations"))
    for resources in (stated_resources, of_pod):
        _note_other_resources(resources, to, container)
    _settle_exceeded(of_pod, stated_resources)
    if "memory" in limits and requests.get("memory", 0) > limits["memory"]:
        requests["memory"] = limits["memory"]
        all_requests["memory"].cursor.annotate(
            "TC259",
            what="the memory request is above the limit and was lowered to it",
            subject=to,
        )
    options: dict[str, Any] = {}
    if "cpu" in requests:
        # What the kubelet sets; Compose's reservations.cpus has no effect on the engine.
        options["cpu_shares"] = max(2, requests["cpu"] * 1024 // ONE)
    for section in (*stated_resources, *of_pod):
        options.update(_devices(section, container))
    return ResourceLimits(limits=_limits(limits), reservations=_limits(requests)), options


def _pod_resources(container: ContainerContext) -> Resources:
    """The amounts of the whole pod, where this container alone has them; several cannot share them here.

    https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/#pod-level-resource-specification
    """
    of_pod = container.pod_spec.resources
    running = list(container.pod.running_containers())
    if of_pod == NO_RESOURCES or running[0].service != container.service:
        return NO_RESOURCES
    if len(running) == 1:
        return of_pod
    _note_shared_amounts(of_pod, len(running), container)
    return NO_RESOURCES


def _note_shared_amounts(
    of_pod: Resources, count: int, container: ContainerContext
) -> None:
    amounts = [
        (f"{section}.{name}: {amount.text}", amount)
        for section, stated_amounts in of_pod._asdict().items()
        for name, amount in stated_amounts.items()
        if amount.text is not None
    ]
    if not amounts:
        return
    for _, amount in amounts:
        amount.cursor.mark_noted("TC252")
    container.pod_spec.cursor.at("resources").annotate(
        "TC252",
        object=container.workload_title,
        fields=f"{', '.join(words for words, _ in amounts)} for {count} containers together",
        subject=container.path("deploy", "resources"),
    )


def _with_defaults(*sections: Mapping[str, Stated]) -> dict[str, Stated]:
    """The amounts of memory and CPU, each as the first of the sections has it."""
    amounts: dict[str, Stated] = {}
    for name in _AMOUNTS:
        for stated_amounts in sections:
            amount = stated_amounts.get(name)
            if amount is not None and amount.text is not None:
                amounts[name] = amount
                break
    return amounts


def _read_amounts(section: Mapping[str, Stated], to: ModelPath) -> dict[str, int]:
    amounts: dict[str, int] = {}
    for name, stated_amount in section.items():
        amount = _read_amount(stated_amount)
        if amount is not None and to[-1] == "limits":
            amount = _ENGINE_LIMITS[name](amount, stated_amount, to)
        elif amount is not None and name == "memory" and amount < _LEAST_MEMORY:
            problem = f"the memory request {stated_amount.text} was left out: the engine takes 6 MB or more"
            stated_amount.cursor.note("TC259", what=problem, subject=to)
            amount = None
        if amount is not None:
            stated_amount.cursor.take(to=to.child(_AMOUNTS[name]))
            amounts[name] = amount
    return amounts


def _engine_memory(amount: int, stated_amount: Stated, to: ModelPath) -> int | None:
    """The memory limit as the engine takes it."""
    if amount >= _LEAST_MEMORY:
        return amount
    limit = f"the memory limit {stated_amount.text}"
    problem = f"{limit} was raised to 6 MB, the least that the engine takes"
    stated_amount.cursor.annotate("TC259", what=problem, subject=to)
    return _LEAST_MEMORY


def _engine_cpus(amount: int, stated_amount: Stated, to: ModelPath) -> int | None:
    """The CPU limit as the engine takes it: at least a millisecond of its period of 100, as the kubelet gives.

    None for one that the engine of most machines refuses, which has fewer CPUs: it limits nothing there.
    https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/cm/helpers_linux.go (MinQuotaPeriod)
    """
    limit, cursor = f"the CPU limit {stated_amount.text}", stated_amount.cursor
    if amount > _MANY_CPUS:
        problem = f"{limit} was left out: the engine refuses more CPUs than the machine has"
        cursor.note("TC259", what=problem, subject=to)
        return None
    if amount < _LEAST_CPU:
        problem = f"{limit} was raised to 0.01 CPUs, the least that the engine takes"
        cursor.annotate("TC259", what=problem, subject=to)
    return max(amount, _LEAST_CPU)


_ENGINE_LIMITS = {"cpu": _engine_cpus, "memory": _engine_memory}


def _read_amount(stated_amount: Stated) -> int | None:
    """The amount in billionths; None where none is asked for, which settles it."""
    cursor = stated_amount.cursor
    amount = parse_quantity(stated_amount.text or "")
    if amount == 0:
        cursor.skip("nothing is asked for: zero is as good as no amount")
        return None
    if amount is None or amount < 0:
        field = f"resources.{cursor.key}"
        cursor.note("TC209", field=field, expected="a quantity above zero")
        return None
    return amount


def _note_other_resources(
    resources: Resources, to: ModelPath, container: ContainerContext
) -> None:
    """Says of each resource that Compose does not know that it is lost; a limit stands for its request too."""
    limited = {key for key, amount in resources.limits.items() if amount.text is not None}
    for section, to_key in (
        (resources.limits, "limits"),
        (resources.requests, "reservations"),
    ):
        for key, amount in section.items():
            if amount.text is None or key in _AMOUNTS or _is_device(key):
                continue
            code = _OWN_CODES.get(key, "TC252")
            if section is resources.requests and key in limited:
                amount.cursor.mark_noted(code)
            else:
                amount.cursor.note(
                    code,
                    object=container.workload_title,
                    fields=f"{key}: {amount.text}",
                    subject=to.child(to_key),
                )


def _settle_exceeded(of_pod: Resources, of_container: Resources) -> None:
    """Settles the amounts of a pod that its only container has lower ones than."""
    for pod_section, section in zip(of_pod, of_container, strict=True):
        for name, amount in pod_section.items():
            own_amount = section.get(name)
            if own_amount is not None and own_amount.text is not None:
                amount.cursor.skip("the amount of the container itself counts")


def _is_device(name: str) -> bool:
    return name == _NVIDIA or name in _DEVICE_FILES


def _devices(section: Mapping[str, Stated], container: ContainerContext) -> dict[str, Any]:
    """GPUs: NVIDIA's through the engine's device requests, AMD's and Intel's as device files."""
    options: dict[str, Any] = {}
    for key, stated_amount in section.items():
        text, cursor = stated_amount
        if text is None or not _is_device(key):
            continue
        amount = parse_quantity(text)
        if amount is None or amount % ONE:
            cursor.note("TC209", field=key, expected="a whole number")
        elif key == _NVIDIA:
            cursor.take(to=container.path("gpus"))
            options["gpus"] = [{"driver": "nvidia", "count": amount // ONE}]
        else:
            cursor.note(
                "TC252",
                object=container.workload_title,
                fields=f"{key}: {text}",
                subject=container.path("devices"),
            )
            options["devices"] = [f"{file}:{file}" for file in _DEVICE_FILES[key]]
    return options


def _limits(amounts: dict[str, int]) -> Limits:
    cpus, memory = amounts.get("cpu"), amounts.get("memory")
    return Limits(
        cpus=None if cpus is None else compose_cpus(cpus),
        memory=None if memory is None else compose_memory(memory),
    )


_QUANTITY = regex(
    r"(?P<number>[+-]?(?:[0-9]{1,99}(?:\.[0-9]{0,99})?|\.[0-9]{1,99}))(?:[eE](?P<power>[+-]?[0-9]{1,2})|(?P<suffix>[a-zA-Z]{0,2}))"
)
_DECIMAL = {
    "n": -9,
    "u": -6,
    "m": -3,
    "": 0,
    "k": 3,
    "M": 6,
    "G": 9,
    "T": 12,
    "P": 15,
    "E": 18,
}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}


# One, in billionths.
ONE = 10**9
# The engine refuses less.
_LEAST_CPU = ONE // 100
# More than most machines that run a stack of Compose have.
_MANY_CPUS = 16 * ONE
_LEAST_MEMORY = 6 * 2**20 * ONE
# The Compose keys of the amounts.
_AMOUNTS = {"cpu": "cpus", "memory": "memory"}
# No program asks for it.
_OWN_CODES = {"ephemeral-storage": "TC899"}
_NVIDIA = "nvidia.com/gpu"
# GPUs that are device files.
_DEVICE_FILES = {
    "amd.com/gpu": ("/dev/kfd", "/dev/dri"),
    "gpu.intel.com/i915": ("/dev/dri",),
    "gpu.intel.com/xe": ("/dev/dri",),
}


def parse_quantity(text: str) -> int | None:
    """The value of a quantity in billionths, rounded up as Kubernetes does; None when the text is none.

    https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
    """
    match = _QUANTITY.fullmatch(text.strip())
    if match is None:
        return None
    whole, _, fraction = match["number"].partition(".")
    suffix = match["suffix"] or ""
    if suffix not in _BINARY and suffix not in _DECIMAL:
        return None
    power = (
        9
        - len(fraction)
        + (int(match["power"]) if match["power"] else _DECIMAL.get(suffix, 0))
    )
    amount = int(whole + fraction) << _BINARY.get(suffix, 0)
    return amount * 10**power if power >= 0 else rounded_up(amount, 10**-power)


def rounded_up(amount: int, divisor: int) -> int:
    """The quotient, rounded up to a whole number."""
    return -(-amount // divisor)


def compose_memory(amount: int) -> str:
    """Bytes as Compose writes them, rounded up to a whole byte."""
    return format_byte_size(rounded_up(amount, ONE))


def compose_cpus(amount: int) -> str:
    """A number of CPUs as a decimal, to the nano-CPU that the engine counts in."""
    return f"{amount // ONE}.{amount % ONE:09d}".rstrip("0").rstrip(".")
