"""What operators of a cluster would make of their custom objects: ordinary workloads, Services and Secrets.

Each module here answers for some kinds; `mappings/kubernetes/operators.yaml` says which. Of a cluster of servers one
remains: one host has nothing to fail over to.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from importlib import import_module

from tocompose.importers.field_tables import describe_finding, settle_findings
from tocompose.importers.kubernetes.leftovers import OperatedObject
from tocompose.importers.kubernetes.objects import KubeObject, KubeObjects, MadeObject
from tocompose.importers.kubernetes.operators.custom_kinds import operator_rows
from tocompose.importers.kubernetes.operators.manifests import (
    OperatorAnswer,
    build_answer,
)
from tocompose.importers.kubernetes.operators.parts import OperatorRemark
from tocompose.importers.kubernetes.operators.unused_fields import settle_spec
from tocompose.ledger import Fate, Ledger
from tocompose.notes import Note, note
from tocompose.record import NamedTuple
from tocompose.source import leaves
from tocompose.syntax.model_path import ROOT, ModelPath
from tocompose.tables import Row

# What is said of an object that became servers with data, routes, and servers without data.
_SERVERS, _ROUTES, _STATELESS = "TC391", "TC392", "TC399"
# The notes that tell the numbers of servers themselves.
_COUNTED = (_SERVERS, _STATELESS)
_OWN_IMAGE = "with its own image"
_ANY_TOOL = "copy it with the tools of the server"


class Expansion(NamedTuple):
    """The objects with what operators make, and the custom objects that were answered."""

    objects: KubeObjects
    answers: tuple[OperatorAnswer, ...]


def expand_operators(objects: KubeObjects) -> Expansion:
    """The objects, with those that operators would make in the place of the custom objects that ask for them."""
    answers: tuple[OperatorAnswer, ...] = ()
    # What watches others sees what they made.
    for is_after in (False, True):
        expanded = _expanded(objects, answers)
        answers += tuple(
            answer for answer in _answers(expanded, is_after=is_after) if answer.made
        )
    return Expansion(_expanded(objects, answers), answers)


def _expanded(objects: KubeObjects, answers: tuple[OperatorAnswer, ...]) -> KubeObjects:
    """The objects with those that were made in the place of what was answered."""
    if not answers:
        return objects
    answered = {kube_object for answer in answers for kube_object in answer.answered}
    made = [made_object for answer in answers for made_object in answer.made]
    remaining = [kube_object for kube_object in objects if kube_object not in answered]
    return KubeObjects(_without_twins(remaining, made))


def _answers(objects: KubeObjects, *, is_after: bool) -> Iterator[OperatorAnswer]:
    """What is made of the custom objects that some module here knows."""
    for kind in objects.kinds():
        row = operator_rows().get(kind)
        if row is None or row.get("with") or row.get("after", False) is not is_after:
            continue
        module = import_module(f"{__name__}.{row['module']}")
        for kube_object in objects.of_kind(kind):
            operator_parts = module.answer(kube_object, objects)
            labels = _pod_labels(kube_object, row)
            yield build_answer(kube_object, objects, operator_parts, labels)


def _pod_labels(kube_object: KubeObject, row: Row) -> Mapping[str, str]:
    """The labels that the operator gives the pods of an object, where its name stands for `NAME`."""
    labels: Mapping[str, str] = row.get("labels", {})
    return {key: text.replace("NAME", kube_object.name) for key, text in labels.items()}


def _without_twins(remaining: list[KubeObject], made: list[MadeObject]) -> list[KubeObject]:
    """All objects; of two with one name that of the manifests counts."""
    keys = {kube_object.key for kube_object in remaining}
    fresh: dict[tuple[str, str, str], KubeObject] = {}
    for made_object in made:
        if made_object.key not in keys:
            fresh.setdefault(made_object.key, made_object)
    return [*remaining, *fresh.values()]


def note_expansions(
    answers: tuple[OperatorAnswer, ...],
    services: Mapping[KubeObject, str],
    ledger: Ledger,
) -> tuple[OperatedObject, ...]:
    """Says of each custom object which services it became; `services` names the service of each workload. What is given
    back are the objects with those of their fields that are still to be told."""
    operated: list[OperatedObject] = []
    for answer in answers:
        workloads = {made: services[made] for made in answer.made if made in services}
        subject = next(map(ModelPath.service, workloads.values()), ROOT)
        settled = [settle_spec(answered, subject, ledger) for answered in answer.answered]
        # Why routes lead nowhere was said of each of them.
        if workloads or not answer.made or any(map(_is_carried_over, answer.made)):
            ledger.add_note(_expansion_note(answer, workloads, settled, subject))
        operated += map(_without_counts, settled)
    return tuple(operated)


def _expansion_note(
    answer: OperatorAnswer,
    workloads: Mapping[MadeObject, str],
    settled: list[OperatedObject],
    subject: ModelPath,
) -> Note:
    """The note that says which services a custom object became, or that it became routes."""
    kube_object = answer.kube_object
    row = operator_rows()[kube_object.kind]
    code = _STATELESS if row.get("stateless") else _SERVERS
    named_images = (
        f"{name} ({answer.images.get(workload, _OWN_IMAGE)})"
        for workload, name in workloads.items()
    )
    servers = [name for workload, name in workloads.items() if workload.title != "Job"]
    sentences = _sentences(answer, settled, subject)
    return note(
        code if workloads else _ROUTES,
        kube_object.span,
        subject=subject,
        object=str(kube_object),
        what=", ".join(named_images) or "routes",
        rest="".join(f". {sentence}" for sentence in sentences),
        services=", ".join(servers),
        joined=shlex.join(servers),
        moves=row.get("moves", _ANY_TOOL),
    )


def _is_carried_over(made_object: MadeObject) -> bool:
    """Whether something that was made is in the stack: all but routes without a target, and what they hang on."""
    fate = made_object.cursor.ledger.fate
    node = made_object.cursor.node
    return node is None or any(fate(leaf).fate is Fate.MAPPED for leaf in leaves(node))


def _sentences(
    answer: OperatorAnswer, settled: list[OperatedObject], subject: ModelPath
) -> Iterator[str]:
    """What the note on a custom object says after what became of it."""
    if says := operator_rows()[answer.kube_object.kind].get("says"):
        yield says
    yield from _told_counts(settled)
    for remark in answer.remarks:
        yield _sentence(remark, subject)


def _told_counts(settled: list[OperatedObject]) -> Iterator[str]:
    """How many servers there were; the note on the custom object says so itself."""
    counts = []
    for kube_object, _, findings, _ in settled:
        owner = "" if kube_object is settled[0].kube_object else f"{kube_object} "
        counts += [
            f"{owner}{describe_finding(finding)}"
            for finding in findings
            if finding.code in _COUNTED
        ]
    if counts:
        yield f"One server stands for several ({', '.join(counts)})"


def _sentence(remark: OperatorRemark, subject: ModelPath) -> str:
    """A remark, with its command as it is run in the service."""
    if not remark.command:
        return remark.text
    service = subject.service_name
    return f"{remark.text}: `docker compose exec {service} {remark.command}`"


def _without_counts(settled: OperatedObject) -> OperatedObject:
    """The object without the fields that were told, which count as noted."""
    counts = [finding for finding in settled.findings if finding.code in _COUNTED]
    settle_findings(counts, settled.kube_object.cursor.ledger)
    remaining = (finding for finding in settled.findings if finding not in counts)
    return settled._replace(findings=tuple(remaining))
