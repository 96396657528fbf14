"""What is said of init containers that a custom object adds to the pods of its operator."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tocompose.importers.field_tables import Finding, settle_findings
from tocompose.importers.kubernetes.objects import KubeObject
from tocompose.knowledge.kernel_settings import set_in_kernel
from tocompose.ledger import Ledger
from tocompose.notes import Note, note
from tocompose.patterns import regex
from tocompose.source import Branch, Child, Node, Span, leaves, text_at
from tocompose.syntax.model_path import ModelPath

_FIELD = "initContainers"
_LISTED = regex(rf"(?:^|\.){_FIELD}\[[^\]]*\]$")
_CONTAINER, _KERNEL = "TC686", "TC687"


def has_init_containers(node: Node) -> bool:
    """Whether init containers stand at or below a field, which are told one by one."""
    if not isinstance(node, Branch):
        return False
    return any(
        child.key == _FIELD or has_init_containers(child.node) for child in node.children
    )


def is_init_container(path: str) -> bool:
    """Whether an entry of the list stands at a path."""
    return _LISTED.search(path) is not None


def lost_init_containers(finding: Finding) -> tuple[Child, ...]:
    """The init containers of which a finding tells; none where it is about anything else."""
    if is_init_container(finding.path):
        return (finding.child,)
    node = finding.child.node
    if isinstance(node, Branch) and finding.path.rpartition(".")[2] == _FIELD:
        return node.children
    return ()


def note_init_containers(
    findings: Iterable[Finding], kube_object: KubeObject, subject: ModelPath, ledger: Ledger
) -> None:
    """Says of each init container how its work is done here; its leaves count as noted."""
    service = subject.service_name or "SERVICE"
    for finding in findings:
        for child in lost_init_containers(finding):
            name = text_at(child.node, "name") or str(child.key)
            for code, facts in _work(child.node, name):
                facts |= {"object": str(kube_object), "service": service}
                ledger.add_note(_note_on(code, child.span, subject, facts))
                settle_findings([Finding(code, finding.path, child)], ledger)


def _note_on(code: str, span: Span, subject: ModelPath, facts: dict[str, str]) -> Note:
    return note(code, span, subject=subject, related=(), **facts)


def _work(node: Node, name: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The codes and facts of the notes about an init container: of one that sets the kernel what is to be set."""
    command = " ".join(leaf.text for leaf in leaves(node))
    settings = set_in_kernel(command)
    evidence = f"the init container {name} sets it in the cluster"
    for setting in settings:
        parameter = setting.partition("=")[0]
        yield _KERNEL, {"setting": setting, "name": parameter, "evidence": evidence}
    if not settings:
        image = text_at(node, "image")
        yield _CONTAINER, {"name": name, "image": image or "the same image"}
