"""A proof of manifests for people and for programs. Values of environment variables and of Secrets are never shown."""

from __future__ import annotations

import json
from collections.abc import Sequence

from tocompose.prove.behaviour import BehaviourFinding
from tocompose.prove.manifests import ManifestDifference, ManifestProof
from tocompose.wording import counted

_HEAD = ("container", "service", "field", "kubelet", "compose", "declared by")
_WIDTH = 40
_NOT_COMPARED = "Probes, replicas and other objects are not compared: MIGRATION.md says what becomes of them."
_UNDECLARED = "NOTHING"


def as_text(proof: ManifestProof) -> str:
    """The table of each field that differs, and the verdict."""
    rows = [_row(difference) for difference in proof.differences]
    rows += [_behaviour_row(finding) for finding in proof.behaviour]
    lines = _aligned([_HEAD, *rows]) if rows else []
    return "\n".join([*lines, "", _verdict(proof), ""])


def as_json(proof: ManifestProof) -> str:
    """The same as indented JSON text that ends with a newline."""
    data = {
        "holds": proof.holds,
        "containers": proof.containers,
        "fields": proof.fields,
        "requests": proof.requests,
        "differences": [
            {**difference._asdict(), "code": difference.code or None}
            for difference in proof.differences
        ],
        "behaviour": [finding._asdict() for finding in proof.behaviour],
    }
    return json.dumps(data, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def _row(difference: ManifestDifference) -> tuple[str, ...]:
    cells = (
        difference.container,
        difference.service or "-",
        difference.field,
        difference.kubelet or "-",
        difference.compose or "-",
        difference.code or _UNDECLARED,
    )
    return tuple(_shortened(cell) for cell in cells)


def _behaviour_row(finding: BehaviourFinding) -> tuple[str, ...]:
    """What happens at `up`, in the column of what Compose does."""
    verdict = "FAULT" if finding.is_fault else ""
    return "", finding.service, "at up", "", finding.what, verdict


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _WIDTH else f"{line[: _WIDTH - 1]}…"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    ]


def _verdict(proof: ManifestProof) -> str:
    faults = sum(1 for finding in proof.behaviour if finding.is_fault)
    undeclared = sum(1 for difference in proof.differences if not difference.code)
    scope = f"{counted(proof.fields, 'field')} of {counted(proof.containers, 'container')}"
    if proof.requests:
        scope += f" and {counted(proof.requests, 'request')} from outside"
    if faults:
        fault_count = counted(faults, "fault")
        hidden = counted(undeclared, "undeclared difference")
        return f"{fault_count} at docker compose up, {hidden}, in {scope}."
    if undeclared:
        return f"{counted(undeclared, 'difference')} that no note declares, in {scope}."
    if proof.differences:
        declared = counted(len(proof.differences), "declared difference")
        return f"Equal apart from {declared}: {scope}.\n{_NOT_COMPARED}"
    return f"Equal: {scope}.\n{_NOT_COMPARED}"
