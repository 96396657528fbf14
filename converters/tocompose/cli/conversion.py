"""Runs a conversion as the user asked and prints what comes of it."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TextIO

from tocompose.answers import Answers, answered_settings, read_answers
from tocompose.cli.exit import (
    EXIT_DIFFERS,
    Finished,
    fail,
    refuse_options,
    with_option,
    write_text,
)
from tocompose.cli.settings import ConversionOptions
from tocompose.collector import collector_off
from tocompose.exporters.bundle import Layout
from tocompose.exporters.kept_overlays import OVERLAYS
from tocompose.importers import ImportOptions, SourceError
from tocompose.model import File
from tocompose.notes import Note, note
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Folder, Memory, Project, path_between
from tocompose.readers.reading import decode
from tocompose.rules import Context
from tocompose.wording import wrap_text

if TYPE_CHECKING:
    from tocompose.reports.note_lines import Style


def pipeline_options_for(
    project: Project,
    options: ConversionOptions,
    settings: ImportOptions,
    source: str | None,
) -> Options:
    """The pipeline's options for what the user said about a project."""
    if options.inline_secrets and options.output is not None:
        refuse_options(
            "--inline-secrets is for standard output: with -o secrets stand in .env and secrets/"
        )
    layout = Layout(
        split=output_folder(options) is not None,
        modern_names=options.modern_names,
        environments=tuple(OVERLAYS[name] for name in options.env),
        inline_secrets=options.inline_secrets,
    )
    if options.merge is not None and options.output is not None:
        refuse_options("--merge writes into the folder of its file: leave out -o")
    answers = _read_answers_file(options.answers)
    return Options(
        source=source or answers.by_id.get("format"),
        practices=options.practices,
        layout=layout,
        settings=answered_settings(settings, answers),
        context=Context(harden=options.harden, keep_ports=options.keep_ports),
        answers=answers,
        existing=_existing_file(options.merge),
        existing_values=_existing_values(options.merge),
        **_relative_paths(project, options),
    )


def _relative_paths(project: Project, options: ConversionOptions) -> dict[str, str]:
    """The ways between the output folder and the source, whose relative paths they translate."""
    folder = output_folder(options)
    if folder is None:
        return {}
    source = project.root if isinstance(project, Folder) else Path.cwd()
    output = folder.resolve()
    if output == source:
        return {}
    return {"up": path_between(output, source), "back": path_between(source, output)}


def output_folder(options: ConversionOptions) -> Path | None:
    """The folder that is written to or compared with; None when the compose file goes to standard output."""
    if options.merge is not None:
        return Path(options.merge).parent
    return (
        Path(options.output or ".")
        if options.output is not None or options.diff or options.check
        else None
    )


def _existing_file(path: str | None) -> File | None:
    """The compose file that the user named, by its name in its folder."""
    return (
        File(path=Path(path).name, content=Path(path).read_bytes())
        if path is not None
        else None
    )


def _existing_values(path: str | None) -> bytes | None:
    """The `.env` beside the compose file that the user named."""
    env_file = Path(path or "").with_name(".env") if path else None
    return env_file.read_bytes() if env_file is not None and env_file.is_file() else None


def _read_answers_file(path: str | None) -> Answers:
    # PowerShell's `>` writes UTF-16.
    return read_answers(decode(Path(path).read_bytes()), path) if path else Answers()


@collector_off()
def run_conversion(
    project: Project,
    options: ConversionOptions,
    settings: ImportOptions,
    source: str | None = None,
) -> NoReturn:
    """Converts, writes or prints the files, tells the notes, and ends with the exit code."""
    if options.report:
        from tocompose.cli.output import check_report_names

        check_report_names(options.report)
    try:
        pipeline_options = pipeline_options_for(project, options, settings, source)
        result = convert(project, pipeline_options)
        _check_answers_used(pipeline_options, result, options)
    except (SourceError, ValueError) as problem:
        fail(with_option(problem))
    folder = output_folder(options)
    if folder is None:
        sys.stdout.buffer.write(result.files[0].content)
        sys.stdout.flush()
        changed = False
    else:
        changed = _write_or_compare(result, project, options, folder)
    is_written = not (options.quiet or options.diff or options.check)
    end_lines = _end_lines(result, project, folder) if folder and is_written else []
    print_notes(result, project, options, end_lines)
    write_text(sys.stderr, "".join(f"{line}\n" for line in end_lines))
    differs = changed or has_kinds(result.notes, options.fail_on)
    raise Finished(EXIT_DIFFERS if differs else 0)


def has_kinds(notes: Iterable[Note], fail_on: Iterable[str]) -> bool:
    """Whether there is a note of one of the kinds that `--fail-on` names."""
    return not {note.kind.value for note in notes}.isdisjoint(fail_on)


def _check_answers_used(
    pipeline_options: Options, result: Result, options: ConversionOptions
) -> None:
    """Ends when an answer has no decision to it: it is misspelt, or meant for another source."""
    if unused := pipeline_options.answers.unused(result.stack, result.notes):
        fail(
            f"{options.answers}: this conversion has no decision {unused[0]} (tocompose plan lists them)"
        )


def _write_or_compare(
    result: Result, project: Project, options: ConversionOptions, folder: Path
) -> bool:
    """Writes the files, or compares them with what is there; whether the comparison found a difference."""
    from tocompose.cli.output import compare_output, write_output

    if options.diff or options.check:
        return compare_output(result, project, folder, show=options.diff)
    write_output(result, project, folder, options)
    return False


def print_notes(
    result: Result, project: Project, options: ConversionOptions, end_lines: Sequence[str]
) -> None:
    """Prints the notes, and writes the reports that were asked for."""
    if options.report or options.form != "text":
        from tocompose.cli.output import print_report, write_reports

        write_reports(result, project, options.report)
        if options.form != "text":
            # Standard output is free when the compose file does not go there.
            print_report(result, project, options.form, err=output_folder(options) is None)
            return
    # Who only compares has seen the notes already.
    if result.notes and (options.verbose or not (options.diff or options.check)):
        _print_notes_as_text(result, project, options, end_lines)


# The line that names the files that were written, in a terminal broken into two.
_ROWS_OF_FILES = 2


def _print_notes_as_text(
    result: Result, project: Project, options: ConversionOptions, end_lines: Sequence[str]
) -> None:
    from tocompose.reports.report import report
    from tocompose.reports.text import page_rows, render

    full_report = report(result, project)
    style = style_of(sys.stderr, -1 if options.quiet else options.verbose)
    rows = page_rows(full_report)
    if end_lines:
        rows -= len(end_lines) + _ROWS_OF_FILES
    write_text(sys.stderr, render(full_report, style._replace(rows=rows)))


def _end_lines(result: Result, project: Project, folder: Path) -> list[str]:
    """The end of what is said: what to do before the first start, and the command to run next."""
    from tocompose.cli.start import start_lines
    from tocompose.reports.escape import printable
    from tocompose.reports.report import report

    width = terminal_width(sys.stderr)
    lines = start_lines(report(result, project), folder)
    return ["", *(broken for line in lines for broken in _wrapped(printable(line), width))]


def _wrapped(line: str, width: int) -> list[str]:
    """The line in lines of that width, later ones further in; a command stays one line, so that it can be copied."""
    indent = " " * (len(line) - len(line.lstrip()))
    if line.startswith("Next: "):
        return [line]
    first_line, *later_lines = wrap_text(line, width - len(indent) - 4)
    return [indent + first_line, *(f"{indent}    {rest_line}" for rest_line in later_lines)]


def style_of(stream: TextIO, verbosity: int) -> Style:
    """How text is set on a stream."""
    from tocompose.reports.note_lines import Style

    return Style(shows_colours(stream), terminal_width(stream), verbosity)


def shows_colours(stream: TextIO) -> bool:
    """Whether the stream is a terminal that shows colours, or FORCE_COLOR says so; NO_COLOR outranks it.

    https://no-color.org, https://force-color.org
    """
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def terminal_width(stream: TextIO) -> int:
    """The terminal's width, 100 where there is none."""
    try:
        return min(os.get_terminal_size(stream.fileno()).columns, 120)
    except (OSError, ValueError):
        return 100


def convert_pasted(
    argv: tuple[str, ...], options: ConversionOptions | None = None
) -> NoReturn:
    """Converts the command and ends the program."""
    from tocompose.importers.docker_run.pasted import paste_options

    given_options = options or ConversionOptions()
    command_options = paste_options(argv)
    if "paste" in command_options:
        convert_text(command_options["paste"][0], given_options, argv)
    settings = ImportOptions(
        name=given_options.name, options=command_options, notes=_misplaced_options(argv)
    )
    _run_docker_command(shlex.join(argv), given_options, settings)


def convert_text(
    text: str, options: ConversionOptions, argv: tuple[str, ...] = ()
) -> NoReturn:
    """Converts the docker commands of a text and ends the program."""
    command_options = {"argv": argv, "paste": (text,)}
    settings = ImportOptions(name=options.name, options=command_options)
    _run_docker_command(text, options, settings)


def _run_docker_command(
    text: str, options: ConversionOptions, settings: ImportOptions
) -> NoReturn:
    from tocompose.importers.docker_run.pasted import FILE

    data = text.encode("utf-8", "surrogateescape")
    run_conversion(Memory({FILE: data}), options, settings, "docker_run")


def _misplaced_options(argv: tuple[str, ...]) -> tuple[Note, ...]:
    """The note on options of tocompose behind the image; ends when one stands in front of it."""
    from tocompose.importers.docker_run.pasted import unknown_options

    before_image, behind_image = unknown_options(argv)
    if not (before_image or behind_image):
        return ()
    from tocompose.cli.options import option_names

    own_names = option_names()
    for option in before_image:
        if option.partition("=")[0] in own_names:
            refuse_options(
                f"{option} is an option of tocompose and stands before docker: tocompose {option} … docker run …"
            )
    return tuple(
        note("TC851", option=option)
        for option in behind_image
        if option.partition("=")[0] in own_names
    )
