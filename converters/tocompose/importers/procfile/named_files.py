"""What commands name of the repository: scripts of an interpreter, modules of Python, the scripts of package.json."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from posixpath import normpath

from tocompose.importers.procfile.shell import (
    CommandWord,
    is_builtin,
    parse_command,
    simple_commands,
)
from tocompose.knowledge.wrappers import behind_wrappers, wrapper_at
from tocompose.languages.language import APP_FOLDER, Library
from tocompose.languages.node import package_scripts
from tocompose.patterns import regex
from tocompose.record import NamedTuple
from tocompose.repository import Repository
from tocompose.syntax.names import is_shell
from tocompose.tables import load

# Folders that an install fills, and those that a build does.
_INSTALLED = regex(r"(?:node_modules|vendor|target|_build|deps|\.\w[\w-]*)/")
_BUILT = regex(r"(?:dist|build|out|output|lib|public|rel|es|cjs)(?:/|$)")
_ARCHIVE = regex(r"^java\s.*?-jar\s+([\w./-]+)|^dotnet\s+([\w./-]+\.dll)\b")
_SCRIPT = regex(r"[\w@.][\w@./-]*")
# A condition of numbers, in which bash runs nothing.
_ARITHMETIC = regex(r"(?<!\$)\(\(.*?\)\)")
# What is assigned to an array: `hosts=(one two)`.
_ARRAY = regex(r"(?<=\w)\+?=\([^()]*\)", hints=[["=("]])
_FUNCTION = regex(
    r"\bfunction\s+(?P<named>[\w-]+)|(?<![\w$-])(?P<short>[\w-]+)\s*\(\s*\)\s*[{(]",
    hints=[["function", "("]],
)
_MODULE = regex(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
# How a server is told the app: `shop.wsgi:application`, `shop:create_app()`.
_APPLICATION = regex(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):[A-Za-z_]\w*(?:\.\w+)*(?:\(.*\))?")
_FOLDER_OPTION = regex(r"--(?:prefix|cwd|dir)[= ](\S+)")
# Scripts of package.json that call each other end here.
_DEEPEST = 4


class NamedProgram(NamedTuple):
    """A program as a command names it, its arguments, and the folder that the command goes to before."""

    name: str
    arguments: tuple[str, ...]
    folder: str

    @property
    def call(self) -> str:
        """The program with its arguments."""
        return " ".join((self.name, *self.arguments))


class PackageScript(NamedTuple):
    """A script that a package manager is told to run, and the package.json that should hold it."""

    name: str
    manifest: str

    def call(self, manager: str) -> str:
        """How one runs it by hand: without the words that are the script's own, a password among them."""
        return f"{manager} start" if self.name == "start" else f"{manager} run {self.name}"


def named_programs(text: str, folder: str = ".") -> Iterator[NamedProgram]:
    """The programs of a command, with those that only start another; what a shell replaces is left out."""
    functions = {match["named"] or match["short"] for match in _FUNCTION.finditer(text)}
    for command in simple_commands(parse_command(_plain_commands(text))):
        for program in _programs_in_row(command, folder):
            if program.name == "cd" and program.arguments:
                folder = _folder_at(program.arguments[0], folder)
            elif script := _shell_script(program):
                yield from named_programs(script, folder)
            elif program.name not in functions and not is_builtin(program.name):
                yield program


def _shell_script(program: NamedProgram) -> str:
    """The commands that a shell is given as its argument; empty for other programs."""
    option, script, *_ = (*program.arguments, "", "")
    return script if is_shell(program.name) and option in ("-c", "-lc") else ""


def _plain_commands(text: str) -> str:
    """The text without conditions of numbers and values of arrays."""
    return _ARRAY.sub("=:", _ARITHMETIC.sub(":", text))


def _folder_at(path: str, folder: str) -> str:
    """Where a path leads from a folder of the app; one that begins at the app's own place leads from there."""
    if path == APP_FOLDER or path.startswith(f"{APP_FOLDER}/"):
        return normpath(f".{path.removeprefix(APP_FOLDER)}")
    return normpath(f"{folder}/{path}")


def _programs_in_row(command: list[CommandWord], folder: str) -> Iterator[NamedProgram]:
    """The program of a command, and those that one after the other start, up to one that a library brings."""
    # https://devcenter.heroku.com/articles/dynos: the home folder is the app's.
    at_home = [shell_word.at_home(APP_FOLDER) for shell_word in command]
    texts = [shell_word.text for shell_word in at_home]
    index = 0
    while index < len(texts) and not at_home[index].active:
        if command[index].assigns:
            index += 1
            continue
        name = texts[index].removeprefix(f"{APP_FOLDER}/")
        place = "." if name != texts[index] else folder
        yield NamedProgram(name, tuple(texts[index + 1 :]), place)
        wrapper = wrapper_at(texts, index)
        if wrapper is None or wrapper.library or wrapper.module:
            return
        index = wrapper.command_index(texts, index)


def started_program(program: NamedProgram) -> NamedProgram:
    """The program behind one that only leads to it (`bundle exec`, `poetry run`); the program itself behind none."""
    program_words = behind_wrappers([program.name, *program.arguments])
    if not program_words:
        return program
    name, *arguments = program_words
    return NamedProgram(name, tuple(arguments), program.folder)


def stated_configuration(program_name: str, text: str) -> str:
    """The file that an option of a command names for the program to read; empty where none does."""
    option = load("programs")["configuration_options"].get(program_name)
    stated = re.search(rf"(?:^|\s)(?:{option})[ =](\S+)", text) if option else None
    return stated[1] if stated else ""


def is_installed(path: str) -> bool:
    """Whether a path lies in a folder that an install fills."""
    return _INSTALLED.match(path) is not None


def is_built(path: str) -> bool:
    """Whether a path lies in a folder that a build usually fills."""
    return _BUILT.match(path) is not None


def script_argument(program: NamedProgram) -> str:
    """The script that an interpreter is told to run; empty behind an option that may take a value."""
    if program.name not in load("programs")["interpreters"] or not program.arguments:
        return ""
    argument = program.arguments[0]
    is_file = "." in argument or "/" in argument or program.name == "node"
    is_script = is_file and _SCRIPT.fullmatch(argument) is not None
    return argument if is_script and argument != "." else ""


def jar_argument(program: NamedProgram) -> str:
    """The archive that Java is told to run, or the assembly that .NET is; empty where there is none."""
    archive = _ARCHIVE.search(program.call)
    return (archive[1] or archive[2]) if archive else ""


def missing_module(
    repository: Repository, program: NamedProgram, libraries: Iterable[Library] | None
) -> str:
    """The module that Python or a server is told to load, and that neither the tree, nor a library, nor Python has.

    With no `libraries` what else the image holds is not known: then a module beside those of the repository is meant.
    """
    name = _module_name(program) or _app_module(program)
    top = name.partition(".")[0]
    if not name or top in sys.stdlib_module_names or _has_module(repository, name):
        return ""
    if top != name and _has_file(repository, _folder_pattern(top)):
        return name
    if libraries is None or name in load("programs")["runtimes"]["python"]:
        return ""
    return "" if _is_of_library(top, libraries) else name


def _is_of_library(top: str, libraries: Iterable[Library]) -> bool:
    bare_top = top.replace("_", "").lower()
    bare_names = (re.sub(r"[-_.]", "", library.name).lower() for library in libraries)
    return any(bare_top in bare_name for bare_name in bare_names)


def _has_module(repository: Repository, name: str) -> bool:
    """Whether the tree holds the module: a file, a package, or a folder of modules."""
    is_folder = "." not in name and _has_file(repository, _folder_pattern(name))
    return is_folder or _has_file(repository, _module_pattern(name))


def _has_file(repository: Repository, pattern: re.Pattern[str]) -> bool:
    return any(map(pattern.search, repository.project.files()))


def _module_pattern(name: str) -> re.Pattern[str]:
    path = name.replace(".", "/")
    return re.compile(rf"(?:^|/){path}(?:\.py|/__init__\.py|/__main__\.py)$")


def _folder_pattern(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?:^|/){name}/(?:.*/)?\w+\.py$")


def _module_name(program: NamedProgram) -> str:
    """The module that Python is told to run, at once or unbuffered."""
    arguments = [argument for argument in program.arguments[:3] if argument != "-u"]
    is_told = program.name in ("python", "python3") and arguments[:1] == ["-m"]
    name = arguments[1] if is_told and len(arguments) > 1 else ""
    return name if _MODULE.fullmatch(name) else ""


def _app_module(program: NamedProgram) -> str:
    """The module of the app that a server or a worker is told to load (`gunicorn shop.wsgi`, `celery -A shop`)."""
    row = load("programs")["modules"].get(program.name.rpartition("/")[2])
    if row is None:
        return ""
    if "option" in row:
        option = re.search(rf"(?:^|\s)(?:{row['option']})[ =]?([\w.]+)", program.call)
        return option[1] if option and _MODULE.fullmatch(option[1]) else ""
    pairs = list(zip(("", *program.arguments), program.arguments, strict=False))
    for before, argument in pairs:
        app = _APPLICATION.fullmatch(argument)
        if app and before not in row["other"]:
            return app[1]
    return _bare_module(pairs) if row.get("bare") else ""


def _bare_module(pairs: list[tuple[str, str]]) -> str:
    """The first argument that is a module and may be no value of an option; with no dot only in front of all others."""
    for before, argument in pairs:
        if not before.startswith("-") and _MODULE.fullmatch(argument):
            return argument if "." in argument or not before else ""
    return ""


def package_script(program: NamedProgram) -> PackageScript | None:
    """The script of package.json that the program runs; None where it runs none, or one of another workspace."""
    tools = load("process_managers")["package_tools"]
    if program.name not in tools or re.search(
        r"\s(?:-w|-F|--filter|--workspaces?|-C|workspace)\b", program.call
    ):
        return None
    option = _FOLDER_OPTION.search(program.call)
    arguments = _FOLDER_OPTION.sub("", program.call).split()[1:]
    names = [argument for argument in arguments if not argument.startswith("-")]
    if names[:1] in (["run"], ["run-script"]):
        names = names[1:]
    elif names[:1] != ["start"] or program.name == "bun":
        return None
    if not names:
        return None
    folder = normpath(f"{program.folder}/{option[1] if option else '.'}")
    return PackageScript(names[0], normpath(f"{folder}/package.json"))


def missing_package_script(repository: Repository, program: NamedProgram) -> str:
    """In words why the package manager finds no script of that name; empty where it does, or may."""
    script = package_script(program)
    if script is None or script.manifest.startswith(("..", "/")):
        return ""
    if not repository.has_file(script.manifest):
        return f"there is no {script.manifest}"
    folder = script.manifest.removesuffix("package.json")
    # https://docs.npmjs.com/cli/commands/npm-start: without a script it runs server.js.
    is_default = script.name == "start" and repository.has_file(f"{folder}server.js")
    is_file = program.name == "bun" and repository.project.exists(folder + script.name)
    if _has_script(repository, script) or is_default or is_file:
        return ""
    return f"{script.manifest} has no script of that name"


def has_script_anywhere(repository: Repository, program: NamedProgram) -> bool:
    """Whether a package.json of any folder has the script: an image may hold that folder alone."""
    script = package_script(program)
    manifests = (
        path
        for path in repository.project.files()
        if path.rpartition("/")[2] == "package.json"
    )
    return script is not None and any(
        _has_script(repository, script._replace(manifest=path)) for path in manifests
    )


def _has_script(repository: Repository, script: PackageScript) -> bool:
    return script.name in package_scripts(repository.read_json(script.manifest))


def programs_of_scripts(
    repository: Repository, program: NamedProgram, depth: int = 0
) -> Iterator[NamedProgram]:
    """The programs that a script of package.json starts, where the program runs one."""
    script = package_script(program)
    if script is None or depth >= _DEEPEST:
        return
    scripts = package_scripts(repository.read_json(script.manifest))
    folder = script.manifest.rpartition("/")[0] or "."
    for inner_program in named_programs(scripts.get(script.name, ""), folder):
        yield inner_program
        yield from programs_of_scripts(repository, inner_program, depth + 1)


def makes_files(repository: Repository, manifest: str) -> bool:
    """Whether a script of package.json that runs by itself may make files."""
    scripts = package_scripts(repository.read_json(manifest))
    return any(name in scripts for name in load("programs")["makes_files"])
