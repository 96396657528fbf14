"""Process managers inside a process: `web: foreman start -f Procfile.web` becomes the processes that it would start."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any

from tocompose.importers.procfile.formation import parse_pairs
from tocompose.importers.procfile.processes import StatedProcess, of_procfile
from tocompose.importers.procfile.shell import parse_command
from tocompose.knowledge.wrappers import behind_wrappers
from tocompose.languages.node import package_scripts
from tocompose.patterns import regex
from tocompose.project import normal_path
from tocompose.readers.procfile import read_procfile
from tocompose.record import NamedTuple
from tocompose.repository import Repository
from tocompose.tables import load

_DEEPEST = 5
_ASSIGNMENT = regex(r"[A-Za-z_]\w*=.*")


def _known(column: str) -> list[Any]:
    return list(load("process_managers")[column])


class _NestedCall(NamedTuple):
    """A process manager's command line; `only` are the process types that it is told to start, empty for all.

    `left_out` are those that it is told not to.
    """

    manager: str
    file: str
    only: tuple[str, ...]
    left_out: tuple[str, ...]
    formation: dict[str, int]
    ignored: tuple[str, ...]

    def starts(self, process_type: str) -> bool:
        """Whether it starts the processes of a type."""
        is_meant = not self.only or process_type in self.only
        return is_meant and process_type not in self.left_out


def expand_nested(
    repository: Repository, processes: tuple[StatedProcess, ...], depth: int = 0
) -> tuple[StatedProcess, ...]:
    """The processes with every one that only starts a process manager replaced by what that would start.

    Of two with the same name the later one stays, which is what an expanded `web` puts in the place of the outer one.
    """
    expanded: list[StatedProcess] = []
    for process in processes:
        expanded += _expand_process(repository, process, depth)
    last_index = {process.type: index for index, process in enumerate(expanded)}
    return tuple(
        process
        for index, process in enumerate(expanded)
        if last_index[process.type] == index
    )


def _expand_process(
    repository: Repository, process: StatedProcess, depth: int
) -> tuple[StatedProcess, ...]:
    call = _find_call(repository, process.text)
    if call is None or depth >= _DEEPEST:
        return (process,)
    path = normal_path(call.file)
    tree = repository.open(path, read_procfile, "procfile") if path else None
    span = process.cursor.span
    if not tree:
        facts: dict[str, Any] = {
            "name": process.type,
            "manager": call.manager,
            "file": call.file,
        }
        repository.add_note("TC331", span, **facts)
        return (process,)
    started = tuple(_started_processes(of_procfile(tree), call))
    for option in call.ignored:
        repository.add_note("TC370", span, what=f"{call.manager} {option}")
    process.cursor.note(
        "TC330", name=process.type, manager=call.manager, file=path, count=len(started)
    )
    return expand_nested(repository, started, depth + 1)


def _started_processes(
    processes: tuple[StatedProcess, ...], call: _NestedCall
) -> Iterator[StatedProcess]:
    """The processes that the manager would start; those that it is not told to start are noted."""
    for process in processes:
        if not call.starts(process.type):
            process.cursor.note("TC332", name=process.type, manager=call.manager)
            continue
        quantity = call.formation.get(process.type, call.formation.get("all"))
        if quantity is not None:
            process = process._replace(quantity=quantity)
        yield process


def _find_call(repository: Repository, text: str) -> _NestedCall | None:
    parsed = parse_command(text)
    if parsed.operators:
        return None
    arguments = without_launchers([shell_word.text for shell_word in parsed.words])
    arguments = _expand_script(repository, arguments)
    return (
        _read_call(arguments) if arguments and arguments[0] in _known("managers") else None
    )


def of_development(
    repository: Repository, processes: tuple[StatedProcess, ...]
) -> tuple[StatedProcess, ...]:
    """The processes that bin/dev starts, all where it names none; the others are noted."""
    script = repository.read_text("bin/dev") or ""
    match = re.search(_starting_line(), script, re.MULTILINE)
    arguments = match[1].replace('"$@"', "").split() if match else []
    call = _read_call(arguments) if arguments else None
    return tuple(_started_processes(processes, call)) if call else processes


def _starting_line() -> str:
    managers = "|".join(map(re.escape, _known("managers")))
    return rf"^[ \t]*(?:exec[ \t]+)?(?:bundle exec[ \t]+)?((?:{managers})\b[^\n;&|]*)"


def starts_processes(repository: Repository, command: tuple[str, ...]) -> bool:
    """Whether a command starts the processes of a Procfile: by a manager, a script of package.json, or `bin/dev`."""
    text = shlex.join(command)
    if _find_call(repository, text) is not None:
        return True
    script = repository.read_text(text.removeprefix("./")) or ""
    return re.search(_starting_line(), script, re.MULTILINE) is not None


def without_launchers(arguments: list[str]) -> list[str]:
    """The words without what only leads to the program: `exec`, `env A=b`, `bundle exec`, `python -m`, paths."""
    while arguments:
        if _ASSIGNMENT.fullmatch(arguments[0]):
            arguments = arguments[1:]
            continue
        behind = behind_wrappers(arguments, modules=True)
        if behind == arguments:
            return [arguments[0].rsplit("/", 1)[-1], *arguments[1:]]
        arguments = behind
    return arguments


def _expand_script(repository: Repository, arguments: list[str]) -> list[str]:
    """The words of the package.json script that `npm start` or `yarn run x` stands for, when a manager is in it."""
    name = _script_name(arguments)
    scripts = package_scripts(repository.read_json("package.json")) if name else {}
    if name not in scripts:
        return arguments
    parsed = parse_command(scripts[name])
    script_arguments = without_launchers([shell_word.text for shell_word in parsed.words])
    starts_manager = (
        bool(script_arguments)
        and script_arguments[0] in _known("managers")
        and not parsed.operators
    )
    return script_arguments if starts_manager else arguments


def called_script(repository: Repository, command: str) -> str:
    """The script of package.json that a command runs; empty where it runs none."""
    arguments = without_launchers([word.text for word in parse_command(command).words])
    scripts = package_scripts(repository.read_json("package.json"))
    return scripts.get(_script_name(arguments), "")


def _script_name(arguments: list[str]) -> str:
    """The script that a package manager is told to run; empty when none."""
    if not arguments or arguments[0] not in _known("package_tools"):
        return ""
    names = [argument for argument in arguments[1:] if not argument.startswith("-")]
    if names[:1] == ["run"] and len(names) > 1:
        return names[1]
    return names[0] if names else ""


def _read_call(arguments: list[str]) -> _NestedCall | None:
    """The call; None for one that starts no processes, such as `foreman run`."""
    manager, options = arguments[0], _options_of_start(arguments)
    if options is None:
        return None
    file, formation, only, ignored = "Procfile", dict[str, int](), list[str](), list[str]()
    left_out: list[str] = []
    for option, value in _read_options(options):
        if option in _known("file_options") or (not option and manager == "hivemind"):
            file = value
        elif option in _known("formation_options"):
            formation.update(parse_pairs(value))
            only += [name for name in value.split(",") if re.fullmatch(r"[\w-]+", name)]
        elif option in _known("leaving_options"):
            left_out += value.split(",")
        elif option:
            ignored.append(option)
        elif value != "start":
            only.append(value)
    return _NestedCall(
        manager, file, tuple(only), tuple(left_out), formation, tuple(ignored)
    )


def _options_of_start(arguments: list[str]) -> list[str] | None:
    """What follows the verb that starts processes; None where none is started."""
    manager, options = arguments[0], arguments[1:]
    verb = options[0] if options else ""
    if verb in ("start", "s"):
        return options[1:]
    names = {option.partition("=")[0] for option in options}
    names_file = not names.isdisjoint(_known("file_options"))
    is_start = manager in _known("without_verb") or names_file
    return options if is_start and verb != "run" else None


def _takes_value(option: str) -> bool:
    columns = ("file_options", "formation_options", "leaving_options", "value_options")
    return any(option in _known(column) for column in columns)


def _read_options(arguments: list[str]) -> Iterator[tuple[str, str]]:
    """The options with their values; an argument that belongs to none has an empty option."""
    remaining = iter(arguments)
    for argument in remaining:
        option, equals, value = argument.partition("=")
        if not argument.startswith("-"):
            yield "", argument
        elif equals:
            yield option, value
        elif _takes_value(argument):
            yield argument, next(remaining, "")
        else:
            yield argument, ""
