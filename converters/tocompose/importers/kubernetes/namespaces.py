"""The namespaces of the input: which one names the stack, and what is said about several."""

from __future__ import annotations

from tocompose.importers.kubernetes.objects import DEFAULT
from tocompose.importers.kubernetes.world import ClusterModel
from tocompose.notes import note


def _namespace_counts(world: ClusterModel) -> dict[str, int]:
    counts: dict[str, int] = {}
    for item in world.objects:
        if item.states_namespace:
            counts[item.namespace] = counts.get(item.namespace, 0) + 1
    return counts


def main_namespace(world: ClusterModel) -> str | None:
    """The namespace that most workloads name, unless it is the default one."""
    counts: dict[str, int] = {}
    for workload in world.workloads:
        counts[workload.namespace] = counts.get(workload.namespace, 0) + 1
    best = max(counts, key=lambda name: counts[name], default=DEFAULT)
    return None if best == DEFAULT else best


def note_namespaces(world: ClusterModel) -> None:
    """One note that names the namespaces, with what stands in each."""
    for item in world.objects.of_kind("Namespace"):
        for path in (("apiVersion",), ("kind",), ("metadata", "name")):
            item.at(*path).noted("TC208")
    counts = _namespace_counts(world)
    if not counts and not world.objects.of_kind("Namespace"):
        return
    names = ", ".join(f"{name} ({count})" for name, count in counts.items())
    declared = ", ".join(item.name for item in world.objects.of_kind("Namespace"))
    first = next(
        (
            item.span
            for item in world.objects
            if item.states_namespace or item.title == "Namespace"
        ),
        None,
    )
    world.ledger.say(note("TC208", first, names=names or declared))
    for item in world.objects:
        item.at("metadata", "namespace").noted("TC208")
