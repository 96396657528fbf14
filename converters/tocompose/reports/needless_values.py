"""How a value is done without that the source only shows a placeholder for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tocompose.model import Stack
from tocompose.reports.report import Report
from tocompose.reports.values_to_set import names_asked_for
from tocompose.stack_texts import stack_texts
from tocompose.syntax.interpolation import required_reference, variable_names
from tocompose.wording import enumerated


def deletion_of_placeholders(report: Report, names: Sequence[str]) -> str:
    """Which lines to delete for the placeholders among these variables, where the files are valid without them.

    That of a folder is no such line: what is mounted from it would be kept nowhere.
    """
    asked = [names_asked_for(note, names) for note in report.notes if note.code == "TC852"]
    placeholders = set().union(*asked)
    in_use = set(_names_in_use(report.stack))
    needless = [name for name in names if name in placeholders and name not in in_use]
    if not needless:
        return ""
    *first_names, last_name = needless
    shown = f"{', '.join(first_names)} or {last_name}" if first_names else last_name
    return (
        f" If a service does not need {shown}, delete the variable's line in the compose file instead"
        f"{_told_secrets(report, needless)}.{_told_empty_key(report.stack, needless)}"
    )


def _told_secrets(report: Report, names: Sequence[str]) -> str:
    """What production has of these variables, if it has secrets of them."""
    taken_names = [secret.environment or "" for secret in report.stack.secrets]
    in_secrets = [name for name in taken_names if name in names]
    files = [file.path for file in report.files if ".prod." in file.path]
    if not in_secrets or not files:
        return ""
    return (
        f"; for {enumerated(in_secrets)}, delete also the lines in {files[0]} that name the variable or its"
        " Docker secret, and a key that is empty then (`secrets:`)"
    )


def _told_empty_key(stack: Stack, names: Sequence[str]) -> str:
    """That a service which has no other variables must not keep the key, which Compose refuses empty."""
    references = {required_reference(name, ".env") for name in names}
    is_emptied = any(
        references.issuperset(variable.value for variable in service.environment)
        for service in stack.services
        if service.environment
    )
    return " If `environment:` is empty then, delete it too." if is_emptied else ""


def _names_in_use(stack: Stack) -> Iterator[str]:
    """The variables that a text needs which is more than the value of a variable, or something else."""
    for path, text in stack_texts(stack, "$"):
        is_line = path[0] == "services" and path[2:3] == ("environment",)
        for name in variable_names(text):
            if not is_line or text != required_reference(name, ".env"):
                yield name
