"""The end of a conversion to a folder: what must be done before the first start, and the command to run next."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

from tocompose.compose.files import BASE_NAMES
from tocompose.exporters.existing import names_in
from tocompose.reports.duties import (
    MOST_IN_A_SENTENCE,
    counted_values,
    start_duties,
    values_to_set,
)
from tocompose.reports.escape import printable
from tocompose.reports.report import Report
from tocompose.wording import listed_names


def start_lines(report: Report, folder: Path) -> Iterator[str]:
    """What must be done before the first start, and the exact command for it."""
    target = shlex.quote(str(folder))
    must_do = list(_before_start(report, folder, target))
    if must_do:
        yield "Before you start:"
        yield from (f"  {line}" for line in must_do)
    yield f"Next: {'' if str(folder) == '.' else f'cd {target} && '}{_start_command(report)}"


def _before_start(report: Report, folder: Path, target: str) -> Iterator[str]:
    filled = _filled_names(folder)
    names = [name for name in values_to_set(report) if name not in filled]
    if names:
        shown = listed_names(names, MOST_IN_A_SENTENCE)
        yield f"set {counted_values(names)} in {folder / '.env'}: {shown}"
        yield f"  (tocompose env {target} asks for each)"
    to_do = start_duties(report)
    yield from (f"{printable(duty.text)} [{duty.code}]" for duty in to_do)
    if to_do:
        yield "  (MIGRATION.md says how)"
    built = [service.name for service in report.stack.services if service.build]
    if built:
        plural = "images" if len(built) > 1 else "an image"
        yield f"build {plural}: {', '.join(built)} (done by the command below)"


def _filled_names(folder: Path) -> set[str]:
    """The variables that have a value in the `.env` file of the folder."""
    path = folder / ".env"
    if not path.is_file():
        return set()
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return names_in("\n".join(line for line in lines if not line.rstrip().endswith("=")))


def _start_command(report: Report) -> str:
    base = report.files[0].path if report.files else BASE_NAMES[0]
    named = "" if base in BASE_NAMES else f"-f {base} "
    is_built = any(service.build for service in report.stack.services)
    return f"docker compose {named}up -d --wait{' --build' if is_built else ''}"
