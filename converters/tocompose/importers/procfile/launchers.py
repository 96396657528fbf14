"""Commands that start more than one program, and scripts that start what only a buildpack brings."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tocompose.importers.procfile.image import Image
from tocompose.importers.procfile.language import Program, find_program
from tocompose.importers.procfile.named_files import named_programs
from tocompose.importers.procfile.nested import called_script
from tocompose.importers.procfile.processes import Process
from tocompose.importers.procfile.services import AppPlan
from tocompose.importers.procfile.shell import parse_command
from tocompose.patterns import regex
from tocompose.repository import Repository
from tocompose.tables import load
from tocompose.wording import enumerated

_CONFIGURATION = regex(r"\s(?:-c|--configuration)[ =]?(\S+)")
# http://supervisord.org/configuration.html#program-x-section-settings
_PROGRAM = regex(r"^\[program:([\w.-]+)\]", re.MULTILINE)
_COMMENT = regex(r"^\s*#.*$", re.MULTILINE)
_MOST_SHOWN = 6


def note_launchers(plan: AppPlan) -> None:
    """Says which services run several programs, and which scripts start what the generated image does not have."""
    for process in plan.processes:
        image = plan.image(process)
        text = process.text or image.command_text
        if programs := _several_programs(plan.repository, text):
            plan.note("TC428", process, "command", name=process.type, programs=programs)
        if image.generated:
            _note_buildpack_programs(plan, process, image)


def _several_programs(repository: Repository, text: str) -> str:
    """What a command starts beside each other, in words; empty for a command that starts one program."""
    operators = {sign for sign, _ in parse_command(text).operators}
    if "&" in operators:
        names = (program.name.rpartition("/")[2] for program in named_programs(text))
        started = [name for name in names if name != "cd"]
        if len(started) > 1:
            shown = list(dict.fromkeys(started))[:_MOST_SHOWN]
            return f"a shell starts {enumerated(shown)}"
    program = find_program(called_script(repository, text) or text)
    if program.name == "supervisord":
        return f"supervisord starts {_supervised(repository, text)}"
    if program.name in load("entrypoints")["supervisors"]:
        return f"{program.name} starts {_services_below(repository, program)}"
    if program.name in load("process_managers")["parallel"]:
        return f"{program.name} starts them"
    return ""


def _supervised(repository: Repository, text: str) -> str:
    """The programs of supervisord's file, in words."""
    stated = _CONFIGURATION.search(text)
    paths = [stated[1].strip("\"'")] if stated else []
    paths += [path for path in repository.project.files() if path.endswith(".conf")]
    for path in paths:
        if names := _PROGRAM.findall(repository.read_text(path) or ""):
            return f"{enumerated(names[:_MOST_SHOWN])}, as {path} says"
    return "what its configuration lists"


def _services_below(repository: Repository, program: Program) -> str:
    """The services of a folder of runit or s6, in words: http://smarden.org/runit/runsvdir.8."""
    folders = [word for word in program.arguments[1:] if not word.startswith("-")]
    pattern = rf"{re.escape(folders[-1].strip('./'))}/([^/]+)/run" if folders else "(?!)"
    found_runs = (re.fullmatch(pattern, path) for path in repository.project.files())
    names = sorted(run[1] for run in found_runs if run)
    if not names:
        return "what lies in its folder of services"
    return f"{enumerated(names[:_MOST_SHOWN])}, of the folder {folders[-1]}"


def _note_buildpack_programs(plan: AppPlan, process: Process, image: Image) -> None:
    """Says of a script of the repository that it starts programs which buildpacks put into the slug."""
    for program in named_programs(process.text):
        path = program.name.removeprefix("./")
        script = plan.repository.read_text(path) if "/" in path else None
        present = _installed_words(image)
        missing = sorted({*_buildpack_programs(script or "")} - present)
        if missing:
            own_server = image.language == "php"
            plan.note(
                "TC429",
                process,
                "command",
                name=process.type,
                script=path,
                programs=enumerated(missing),
                instead=_OWN_SERVER if own_server else _OWN_PORT,
            )


def _installed_words(image: Image) -> frozenset[str]:
    """The words of the generated Dockerfile's lines that install packages."""
    texts = (file.content.decode() for file in image.files if "Dockerfile" in file.path)
    lines = (line for text in texts for line in text.splitlines() if "apt-get" in line)
    return frozenset(word for line in lines for word in line.split())


_OWN_SERVER = (
    "`apache2-foreground`, which serves the folder that APACHE_DOCUMENT_ROOT names"
)
_OWN_PORT = "a command by which the app itself listens on PORT"


def _buildpack_programs(script: str) -> Iterator[str]:
    """The programs of a script that no Debian package of the generated image brings."""
    text = _COMMENT.sub("", script)
    for pattern in load("programs")["of_buildpacks"]:
        yield from re.findall(rf"(?:^|[\s;&|\"'/(])({pattern})(?=[\s\"';&|)]|$)", text)
