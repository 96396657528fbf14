"""Many repositories at once: discovery, plans, worker processes, state, and summaries.

As a library: `convert_many(paths, options, executor=…)`.
"""

from __future__ import annotations

from tocompose.batch.many import convert_many
from tocompose.batch.options import BatchOptions, OutputMode
from tocompose.batch.outcome import BatchRepository, RepositoryOutcome, Status

__all__ = [
    "BatchOptions",
    "BatchRepository",
    "OutputMode",
    "RepositoryOutcome",
    "Status",
    "convert_many",
]
