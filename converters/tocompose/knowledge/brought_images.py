"""The rows for images that other packages bring."""

from __future__ import annotations

from functools import cache

from tocompose.knowledge.row_types import image_row_problem
from tocompose.plugins import PluginFault, table_documents
from tocompose.tables import Document


@cache
def brought_images() -> tuple[tuple[Document, ...], tuple[PluginFault, ...]]:
    """The rows, and what is wrong with others, which are left out."""
    rows, faults = table_documents("images")
    usable, problems = list[Document](), list(faults)
    for package, _, row in rows:
        if (problem := image_row_problem(row)) is None:
            usable.append(Document(tuple(row["match"]), "", row))
        else:
            problems.append(PluginFault(package, f"images.yaml: {problem}"))
    return tuple(usable), tuple(problems)
