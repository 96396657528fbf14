"""What a batch is to do with each repository."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from hashlib import sha256
from importlib.metadata import entry_points

from tocompose import __version__
from tocompose.batch.outcome import STATE_FORM
from tocompose.batch.plan import PlanOptions
from tocompose.exporters.bundle import Layout
from tocompose.pipeline import Options
from tocompose.plugins import IMPORTERS, RULES, TABLES


class OutputMode(Enum):
    """Where the files go.

    TREE: a folder for each repository below `output`. IN_PLACE: into the repositories. PATCH: one patch for each
    repository. RETURN: nothing is written, and the outcomes hold the files.
    """

    TREE = "tree"
    IN_PLACE = "in-place"
    PATCH = "patch"
    RETURN = "return"


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchOptions:
    """What is done with each repository.

    `conversion` are the options of each conversion, by default `Options(layout=Layout(split=True))`. `output` is the
    folder for the modes TREE and PATCH, an absolute path. `exclude` are patterns as in `.gitignore`; `allowed_paths`
    are files and folders outside of the repositories that they may read. `timeout` (seconds) and `memory` (megabytes)
    limit one repository in `tocompose batch`; an executor of your own has to limit its workers itself.
    """

    conversion: Options = field(default_factory=lambda: Options(layout=Layout(split=True)))
    output_mode: OutputMode = OutputMode.RETURN
    output: str = ""
    force: bool = False
    dry_run: bool = False
    exclude: tuple[str, ...] = ()
    planning: PlanOptions = PlanOptions()
    timeout: float = 60.0
    memory: int = 512
    allowed_paths: tuple[str, ...] = ()

    def digest(self) -> str:
        """A digest of everything that the result depends on beside the repository: the options and the versions.

        `force` is not part of it: what was written without it would be the same with it.
        """
        plugins = sorted(
            f"{group} {entry_point.name} {entry_point.dist.version if entry_point.dist else ''}"
            for group in (IMPORTERS, RULES, TABLES)
            for entry_point in entry_points(group=group)
        )
        options = (
            STATE_FORM,
            self.conversion,
            self.output_mode,
            self.exclude,
            self.planning,
            self.allowed_paths,
        )
        return sha256(
            repr((__version__, plugins, options)).encode("utf-8", "surrogateescape")
        ).hexdigest()[:24]
