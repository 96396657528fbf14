"""What is said at the end: fields without a use on one host, kinds without an equivalent, names that nothing uses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from itertools import chain

from tocompose.importers.field_tables import (
    FieldWalk,
    Finding,
    count_filled,
    note_findings,
    settle_findings,
    values_in_words,
)
from tocompose.importers.kubernetes.certificate_fields import certificate_advice
from tocompose.importers.kubernetes.cluster_model import ClusterModel
from tocompose.importers.kubernetes.config import skip_overridden
from tocompose.importers.kubernetes.kinds import FILLED_IN, KindRow, field_tables, kind_row
from tocompose.importers.kubernetes.objects import KubeObject, MadeObject
from tocompose.importers.kubernetes.scalars import list_entries, peek_bool
from tocompose.importers.kubernetes.storage import INJECTED
from tocompose.importers.kubernetes.volume_fields import FOREIGN_NOTE
from tocompose.ledger import Cursor, Fate, Ledger
from tocompose.notes import note
from tocompose.record import NamedTuple
from tocompose.source import Leaf, Node, Span, leaves
from tocompose.syntax.model_path import ROOT, ModelPath
from tocompose.wording import counted

_CLUSTER_FIELDS, _UNUSED_NAMES, _UNUSED = "TC202", "TC257", "TC253"
# Said once for the run, not for each object.
PER_RUN = frozenset({_CLUSTER_FIELDS, _UNUSED_NAMES})
# Shapes whose values count only where something refers to them.
_NAME_SHAPES = {
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
_ADVICE = "Check what it does for the workloads, and add the Compose equivalent by hand."
_SHOWN_NAMES = 5


class OperatedObject(NamedTuple):
    """A custom object that was answered, what it became, the fields of which a note is due, and the others that have a
    shape."""

    kube_object: KubeObject
    subject: ModelPath
    findings: tuple[Finding, ...]
    shaped: tuple[tuple[str, Node], ...]


class _RunNote:
    """One note for the run that counts fields by name."""

    def __init__(self, code: str, ledger: Ledger) -> None:
        self._code = code
        self._ledger = ledger
        self._counts: Counter[str] = Counter()
        self._first_span: Span | None = None

    def add_findings(self, findings: Iterable[Finding]) -> None:
        """Counts fields, whose leaves thereby count as noted."""
        counted = [finding for finding in findings if finding.code == self._code]
        for finding in counted:
            self._count(
                finding.path.rpartition(".")[2],
                count_filled(finding.child.node),
                finding.child.span,
            )
        settle_findings(counted, self._ledger)

    def add_names(self, noun: str, node: Node) -> None:
        """Counts the names at or below a node that nothing refers to."""
        for leaf in leaves(node):
            if self._is_unused(leaf):
                self._count(noun, 1, leaf.span)
                self._ledger.settle(leaf, Fate.NOTED, self._code)

    def _is_unused(self, leaf: Leaf) -> bool:
        fate, detail, _ = self._ledger.fate(leaf)
        return fate is Fate.UNREAD or (fate is Fate.NOTED and detail == (self._code,))

    def _count(self, name: str, count: int, span: Span) -> None:
        self._counts[name] += count
        self._first_span = self._first_span or span

    def add_note(self) -> None:
        """Says the note, unless there is nothing to say."""
        if self._counts:
            fields = ", ".join(
                f"{name} ({count})" for name, count in sorted(self._counts.items())
            )
            self._ledger.add_note(note(self._code, self._first_span, fields=fields))


def settle_fields(
    model: ClusterModel,
    found: Mapping[KubeObject, Sequence[Finding]],
    operated: Sequence[OperatedObject] = (),
    unused: Set[KubeObject] = frozenset(),
) -> None:
    """Says a note for each object about its fields whose rows ask for one and those that rules found, and one for the
    run about names, those in custom objects that were `operated` too; nothing more of those that are `unused`."""
    ledger = model.ledger
    cluster_fields = _RunNote(_CLUSTER_FIELDS, ledger)
    unused_names = _RunNote(_UNUSED_NAMES, ledger)
    walk = FieldWalk(field_tables(), ledger, default_reason=FILLED_IN, added=INJECTED)
    subjects = dict(_subjects(model))
    per_run = list(chain.from_iterable(custom.findings for custom in operated))
    for kube_object in model.objects:
        walk.findings = []
        for node, type_name in _typed_parts(kube_object):
            walk.visit(node, type_name)
        if kube_object in unused:
            continue
        findings = [*walk.findings, *found.get(kube_object, ())]
        own_findings = [finding for finding in findings if finding.code not in PER_RUN]
        per_run.extend(findings)
        note_findings(
            own_findings,
            ledger,
            str(kube_object),
            subjects.get(kube_object, ROOT),
        )
    cluster_fields.add_findings(per_run)
    cluster_fields.add_note()
    unused_names.add_findings(per_run)
    shaped = chain.from_iterable(custom.shaped for custom in operated)
    for shape, node in chain(walk.shaped, shaped):
        if shape in _NAME_SHAPES:
            unused_names.add_names(_NAME_SHAPES[shape], node)
    unused_names.add_note()


def _subjects(model: ClusterModel) -> Iterator[tuple[KubeObject, ModelPath]]:
    """What became of each object that a note can name: the service of a workload, the volume of a claim in use."""
    for workload in model.workloads:
        yield workload.kube_object, ModelPath.service(workload.name)
    for claim in model.claims.in_use():
        _, namespace, name = claim.kube_object.key
        volume_name = model.claims.binding(namespace, name).name
        yield claim.kube_object, ModelPath.of("volumes", volume_name)


def _typed_parts(kube_object: KubeObject) -> Iterable[tuple[Node, str]]:
    """The object with the name of its type; nothing for one that an operator makes, whose parts stand in another."""
    if isinstance(kube_object, MadeObject):
        return []
    type_name, node = kind_row(kube_object.kind).type, kube_object.cursor.node
    return [(node, type_name)] if type_name and node is not None else []


def note_kinds(model: ClusterModel) -> None:
    """One note for each kind that has no table: what it is for, and what to do instead."""
    for name in model.objects.kinds():
        row = kind_row(name)
        objects = _without_meaning(name, model)
        if not objects:
            continue
        for kube_object in objects:
            kube_object.cursor.mark_noted("TC203")
        values = values_in_words(*(kube_object.cursor.node for kube_object in objects))
        model.ledger.add_note(
            note(
                "TC237" if row.not_applicable else "TC203",
                objects[0].span,
                related=tuple(kube_object.span for kube_object in objects[1:]),
                objects=counted(len(objects), objects[0].title),
                names=f"{_shown_names(objects)}; {values}",
                advice_text=certificate_advice(objects, model.objects)
                or _advice_of_row(row, objects)
                or _ADVICE,
            )
        )


def _advice_of_row(row: KindRow, objects: Sequence[KubeObject]) -> str:
    """What to do instead of objects of a kind, by what one of them says where that decides it."""
    path = row.flag.split(".")
    if row.flag and any(peek_bool(one.at(*path)) for one in objects):
        return row.flagged
    return row.advice


def is_left_out(kube_object: KubeObject) -> bool:
    """Whether its kind has neither a table nor an equivalent, so that nothing comes of it."""
    row = kind_row(kube_object.kind)
    return not row.type and not row.not_applicable and bool(kube_object.cursor.unread())


def _shown_names(objects: Sequence[KubeObject]) -> str:
    names = ", ".join(kube_object.name for kube_object in objects[:_SHOWN_NAMES])
    return f"{names} …" if len(objects) > _SHOWN_NAMES else names


def _without_meaning(name: str, model: ClusterModel) -> list[KubeObject]:
    """The objects of a kind that has no table, without those of which a note is said elsewhere."""
    if kind_row(name).type:
        return []
    objects = model.objects.of_kind(name)
    return [kube_object for kube_object in objects if kube_object.cursor.unread()]


def note_unused_config(
    model: ClusterModel, used_config: Set[KubeObject]
) -> Set[KubeObject]:
    """One note for each ConfigMap, Secret or claim that no container uses; gives back those left out as a whole."""
    unused: set[KubeObject] = set()
    for kube_object in model.objects.of_kind("ConfigMap", "Secret"):
        if isinstance(kube_object, MadeObject):
            continue
        if kube_object in used_config or not kube_object.at("kind").unread():
            _note_unused_keys(kube_object, model)
        else:
            unused.add(kube_object)
    for kube_object in model.objects.of_kind(
        "PersistentVolumeClaim", "PersistentVolume", "LimitRange", "HorizontalPodAutoscaler"
    ):
        if not kube_object.at("kind").unread():
            continue
        if _may_be_bound(kube_object, model):
            for key in ("apiVersion", "kind"):
                kube_object.at(key).mark_noted(FOREIGN_NOTE)
        else:
            unused.add(kube_object)
    for kube_object in model.objects:
        if kube_object in unused:
            _note_unused_object(kube_object, model)
    for kube_object in model.objects.of_kind("LimitRange"):
        _note_unused_limits(kube_object, model)
    return unused


def _may_be_bound(kube_object: KubeObject, model: ClusterModel) -> bool:
    """Whether it is a volume that the cluster may give a claim."""
    if kube_object.kind != "PersistentVolume":
        return False
    volume = model.claims.volumes.get(kube_object.name)
    return volume is not None and model.claims.may_get(volume)


def _note_unused_keys(kube_object: KubeObject, model: ClusterModel) -> None:
    skip_overridden(kube_object)
    cursors = [entry.cursor for entry in model.config_store.entries(kube_object).values()]
    unread = [cursor for cursor in cursors if cursor.kind == "leaf" and cursor.unread()]
    keys = ", ".join(cursor.key for cursor in unread)
    description = f"{kube_object}, {counted(len(unread), 'key')} ({keys})"
    _note_unused_values(description, unread, model)
    for key in ("apiVersion", "kind"):
        kube_object.at(key).mark_noted(_UNUSED)


def _note_unused_object(kube_object: KubeObject, model: ClusterModel) -> None:
    values = values_in_words(kube_object.cursor.node)
    model.ledger.add_note(
        note(_UNUSED, kube_object.span, object=f"{kube_object} ({values})")
    )
    kube_object.cursor.mark_noted(_UNUSED)


def _note_unused_limits(limit_range: KubeObject, model: ClusterModel) -> None:
    """The limits of a LimitRange that no container takes: of other types, or where each container has its own."""
    unread = [
        limit.at(key)
        for limit in list_entries(limit_range.at("spec", "limits"))
        for key in ("type", "default", "defaultRequest")
        if limit.at(key).unread()
    ]
    names = ", ".join(f"limits[{cursor.path[-2]}].{cursor.key}" for cursor in unread)
    _note_unused_values(f"{limit_range}, {names}", unread, model)


def _note_unused_values(
    description: str, unread: list[Cursor], model: ClusterModel
) -> None:
    if unread:
        model.ledger.add_note(note(_UNUSED, unread[0].span, object=description))
    for cursor in unread:
        cursor.mark_noted(_UNUSED)
