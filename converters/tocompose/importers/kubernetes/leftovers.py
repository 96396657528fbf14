"""What is said at the end: fields without a use on one host, kinds without an equivalent, names that nothing uses."""

from __future__ import annotations

from collections.abc import Iterable

from tocompose.importers.kubernetes.fields import (
    Finding,
    count_filled,
    note_findings,
    settle_findings,
    values_in_words,
    walk_fields,
)
from tocompose.importers.kubernetes.kinds import kind_row
from tocompose.importers.kubernetes.objects import KubeObject
from tocompose.importers.kubernetes.scalars import list_entries
from tocompose.importers.kubernetes.world import ClusterModel
from tocompose.ledger import Fate, Ledger
from tocompose.notes import note
from tocompose.source import Node, Span, leaves

_PER_RUN = frozenset({"TC202", "TC257"})
# Shapes whose values count only where something refers to them.
_NAMES = {
    "labels": "label",
    "annotations": "annotation",
    "selector": "selector",
    "container-name": "container name",
    "container-port": "port name",
    "service-port": "port name",
    "namespace": "namespace",
    "service-type": "type",
    "cluster-ip": "clusterIP",
    "governing-service": "serviceName",
    "subdomain": "subdomain",
    "name": "name",
    "optional": "optional",
    "mode": "file mode",
    "claim-ref": "claimRef or volumeName",
    "order": "podManagementPolicy",
    "prefix": "prefix",
    "restart": "restartPolicy",
}


def settle_fields(world: ClusterModel) -> None:
    """Says a note for each object about its fields whose rows ask for one, and one for the run about names."""
    run: list[Finding] = []
    names: list[tuple[str, Node]] = []
    subjects = {
        id(workload.kube_object): f"services.{workload.name}"
        for workload in world.workloads
    }
    for item in world.objects:
        table = kind_row(item.kind).type
        if not table or item.cursor.node is None:
            continue
        findings = [
            *walk_fields(item.cursor.node, table, world.ledger, names),
            *world.builder.findings.get(item, ()),
        ]
        run.extend(finding for finding in findings if finding.code in _PER_RUN)
        mine = [finding for finding in findings if finding.code not in _PER_RUN]
        note_findings(mine, world.ledger, str(item), subjects.get(id(item), ""))
    _say_for_run(
        "TC202", (finding for finding in run if finding.code == "TC202"), world.ledger
    )
    _say_unused(
        world.ledger, [finding for finding in run if finding.code == "TC257"], names
    )


def _say_for_run(code: str, findings: Iterable[Finding], ledger: Ledger) -> None:
    counts: dict[str, int] = {}
    first: Span | None = None
    for finding in findings:
        name = finding.path.rpartition(".")[2]
        counts[name] = counts.get(name, 0) + count_filled(finding.child.node)
        first = first or finding.child.span
        settle_findings([finding], ledger)
    if counts:
        ledger.say(note(code, first, fields=_count_in_words(counts)))


def _count_in_words(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} ({count})" for name, count in sorted(counts.items()))


def _say_unused(
    ledger: Ledger, extra: list[Finding], names: list[tuple[str, Node]]
) -> None:
    """One note for the run that counts labels, annotations and names that nothing refers to."""
    counts: dict[str, int] = {}
    first: Span | None = None
    for finding in extra:
        name = finding.path.rpartition(".")[2]
        counts[name] = counts.get(name, 0) + count_filled(finding.child.node)
        first = first or finding.child.span
        settle_findings([finding], ledger)
    for shape, node in names:
        what = _NAMES.get(shape)
        for leaf in leaves(node) if what else ():
            fate, detail, _ = ledger.fate(leaf)
            if what and (
                fate is Fate.UNREAD or (fate is Fate.NOTED and detail == ("TC257",))
            ):
                counts[what] = counts.get(what, 0) + 1
                first = first or leaf.span
                ledger.settle(leaf, Fate.NOTED, "TC257")
    if counts:
        ledger.say(note("TC257", first, fields=_count_in_words(counts)))


def note_kinds(world: ClusterModel) -> None:
    """One note for each kind that has no table: what it is for, and what to do instead."""
    for name in world.objects.kinds():
        row = kind_row(name)
        if row.type:
            continue
        objects = world.objects.of_kind(name)
        for item in objects:
            item.cursor.noted("TC203")
        advice = (
            row.advice
            or "Check what it does for the workloads, and add the Compose equivalent by hand."
        )
        names = ", ".join(item.name for item in objects[:5]) + (
            " …" if len(objects) > 5 else ""
        )
        code = "TC237" if row.not_applicable else "TC203"
        world.ledger.say(
            note(
                code,
                objects[0].span,
                related=tuple(item.span for item in objects[1:]),
                kind_name=objects[0].title,
                count=len(objects),
                names=f"{names}; {values_in_words(*(item.cursor.node for item in objects))}",
                advice_text=advice,
            )
        )


def note_unused_config(world: ClusterModel) -> None:
    """One note for each ConfigMap, Secret or claim that no container uses."""
    for item in world.objects.of_kind("ConfigMap", "Secret"):
        if item not in world.config_store.used:
            item.cursor.noted("TC253")
            world.ledger.say(
                note(
                    "TC253",
                    item.span,
                    object=f"{item} ({values_in_words(item.cursor.node)})",
                )
            )
        else:
            _say_unused_keys(item, world)
            item.at("apiVersion").noted("TC253")
            item.at("kind").noted("TC253")
    for item in world.objects.of_kind(
        "PersistentVolumeClaim", "PersistentVolume", "LimitRange", "HorizontalPodAutoscaler"
    ):
        if item.at("kind").unread():
            world.ledger.say(
                note(
                    "TC253",
                    item.span,
                    object=f"{item} ({values_in_words(item.cursor.node)})",
                )
            )
            item.cursor.noted("TC253")

    for item in world.objects.of_kind("LimitRange"):
        _say_unused_limits(item, world)


def _say_unused_limits(item: KubeObject, world: ClusterModel) -> None:
    """The limits of a LimitRange that no container takes: of other types, or where each container has its own."""
    unread = [
        limit.at(key)
        for limit in list_entries(item.at("spec", "limits"))
        for key in ("type", "default", "defaultRequest")
        if limit.at(key).unread()
    ]
    if unread:
        names = ", ".join(f"limits[{cursor.path[-2]}].{cursor.key}" for cursor in unread)
        world.ledger.say(note("TC253", unread[0].span, object=f"{item}, {names}"))
        for cursor in unread:
            cursor.noted("TC253")


def _say_unused_keys(item: KubeObject, world: ClusterModel) -> None:
    unread = [
        entry.cursor
        for entry in world.config_store.entries(item).values()
        if entry.cursor.kind == "leaf" and entry.cursor.unread()
    ]
    if unread:
        names = ", ".join(cursor.key for cursor in unread)
        world.ledger.say(
            note("TC253", unread[0].span, object=f"{item}, {len(unread)} keys ({names})")
        )
        for cursor in unread:
            cursor.noted("TC253")
