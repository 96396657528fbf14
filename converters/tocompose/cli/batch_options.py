"""The options of `tocompose batch`, and what they ask for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from tocompose.batch.discovery import DiscoveryError, Search, discover, read_list
from tocompose.batch.options import BatchOptions, OutputMode
from tocompose.batch.outcome import BatchRepository
from tocompose.batch.plan import PlanOptions, check_formats, check_options
from tocompose.cli.conversion import pipeline_options_for
from tocompose.cli.options import (
    ANSWERS_OPTION,
    FAIL_ON_OPTION,
    FORCE_OPTION,
    HARDEN_OPTION,
    IMPORTER_OPTIONS,
    KEEP_PORTS_OPTION,
    MODERN_NAMES_OPTION,
    PRACTICES_OPTION,
    ChoiceType,
    add_options,
    environments_option,
    import_options_for,
)
from tocompose.cli.settings import ConversionOptions
from tocompose.cli.sources import allowed_paths
from tocompose.project import Memory
from tocompose.record import replace

OUTPUT_MODES = ("tree", "in-place", "patch")
_F = TypeVar("_F", bound=Callable[..., Any])

# Only for the completion of shells: whether a file is there is said in our own words.
_FILE, _FOLDER = click.Path(), click.Path(file_okay=False)
_REPOSITORY_OPTIONS = (
    click.argument("roots", nargs=-1, type=_FOLDER),
    click.option(
        "--repos",
        metavar="FILE",
        type=_FILE,
        help="A list of repositories, one per line; - is standard input.",
    ),
    click.option(
        "--include",
        metavar="PATTERN",
        multiple=True,
        help="Only repositories whose path below ROOT matches.",
    ),
    click.option(
        "--exclude",
        metavar="PATTERN",
        multiple=True,
        help="Leave out files and folders that match, as .tocomposeignore does.",
    ),
    click.option(
        "--max-depth",
        type=click.IntRange(0),
        help="How many folders below ROOT to search for repositories.",
    ),
)
_CONVERSION_OPTIONS = (
    click.option(
        "--from",
        "source",
        metavar="FORMAT",
        help="Only sources of this format; see `tocompose formats`.",
    ),
    click.option(
        "--prefer",
        metavar="FORMAT",
        multiple=True,
        help="The format to use if a repository has several.",
    ),
    click.option(
        "--existing",
        type=ChoiceType("leave", "convert"),
        default="leave",
        help="What to do with a repository that has a compose file.",
    ),
    click.option(
        "--render",
        is_flag=True,
        help="Allow running kustomize and helm on the repositories.",
    ),
    PRACTICES_OPTION,
    environments_option(
        "Which files to add to the base: development, production, both (default)."
    ),
    ANSWERS_OPTION,
    MODERN_NAMES_OPTION,
    HARDEN_OPTION,
    KEEP_PORTS_OPTION,
)
_READING_OPTIONS = (
    click.option(
        "--allow-path",
        metavar="PATH",
        type=_FILE,
        multiple=True,
        help="Also read this file or folder outside of the repositories.",
    ),
)
_RUN_OPTIONS = (
    click.option(
        "-o",
        "--output",
        metavar="DIR",
        type=_FOLDER,
        help="Folder of outputs, summaries and state (default: tocompose-out).",
    ),
    click.option(
        "--out-layout",
        type=ChoiceType(*OUTPUT_MODES),
        default="tree",
        help="Write to a folder for each repository, into the repositories, or as patches.",
    ),
    FORCE_OPTION,
    click.option("--dry-run", is_flag=True, help="Convert and report, but write nothing."),
    click.option(
        "-j",
        "--jobs",
        type=click.IntRange(0),
        default=0,
        help="How many processes; 0 means one per core.",
    ),
    click.option(
        "--timeout",
        type=click.FloatRange(0.1),
        default=60.0,
        help="Time limit for one repository in seconds.",
    ),
    click.option(
        "--memory",
        type=click.IntRange(100),
        default=512,
        help="Memory limit for one repository in megabytes.",
    ),
    click.option(
        "--resume", is_flag=True, help="Continue an earlier run into the same DIR."
    ),
    click.option(
        "--retry-failed", is_flag=True, help="With --resume: also retry what failed before."
    ),
    click.option(
        "--fail-fast", is_flag=True, help="Stop at the first repository that fails."
    ),
    FAIL_ON_OPTION,
    click.option(
        "--report",
        metavar="FILE",
        type=_FILE,
        multiple=True,
        help="Also write a summary to FILE; its ending chooses the form.",
    ),
    click.option(
        "--reviews",
        is_flag=True,
        help="Also write a commit message, a pull request text and SARIF for each repository.",
    ),
    click.option(
        "--format",
        "form",
        type=ChoiceType("text", "jsonl"),
        default="text",
        help="Form of what is printed to standard output.",
    ),
    click.option("-q", "--quiet", is_flag=True, help="Print only what failed."),
)


def add_batch_options(function: _F) -> _F:
    """Adds the options of a batch."""
    return add_options(
        function,
        (
            *_REPOSITORY_OPTIONS,
            *_CONVERSION_OPTIONS,
            *IMPORTER_OPTIONS,
            *_READING_OPTIONS,
            *_RUN_OPTIONS,
        ),
    )


def repositories_of(
    roots: tuple[str, ...], params: dict[str, Any], output: Path
) -> list[BatchRepository]:
    """The repositories below the folders, or of the list. Raises DiscoveryError when there are none."""
    if bool(roots) == (params["repos"] is not None):
        raise click.UsageError("name folders to look below, or a list with --repos FILE")
    if params["repos"] is not None:
        with click.open_file(
            params["repos"], encoding="utf-8-sig", errors="surrogateescape"
        ) as file:
            repositories = read_list(file.read(), params["repos"])
    else:
        search = Search(
            params["include"], params["exclude"], params["max_depth"], (str(output),)
        )
        repositories = discover(roots, search)
    if not repositories:
        raise DiscoveryError(
            f"no repository was found in {params['repos'] or ', '.join(roots)}"
        )
    return repositories


def batch_options_of(
    ctx: click.Context, options: ConversionOptions, output: Path
) -> BatchOptions:
    """What is done with each repository. Raises ValueError for formats and options that no importer knows."""
    params = ctx.params
    plain_options = options._replace(output=None, inline_secrets=False)
    check_formats((*params["prefer"], *filter(None, [params["source"]])))
    settings = replace(import_options_for(ctx, options), name=None)
    check_options(settings.options, params["source"])
    conversion = pipeline_options_for(Memory({}), plain_options, settings, params["source"])
    return BatchOptions(
        conversion=replace(conversion, layout=replace(conversion.layout, split=True)),
        output_mode=OutputMode(params["out_layout"]),
        output=str(output),
        force=options.force,
        dry_run=params["dry_run"],
        exclude=params["exclude"],
        planning=PlanOptions(
            params["prefer"], conversion.source, params["existing"] == "convert"
        ),
        timeout=params["timeout"],
        memory=params["memory"],
        allowed_paths=tuple(map(str, allowed_paths(options.allow_path))),
    )
