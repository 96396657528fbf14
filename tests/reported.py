"""Reports on sources that a test writes down."""

from __future__ import annotations

from collections.abc import Mapping

from tocompose.exporters.bundle import Layout
from tocompose.pipeline import Options, convert
from tocompose.project import Memory
from tocompose.reports.report import Report, report

SPLIT = Options(layout=Layout(split=True))


def reported(
    files: Mapping[str, str], options: Options = SPLIT, folder: str = "shop"
) -> Report:
    """The report on the conversion of a folder with these files."""
    project = Memory({path: text.encode() for path, text in files.items()}, folder)
    return report(convert(project, options), project)
