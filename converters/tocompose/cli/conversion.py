"""Runs a conversion as the user asked and prints what comes of it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn, TextIO

from tocompose.answers import Answers, read_answers
from tocompose.cli.ending import FOUND, Done, fail, refuse, write
from tocompose.cli.said import Said
from tocompose.collector import collector_off
from tocompose.exporters.bundle import Layout
from tocompose.importers import Settings, SourceError
from tocompose.model import File, Home
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Folder, Project
from tocompose.record import replace
from tocompose.rules import Context

_HOMES = {"dev": Home.DEV, "prod": Home.PROD}


def options_for(
    project: Project, said: Said, settings: Settings, source: str | None
) -> Options:
    """The pipeline's options for what the user said about a project."""
    if said.inline_secrets and said.output is not None:
        refuse(
            "--inline-secrets is for standard output: with -o secrets stand in .env and secrets/"
        )
    layout = Layout(
        split=_folder(said) is not None,
        modern_names=said.modern_names,
        environments=tuple(_HOMES[name] for name in said.env),
        inline_secrets=said.inline_secrets,
    )
    if said.merge is not None and said.output is not None:
        refuse("--merge writes into the folder of its file: leave out -o")
    answers = _answers(said.answers)
    return Options(
        source=source or answers.by_id.get("format"),
        practices=said.practices,
        layout=layout,
        settings=replace(settings, name=settings.name or answers.by_id.get("name")),
        context=Context(harden=said.harden, keep_ports=said.keep_ports),
        answers=answers,
        existing=_existing(said.merge),
        **_ways(project, said),
    )


def _ways(project: Project, said: Said) -> dict[str, str]:
    """The ways between the output folder and the source, whose relative paths they translate."""
    folder = _folder(said)
    if folder is None:
        return {}
    source = project.root if isinstance(project, Folder) else Path.cwd()
    output = folder.resolve()
    if output == source:
        return {}
    return {
        "up": f"{os.path.relpath(source, output)}/",
        "back": f"{os.path.relpath(output, source)}/",
    }


def _folder(said: Said) -> Path | None:
    """The folder that is written to or compared with; None when the compose file goes to standard output."""
    if said.merge is not None:
        return Path(said.merge).parent
    return (
        Path(said.output or ".")
        if said.output is not None or said.diff or said.check
        else None
    )


def _existing(path: str | None) -> File | None:
    """The compose file that the user named, by its name in its folder."""
    return (
        File(path=Path(path).name, content=Path(path).read_bytes())
        if path is not None
        else None
    )


def _answers(path: str | None) -> Answers:
    return read_answers(Path(path).read_text(encoding="utf-8"), path) if path else Answers()


@collector_off()
def run(
    project: Project, said: Said, settings: Settings, source: str | None = None
) -> NoReturn:
    """Converts, writes or prints the files, tells the notes, and ends with the exit code."""
    if said.report:
        from tocompose.cli.reporting import check_names

        check_names(said.report)
    try:
        options = options_for(project, said, settings, source)
        result = convert(project, options)
        _check_answers(options, result, said)
    except (SourceError, ValueError) as problem:
        fail(str(problem))
    folder = _folder(said)
    if folder is None:
        sys.stdout.buffer.write(result.files[0].content)
        sys.stdout.flush()
        changed = False
    else:
        changed = _to_folder(result, project, said, folder)
    tell(result, project, said)
    kinds = {item.kind.value for item in result.notes}
    raise Done(FOUND if changed or kinds & set(said.fail_on) else 0)


def _check_answers(options: Options, result: Result, said: Said) -> None:
    """Ends when an answer has no decision to it: it is misspelt, or meant for another source."""
    from tocompose.rules import registry

    if unused := options.answers.unused(result.stack, registry()):
        fail(
            f"{said.answers}: this conversion has no decision {unused[0]} (tocompose plan lists them)"
        )


def _to_folder(result: Result, project: Project, said: Said, folder: Path) -> bool:
    """Writes the files, or compares them with what is there; whether the comparison found a difference."""
    from tocompose.cli.folder import compare, write_all

    if said.diff or said.check:
        return compare(result, project, folder, show=said.diff)
    write_all(result, project, folder, said)
    return False


def tell(result: Result, project: Project, said: Said) -> None:
    """Prints the notes, and writes the reports that were asked for."""
    if said.report or said.form != "text":
        from tocompose.cli.reporting import print_form, write_reports

        write_reports(result, project, said.report)
        if said.form != "text":
            # Standard output is free when the compose file does not go there.
            print_form(result, project, said.form, err=_folder(said) is None)
            return
    # Who only compares has seen the notes already.
    if result.notes and (said.verbose or not (said.diff or said.check)):
        _print_text(result, project, said)


def _print_text(result: Result, project: Project, said: Said) -> None:
    from tocompose.reports.report import report
    from tocompose.reports.terminal import Style, render

    style = Style(
        colour=coloured(sys.stderr),
        width=width(sys.stderr),
        verbosity=-1 if said.quiet else said.verbose,
    )
    text = render(report(result, project), style)
    write(sys.stderr, text)


def coloured(stream: TextIO) -> bool:
    """Whether the stream is a terminal that shows colours (https://no-color.org)."""
    return (
        stream.isatty()
        and not os.environ.get("NO_COLOR")
        and os.environ.get("TERM") != "dumb"
    )


def width(stream: TextIO) -> int:
    """The terminal's width, 100 where there is none."""
    try:
        return min(os.get_terminal_size(stream.fileno()).columns, 120)
    except (OSError, ValueError):
        return 100
