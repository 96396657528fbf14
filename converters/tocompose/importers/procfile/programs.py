"""The programs that commands name, held against the image that they run in and the files of the repository."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from posixpath import normpath
from typing import NamedTuple

from tocompose.importers.procfile.language import command_rows
from tocompose.importers.procfile.processes import Process
from tocompose.importers.procfile.shell import (
    CommandWord,
    convert_command,
    is_builtin,
    parse_command,
    simple_commands,
)
from tocompose.languages import node
from tocompose.languages.language import DockerfileInput, Library
from tocompose.patterns import regex
from tocompose.repository import Repository, map_at
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import is_shell
from tocompose.tables import load

# Folders that an install fills, and those that a build does.
_INSTALLED = regex(r"(?:node_modules|vendor|target|_build|deps|\.\w[\w-]*)/")
_BUILT = regex(r"(?:dist|build|out|output|lib|public|rel|es|cjs)(?:/|$)")
# Whose images take Node.js from its own one when a command names it.
_WITH_NODE = ("ruby", "python")
_SCRIPT = regex(r"[\w@.-][\w@./-]*")


class NamedProgram(NamedTuple):
    """A program as a command names it, its arguments, and the folder that the command goes to before."""

    name: str
    arguments: tuple[str, ...]
    folder: str


class ImagePrograms(NamedTuple):
    """What is known of an image's programs: its language's, those of the libraries, of packages, of other languages.

    `makes_files` says that a build step fills folders of the work directory.
    """

    language: str
    libraries: tuple[Library, ...]
    packages: tuple[str, ...]
    languages: Set[str]
    makes_files: bool


def named_programs(text: str) -> Iterator[NamedProgram]:
    """The programs of a command, each without what only leads to it; what a shell replaces is left out."""
    folder = "."
    for command in simple_commands(parse_command(text)):
        command_words = _without_prefixes(command)
        if not command_words or command_words[0].active:
            continue
        name, *arguments = (shell_word.text for shell_word in command_words)
        if name == "cd" and arguments:
            folder = arguments[0]
        elif is_shell(name) and arguments[:1] in (["-c"], ["-lc"]):
            yield from named_programs(arguments[1] if len(arguments) > 1 else "")
        elif not is_builtin(name):
            yield NamedProgram(name, tuple(arguments), folder)


def _without_prefixes(command: list[CommandWord]) -> list[CommandWord]:
    prefixes = (*load("programs")["prefixes"], "env")
    while command and (command[0].raw in prefixes or command[0].assigns):
        command = command[1:]
    return command


def asked_by_commands(texts: Iterable[str]) -> dict[str, str]:
    """The Debian packages that commands ask for by naming a program of theirs, with that program."""
    packages: dict[str, str] = load("programs")["packages"]
    return {
        packages[program.name]: program.name
        for text in texts
        for program in named_programs(text)
        if program.name in packages
    }


def spoken_languages(texts: Iterable[str]) -> frozenset[str]:
    """The languages whose own programs the commands name."""
    runtimes: dict[str, list[str]] = load("programs")["runtimes"]
    names = {program.name for text in texts for program in named_programs(text)}
    return frozenset(
        language
        for language, programs in runtimes.items()
        if not names.isdisjoint(programs)
    )


def add_packages(
    repository: Repository,
    language: str,
    packages: tuple[str, ...],
    processes: Iterable[Process],
) -> tuple[str, ...]:
    """The packages with those of the programs that commands name, which notes tell of."""
    if language == "static" or repository.has_file("Dockerfile"):
        return packages
    added: list[str] = []
    for process in processes:
        for package, program in asked_by_commands((process.text,)).items():
            if package in (*packages, *added):
                continue
            added.append(package)
            facts = {"name": process.type, "program": program, "package": package}
            subject = ModelPath.of("files", "Dockerfile")
            repository.add_note("TC568", process.span, subject=subject, **facts)
        needs_bash = convert_command(process.text).shell == "bash"
        if language == "go" and needs_bash and "bash" not in added:
            added.append("bash")
    return (*packages, *added)


def note_missing(
    repository: Repository,
    processes: Iterable[Process],
    language: str,
    source: DockerfileInput,
) -> None:
    """Says of each command what it runs that neither the generated image nor the repository has."""
    package = repository.read_json("package.json")
    development = map_at(package, "devDependencies")
    languages = (
        source.spoken & {"node"} | {language} if language in _WITH_NODE else {language}
    )
    image = ImagePrograms(
        language,
        (
            *(library for library in source.libraries if library.language in languages),
            *(Library("node", name, "package.json") for name in development),
        ),
        source.packages,
        languages,
        makes_files=bool(
            tuple(node.build_steps(package, node.package_tool(repository, package)))
        ),
    )
    for process in processes:
        for program in named_programs(process.text):
            _note_program(repository, process, program, image)


def _note_program(
    repository: Repository, process: Process, program: NamedProgram, image: ImagePrograms
) -> None:
    subject = ModelPath.service(process.service, "command")
    facts = {"name": process.type, "program": program.name}
    if "/" in program.name and not program.name.startswith("/"):
        script = program.name
        if not _is_there(repository, program.folder, script, image):
            repository.add_note("TC566", process.span, subject=subject, **facts)
        return
    name = program.name.rsplit("/", 1)[-1]
    if not _is_in_image(repository, name, image):
        repository.add_note("TC567", process.span, subject=subject, **facts)
        return
    argument = next(_script_arguments(program), "")
    if argument and not _is_there(repository, program.folder, argument, image, name):
        facts["program"] = argument
        repository.add_note("TC566", process.span, subject=subject, **facts)


def _script_arguments(program: NamedProgram) -> Iterator[str]:
    """The script that an interpreter is told to run; none behind an option that may take a value."""
    if program.name not in load("programs")["interpreters"] or not program.arguments:
        return
    argument = program.arguments[0]
    is_file = "." in argument or "/" in argument or program.name == "node"
    if is_file and _SCRIPT.fullmatch(argument) and argument != ".":
        yield argument


def _is_there(
    repository: Repository,
    folder: str,
    path: str,
    image: ImagePrograms,
    interpreter: str = "",
) -> bool:
    """Whether a path is in the tree, or in a folder that a build or an install fills."""
    relative = normpath(f"{folder}/{path}").removeprefix("/app/").removeprefix("app/")
    endings = ("", *load("programs")["interpreters"].get(interpreter, ()))
    if image.language in load("programs")["makes_programs"] or _INSTALLED.match(relative):
        return True
    if image.makes_files and _BUILT.match(relative):
        return True
    return relative.startswith("..") or any(
        repository.project.exists(relative + ending) for ending in endings
    )


def _is_in_image(repository: Repository, name: str, image: ImagePrograms) -> bool:
    programs = load("programs")
    language = str(command_rows().get(name, {}).get("language", ""))
    if image.language in programs["makes_programs"] and not language:
        return True
    if name in programs["base"] or name in image.packages:
        return True
    if programs["packages"].get(name) in image.packages or language in image.languages:
        return True
    if any(name in programs["runtimes"].get(spoken, ()) for spoken in image.languages):
        return True
    is_own = repository.project.exists(f"bin/{name}") and image.language == "ruby"
    return is_own or _is_of_library(name, image.libraries)


def _is_of_library(name: str, libraries: Iterable[Library]) -> bool:
    """Whether a library has the program's name, or is known to bring it."""
    providers = load("programs")["provided"].get(name, ())
    plain_name = name.removesuffix(".py").replace("_", "-")
    return any(
        plain_name in (library.name, library.name.rsplit("/", 1)[-1])
        or library.name in providers
        or library.name.startswith(f"{plain_name}-")
        for library in libraries
    )
