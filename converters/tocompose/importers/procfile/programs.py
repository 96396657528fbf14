"""The programs that commands name, held against the image that they run in and the files of the repository."""

from __future__ import annotations

import re
from collections.abc import Iterable, Set
from posixpath import normpath

from tocompose.importers.procfile.language import command_rows
from tocompose.importers.procfile.named_files import (
    NamedProgram,
    has_script_anywhere,
    is_built,
    is_installed,
    makes_files,
    missing_module,
    missing_package_script,
    named_programs,
    package_script,
    programs_of_scripts,
    script_argument,
    started_program,
)
from tocompose.importers.procfile.processes import Process
from tocompose.importers.procfile.shell import convert_command
from tocompose.importers.procfile.unread_files import note_missing_configuration
from tocompose.languages import find_language, node
from tocompose.languages.language import DockerfileInput, Library
from tocompose.record import NamedTuple
from tocompose.repository import Repository, map_at
from tocompose.syntax.model_path import ModelPath
from tocompose.tables import load

# Whose images take Node.js from its own one when a command names it.
_WITH_NODE = ("ruby", "python")


class ImagePrograms(NamedTuple):
    """What is known of an image's programs: its language's, those of the libraries, of packages, of other languages.

    `makes_files` says that a build step fills folders of the work directory.
    """

    language: str
    libraries: tuple[Library, ...]
    packages: tuple[str, ...]
    languages: Set[str]
    makes_files: bool


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
            if _is_build_tool(program, language):
                _note_build_tool(repository, process, program)
                continue
            _note_program(repository, process, program, image)
            _note_scripts(repository, process, program, image)
            _note_led_to(repository, process, program, image)
            note_missing_configuration(repository, process, program)


def _note_program(
    repository: Repository, process: Process, program: NamedProgram, image: ImagePrograms
) -> None:
    subject = ModelPath.service(process.service, "command")
    facts = {"name": process.type, "program": program.name}
    if "/" in program.name and not program.name.startswith("/"):
        script = program.name
        if not _is_there(repository, program.folder, script, image):
            note_missing_script(repository, process, script)
        return
    name = program.name.rsplit("/", 1)[-1]
    if not _is_in_image(repository, name, image):
        repository.add_note("TC567", process.span, subject=subject, **facts)
        return
    argument = script_argument(program)
    if argument and not _is_there(repository, program.folder, argument, image, name):
        note_missing_script(repository, process, argument)


def _is_build_tool(program: NamedProgram, language: str) -> bool:
    """Whether the program builds the app, and the image of the language that runs it does not have it."""
    tools: list[str] = load("programs")["build_tools"].get(language, ())
    name = program.name.rsplit("/", 1)[-1]
    return name in tools or " ".join((name, *program.arguments[:1])) in tools


def _note_build_tool(
    repository: Repository, process: Process, program: NamedProgram
) -> None:
    facts = {"name": process.type, "program": program.name}
    subject = ModelPath.service(process.service, "command")
    repository.add_note("TC093", process.span, subject=subject, **facts)


def _note_led_to(
    repository: Repository, process: Process, program: NamedProgram, image: ImagePrograms
) -> None:
    """Says of `bundle exec` and its like when no library brings the program that they lead to."""
    inner = started_program(program)
    if inner == program or inner.name not in command_rows():
        return
    if not _is_in_image(repository, inner.name, image):
        facts = {"name": process.type, "program": inner.name}
        subject = ModelPath.service(process.service, "command")
        repository.add_note("TC567", process.span, subject=subject, **facts)


def _note_scripts(
    repository: Repository, process: Process, program: NamedProgram, image: ImagePrograms
) -> None:
    """Says of the scripts of package.json and the modules that a program is told to run, and that are not there."""
    note_missing_names(repository, process, program, image.libraries)
    for inner_program in programs_of_scripts(repository, program):
        argument = script_argument(inner_program)
        folder = inner_program.folder
        is_made = makes_files(repository, normpath(f"{folder}/package.json"))
        inner_image = image._replace(makes_files=image.makes_files or is_made)
        if argument and not _is_there(
            repository, folder, argument, inner_image, inner_program.name
        ):
            note_missing_script(repository, process, argument)


def note_missing_script(repository: Repository, process: Process, program: str) -> None:
    """Says that a process runs what the repository does not have."""
    repository.add_note(
        "TC566",
        process.span,
        subject=ModelPath.service(process.service, "command"),
        **missing_script_facts(process, program),
    )


def missing_script_facts(process: Process, program: str) -> dict[str, str]:
    """What the note on a missing script tells."""
    return {"name": process.type, "program": program}


def note_missing_in_development(repository: Repository, process: Process) -> None:
    """Says of a command for development which scripts and modules it runs that the repository does not have."""
    for program in named_programs(process.text):
        note_missing_names(repository, process, program, None)
        is_path = "/" in program.name and not program.name.startswith("/")
        script = program.name if is_path else script_argument(program)
        path = normpath(f"{program.folder}/{script}")
        is_made = is_installed(path) or is_built(path) or path.startswith((".", "/"))
        endings = ("", *load("programs")["interpreters"].get(program.name, ()))
        if (
            script
            and not is_made
            and not any(repository.project.exists(path + ending) for ending in endings)
        ):
            note_missing_script(repository, process, script)


def note_missing_names(
    repository: Repository,
    process: Process,
    program: NamedProgram,
    libraries: Iterable[Library] | None,
) -> None:
    """Says which script of package.json, or module of Python, a program is told to run that nothing has.

    No `libraries` stand for those of an image that is not a generated one.
    """
    subject = ModelPath.service(process.service, "command")
    script = package_script(program)
    problem = missing_package_script(repository, program)
    if (
        script is not None
        and problem
        and not (libraries is None and has_script_anywhere(repository, program))
    ):
        call = script.call(program.name)
        facts = {"name": process.type, "call": call, "problem": problem}
        repository.add_note("TC592", process.span, subject=subject, **facts)
    if module := missing_module(repository, started_program(program), libraries):
        note_missing_script(repository, process, f"the module {module}")


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
    if _is_made(relative, image.language) or is_installed(relative):
        return True
    if image.makes_files and is_built(relative):
        return True
    return relative.startswith("..") or any(
        repository.project.exists(relative + ending) for ending in endings
    )


def _is_made(path: str, language: str) -> bool:
    """Whether the language's own build may leave a program there."""
    programs = load("programs")
    pattern = programs["makes_below"].get(language, "")
    return language in programs["makes_programs"] and bool(re.search(pattern, path))


def _is_in_image(repository: Repository, name: str, image: ImagePrograms) -> bool:
    programs = load("programs")
    language = str(command_rows().get(name, {}).get("language", ""))
    if image.language in programs["makes_programs"] and not language:
        return True
    if name in programs["base"] or name in image.packages:
        return True
    if programs["packages"].get(name) in image.packages:
        return True
    if language in image.languages:
        return not _is_left_out(repository, name, language) or is_of_library(
            name, image.libraries
        )
    if any(name in programs["runtimes"].get(spoken, ()) for spoken in image.languages):
        return True
    is_own = repository.project.exists(f"bin/{name}") and image.language == "ruby"
    return is_own or is_of_library(name, image.libraries)


def _is_left_out(repository: Repository, name: str, language: str) -> bool:
    """Whether a program of a library is in no file that declares the libraries of the app."""
    if name in load("programs")["runtimes"].get(language, ()):
        return False
    text = find_language(language).declared_libraries(repository)
    return bool(text) and re.search(rf"\b{re.escape(name)}\b", text) is None


def is_of_library(name: str, libraries: Iterable[Library]) -> bool:
    """Whether a library has the program's name, or is known to bring it."""
    providers = load("programs")["provided"].get(name, ())
    plain_name = name.removesuffix(".py").replace("_", "-")
    return any(
        plain_name in (library.name, library.name.rsplit("/", 1)[-1])
        or library.name in providers
        or library.name.startswith(f"{plain_name}-")
        for library in libraries
    )
