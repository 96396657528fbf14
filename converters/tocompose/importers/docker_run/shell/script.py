"""Reads the scripts of a project into docker invocations, always statically."""

from __future__ import annotations

from collections.abc import Callable

from tocompose.importers import SourceError
from tocompose.importers.docker_run.creating_commands import CREATING_VERBS
from tocompose.importers.docker_run.invocation import Invocation, Script, WaitLoop
from tocompose.importers.docker_run.paste.repairs import repair_commands
from tocompose.importers.docker_run.pasted import FILE as PASTE_FILE
from tocompose.importers.docker_run.shell import (
    branches,
    calls,
    loops,
    makefiles,
    pipelines,
    removals,
    simple_command,
    units,
)
from tocompose.importers.docker_run.shell.discovery import (
    find_scripts,
    find_starters,
    kind_of,
    mentions_docker,
    started_elsewhere,
)
from tocompose.importers.docker_run.shell.expansion import Endless
from tocompose.importers.docker_run.shell.input import standard_input
from tocompose.importers.docker_run.shell.state import (
    MOST_STATEMENTS,
    SCRIPT,
    Handler,
    Shell,
    shown,
)
from tocompose.importers.docker_run.shell.substitution import command_output
from tocompose.importers.docker_run.shell.variables import KeptVariables, Value
from tocompose.importers.docker_run.sources.running_text import read_mention
from tocompose.importers.docker_run.sources.yaml_source import read_yaml_source
from tocompose.ledger import Cursor, Ledger
from tocompose.limits import limit
from tocompose.notes import note
from tocompose.project import Project
from tocompose.readers import crontab, makefile, markdown, systemd
from tocompose.readers.mentions import STARTING_CALL, command_in_words
from tocompose.readers.shell import read
from tocompose.readers.text import Text, Unreadable, decode
from tocompose.source import Branch, Span
from tocompose.syntax.interpolation import literal


def _run_each(shell: Shell, cursor: Cursor) -> None:
    shell.run_all(cursor)


def _run_subshell(shell: Shell, cursor: Cursor) -> None:
    with shell.inner():
        shell.run_all(cursor)
    shell.jump = None


def _run_redirected(shell: Shell, cursor: Cursor) -> None:
    redirections = cursor.at("to")
    shell.piped = standard_input(shell, redirections) or shell.piped
    shell.run(cursor.at("body"))
    shell.piped, status = None, shell.status
    simple_command.read_command(shell, redirections)
    shell.status = status


def _run_background(shell: Shell, cursor: Cursor) -> None:
    first_step = len(shell.steps)
    with shell.inner():
        shell.run_all(cursor)
    shell.steps[first_step:] = map(_without_waiting, shell.steps[first_step:])
    shell.jump, shell.status = None, 0


def _without_waiting(step: Invocation | WaitLoop) -> Invocation | WaitLoop:
    return step._replace(waits=False) if isinstance(step, Invocation) else step


def _run_negated(shell: Shell, cursor: Cursor) -> None:
    shell.run_all(cursor)
    shell.status = None if shell.status is None else int(not shell.status)


def _settle_text(shell: Shell, cursor: Cursor) -> None:
    """A leaf that is no code."""
    text = shown(cursor.peek() or "")
    if cursor.style == "output":
        cursor.skip("output of a command, not a command")
    elif cursor.style == "comment":
        cursor.note("TC166")
    elif cursor.style == "ellipsis":
        cursor.note("TC168", written=text)
    elif cursor.style == "typography":
        cursor.note("TC030", written=text)
    elif cursor.style == "removal":
        cursor.skip("removes what a stack does not have")
    elif cursor.style == "unread":
        cursor.note("TC033")
    elif cursor.style == "operator":
        cursor.note("TC173", written=text)
    elif shell.settings.get("prose") and not mentions_docker(text):
        cursor.skip("prose without a docker command")
    else:
        code = "TC172" if cursor.style == "unclosed" else "TC162"
        cursor.note(code, what=command_in_words(text))


def _say_note(shell: Shell, cursor: Cursor) -> None:
    """A note that the reader of the source asks for; its one fact goes by several names."""
    for child in cursor:
        text = shown(child.peek() or "")
        child.note(
            str(child.key),
            what=text,
            written=text,
            file=text,
            option=text,
            values=text,
            name="ITEM",
        )


def _run_named(shell: Shell, cursor: Cursor) -> None:
    """A container that others call by a name which is no name of the container itself."""
    name, settings = cursor.at("name"), shell.settings
    shell.settings = {**settings, "alias": name.peek() or ""}
    name.skip("the name of the service")
    shell.run(cursor.at("command"))
    shell.settings = settings


def _run_scheduled(shell: Shell, cursor: Cursor) -> None:
    """A line of a crontab; `@reboot` is what a stack does too, any other schedule is lost."""
    when, steps_before = cursor.at("when"), len(shell.steps)
    settings = shell.settings
    shell.settings = {**settings, "schedule": when.peek() or ""}
    with shell.inner():
        shell.run(cursor.at("code"))
    shell.jump, shell.settings = None, settings
    steps = shell.steps[steps_before:]
    verbs = {step.verb for step in steps if isinstance(step, Invocation)}
    if when.peek() == "@reboot":
        when.skip("start with the engine, as the restart policy does")
    elif ("exec",) in verbs:
        when.mark_noted("TC178")
    elif not verbs.isdisjoint(CREATING_VERBS):
        when.mark_noted("TC039")  # by the service, whose name is not known yet
    else:
        when.skip("the time of a command that starts no container")


def _note_unknown(shell: Shell, cursor: Cursor) -> None:
    cursor.note("TC162", what=command_in_words(cursor.peek() or ""))


def _read_shell(text: Text, ledger: Ledger) -> Branch:
    repaired = repair_commands(text, ledger, "shell")
    return crontab.with_bare_lines(read(repaired), repaired)


def _read_pasted(text: Text, ledger: Ledger, kind: str = "pasted") -> Branch:
    repaired = repair_commands(text, ledger, kind)
    script = read(repaired, documentation=True)
    return crontab.with_bare_lines(script, repaired)


def _read_markdown(text: Text, ledger: Ledger) -> Branch:
    def read_block(block: Text) -> Branch:
        return _read_pasted(block, ledger, "markdown")

    return markdown.read(text, read_block, read_yaml_source)


# How a text becomes a tree, by the kind of its file. They stand here and not where files are told apart, which a run
# that finds no script does too: that one loads no reader.
READERS: dict[str, Callable[[Text, Ledger], Branch]] = {
    "shell": _read_shell,
    "pasted": _read_pasted,
    "markdown": _read_markdown,
    "makefile": lambda text, _: makefile.read(text),
    "systemd": lambda text, _: systemd.read(text),
    "yaml": lambda text, _: read_yaml_source(text),
    "crontab": lambda text, _: crontab.read(text),
}

HANDLERS: dict[str, Handler] = {
    "command": simple_command.read_command,
    "script": _run_each,
    "body": _run_each,
    "group": _run_each,
    "background": _run_background,
    "not": _run_negated,
    "pipeline": pipelines.read_pipeline,
    "subshell": _run_subshell,
    "redirected": _run_redirected,
    "and": branches.read_and,
    "or": branches.read_or,
    "if": branches.read_if,
    "case": branches.read_case,
    "for": loops.read_for,
    "for-arguments": loops.read_for,
    "select": loops.read_select,
    "count": loops.read_count,
    "while": loops.read_while,
    "until": loops.read_while,
    "function": calls.define_function,
    "makefile": makefiles.read_makefile,
    "unit": units.read_unit,
    "written-unit": units.read_written_unit,
    "named": _run_named,
    "noted": _say_note,
    "mention": read_mention,
    "scheduled": _run_scheduled,
    "leaf": _settle_text,
    "unknown": _note_unknown,
}


# What a command stays in that the stack does not run, by the kind of the text.
_KEEPERS = {"shell": SCRIPT, "makefile": "the Makefile"}


def read_script(
    text: Text,
    project: Project,
    ledger: Ledger,
    kind: str = "shell",
    kept_variables: KeptVariables | None = None,
    read_files: set[str] | None = None,
    arguments: tuple[str, ...] | None = None,
) -> Script:
    """The docker calls of one source text; `kind` is a key of READERS. Raises Unreadable where it is no such text.

    `kept_variables` are those of the scripts read before, so that one name does not stand for two values; to
    `read_files` the files are added that the script reads itself. `arguments` are those that the script is started
    with, where they are known.
    """
    shell = Shell(project, ledger, text.file, HANDLERS, command_output, kept_variables)
    if arguments is not None:
        shell.scope.arguments = tuple(Value(literal(argument)) for argument in arguments)
    shell.settings = {
        "prose": kind in ("markdown", "pasted", "yaml"),
        "keeper": _KEEPERS.get(kind, "the source"),
    }
    root = ledger.open(READERS[kind](text, ledger))
    try:
        shell.run(root)
        _note_cut(shell, root)
        shell.jump = None
        removals.mark_removed(shell, kind)
        calls.run_exit_trap(shell)
        calls.read_uncalled(shell)
        branches.settle_unreached(shell)
        branches.settle_unlikely(shell)
    except (Endless, RecursionError) as problem:
        root.skip("the script could not be followed to its end")
        is_endless = isinstance(problem, Endless)
        why = str(problem) if is_endless else "it is nested too deeply to be read"
        raise Unreadable(root.span, why) from None
    if read_files is not None:
        read_files |= shell.read_files
    return shell.to_script()


def _note_cut(shell: Shell, root: Cursor) -> None:
    """Says where the script was left for carrying out too much; raises Endless where nothing came of it until then."""
    if shell.cut_at is None:
        return
    if not shell.steps:
        raise Endless(f"it carries out more than {MOST_STATEMENTS:,} statements")
    most = f"{MOST_STATEMENTS:,}"
    shell.ledger.add_note(note("TC055", shell.cut_at, file=shell.path, most=most))
    root.mark_noted("TC055")


def read_paste(text: str, project: Project, ledger: Ledger) -> Script:
    """The docker calls of a text that was pasted; raises SourceError where it is no such text."""
    try:
        return read_script(
            Text(PASTE_FILE, text), project, ledger, kind_of(PASTE_FILE, text)
        )
    except Unreadable as problem:
        raise SourceError(str(problem)) from None


def read_scripts(project: Project, ledger: Ledger) -> tuple[Script, ...]:
    """The scripts of the project that have docker commands.

    Raises SourceError when there is none to read; what cannot be read beside others is noted.
    """
    reader = _ProjectReader(project, ledger)
    scripts = reader.read_all()
    if not scripts:
        problems = reader.problems or [
            Unreadable(_start_of(path), _too_large(size))
            for path, size in project.skipped.items()
        ]
        if problems:
            raise SourceError("\n".join(map(str, problems)))
    for problem in reader.problems:
        ledger.add_note(
            note("TC169", problem.span, file=problem.span.file, why=problem.message)
        )
    if not project.named:
        _note_left_aside(project, ledger, {script.path for script in scripts})
    return scripts


def _note_left_aside(project: Project, ledger: Ledger, files: set[str]) -> None:
    """Names the playbooks and workflows of a folder that start containers too and were not read."""
    for path in find_starters(project):
        if path not in files:
            ledger.add_note(note("TC199", _start_of(path), file=path))


class _ProjectReader:
    """Reads the scripts of a project one after the other, with the names that they share."""

    def __init__(self, project: Project, ledger: Ledger) -> None:
        self.problems: list[Unreadable] = []
        self._project = project
        self._ledger = ledger
        self._kept_variables = KeptVariables()
        self._read_files: set[str] = set()

    def read_all(self) -> tuple[Script, ...]:
        """The scripts in the order of their files; those that another one reads are not read by themselves."""
        scripts: dict[str, Script] = {}
        for path in self._paths_to_read():
            if path not in self._read_files:
                try:
                    scripts[path] = self._read_file(path)
                except Unreadable as problem:
                    self.problems.append(problem)
        files = [*self._project.named, *self._project.files()]
        return tuple(scripts[path] for path in dict.fromkeys(files) if path in scripts)

    def _paths_to_read(self) -> list[str]:
        """The files that the user named and those found; last those that others seem to read themselves."""
        candidates = (*self._project.named, *find_scripts(self._project))
        skipped = self._project.skipped
        paths = [path for path in dict.fromkeys(candidates) if path not in skipped]
        elsewhere = started_elsewhere(self._project, paths)
        return sorted(paths, key=lambda path: path in elsewhere)

    def _read_file(self, path: str) -> Script:
        """The script of a file; raises Unreadable for one that is none, or holds no docker command."""
        data = self._project.read(path)
        if data is None:
            raise Unreadable(_start_of(path), "there is no such file in the source tree")
        if not data.strip():
            why = "the file is empty; give a script with docker commands"
            raise Unreadable(_start_of(path), why)
        text = decode(data)
        if text is None or not text.strip():
            raise Unreadable(_start_of(path), "this is not a text file")
        script = read_script(
            Text(path, text),
            self._project,
            self._ledger,
            kind_of(path, text),
            self._kept_variables,
            self._read_files,
        )
        if not script.steps and path not in self._read_files:
            raise self._why_nothing(Text(path, text))
        return script

    def _why_nothing(self, text: Text) -> Unreadable:
        """Why a file gives nothing: the first part of it that could not be read, or that it holds no docker command."""
        for loss in self._ledger.notes:
            if loss.code in _UNREAD_CODES and loss.span and loss.span.file == text.file:
                return Unreadable(loss.span, f"{loss.message}. {loss.advice}")
        why = "no docker or podman command was found in this file"
        call = STARTING_CALL.search(text.text)
        if call is None:
            return Unreadable(_start_of(text.file), why)
        why = (
            "the docker command here was not read: it stands in a comment or a text, or the script ends before it;"
            " give it in a script of its own"
        )
        return Unreadable(text.span(*call.span()), why)


_UNREAD_CODES = ("TC162", "TC172", "TC033")


def _start_of(path: str) -> Span:
    return Span(path, 1, 1, 1, 1)


def _too_large(size: int) -> str:
    name = "FILE_BYTES" if size > limit("FILE_BYTES") else "SCRIPT_BYTES"
    return f"{size:,} bytes are more than the limit of {limit(name):,}; TOCOMPOSE_MAX_{name} sets another"
