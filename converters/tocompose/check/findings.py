"""What a check found as a report, and why nothing was checked."""

from __future__ import annotations

from tocompose.check.lint import Lint
from tocompose.check.score import Audit
from tocompose.importers.compose.versions import version_one_files
from tocompose.ledger import Ledger
from tocompose.model import File, Stack
from tocompose.notes import Note
from tocompose.project import Project
from tocompose.record import NamedTuple
from tocompose.reports.report import Report, report
from tocompose.syntax.model_path import ModelPath


class CheckedFiles(NamedTuple):
    """An audit as reports want an outcome."""

    files: tuple[File, ...]
    notes: tuple[Note, ...]
    stack: Stack
    ledger: Ledger
    importer: str = "compose"


def findings_report(findings: Lint, project: Project) -> Report:
    """The report on what was found in the files of a project."""
    checked = CheckedFiles((), findings.notes, findings.stack, _all_read_ledger(findings))
    return report(checked, project)


def _all_read_ledger(findings: Lint) -> Ledger:
    """A ledger in which every value of the files counts as read."""
    ledger = Ledger()
    for tree in findings.trees:
        ledger.open(tree).map(to=ModelPath.of("services"))
    return ledger


def explain_unrecognised(
    findings: Audit | None, project: Project, shown: str = ""
) -> str | None:
    """What to say where nothing in the files is of a compose file of today; None where something is.

    `shown` stands in front of their paths.
    """
    if findings is not None and findings.recognised:
        return None
    if old_files := version_one_files(project):
        return _explain_version_one(f"{shown}{old_files[0]}")
    if findings is None:
        return "no compose file was found here"
    return _explain_missing_compose_file(findings)


def _explain_version_one(path: str) -> str:
    return (
        f"{path}: this is a compose file of version 1, from before 2016: its services stand at the top, and docker "
        f"compose does not read it any more. `tocompose convert {path}` writes it in the keys of today."
    )


def _explain_missing_compose_file(findings: Audit) -> str:
    """What to say about files of which nothing is a compose file: where the first does not parse, if one does not."""
    names = ", ".join(findings.files)
    broken = next((note for note in findings.notes if note.code == "TC010"), None)
    if broken:
        return f"{broken.span or names}: {broken.message}"
    return f"{names}: this is no compose file: nothing in it is called services, networks or volumes"
