"""Commands that run in a stage of the source's own Dockerfile, held against what that stage is certain to lack.

What cannot be judged is not spoken of: a base image of another origin, a line that downloads or builds something.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch

from tocompose.importers.procfile.language import command_rows
from tocompose.importers.procfile.named_files import (
    NamedProgram,
    jar_argument,
    named_programs,
    script_argument,
)
from tocompose.importers.procfile.processes import Process
from tocompose.importers.procfile.programs import (
    is_of_library,
    missing_script_facts,
    note_missing_names,
)
from tocompose.importers.procfile.shell import convert_command
from tocompose.importers.procfile.stage_files import (
    OwnImage,
    StageFiles,
    run_commands,
)
from tocompose.languages.language import Library
from tocompose.patterns import regex
from tocompose.readers.dockerfile import Stage
from tocompose.record import NamedTuple
from tocompose.repository import Repository
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import is_shell
from tocompose.tables import Row, load

_SHEBANG = regex(r"#!\s*(?:/usr)?(?:/local)?/bin/(?:env\s+(?:-S\s+)?)?(\w+)")
_SMALL = ("alpine", "slim")
# Folders that programs are found in.
_SYSTEM = regex(r"/(?:usr|bin|sbin|opt|root)?(?:/.*)?")
# Files that list libraries, those of other folders too.
_MANIFESTS = (
    ".txt",
    ".toml",
    ".lock",
    ".cfg",
    ".in",
    ".json",
    "Pipfile",
    "Gemfile",
    "setup.py",
)
_ARCHIVE = regex(r"://|\.(?:tar|tgz|zip|gz|xz|deb|apk)\b")


class Lack(NamedTuple):
    """What a command lacks in its image: the thing, and the note that tells of it with its facts."""

    thing: str
    code: str
    facts: Mapping[str, str]


class _JudgedStage(NamedTuple):
    """A stage on a base image of the table: its row, the tag, and the text of all lines that may bring programs."""

    stage: Stage
    row: Row
    tag: str
    text: str

    @property
    def is_opaque(self) -> bool:
        """Whether a line of it may have brought anything."""
        lines = (line for run in self.stage.runs for line in run.splitlines())
        return self._is_filled or any(map(_is_opaque, lines))

    @property
    def hides_languages(self) -> bool:
        """Whether a line of it may have brought a language that it does not name."""
        commands = (command for run in self.stage.runs for command in run_commands(run))
        return self._is_filled or any(
            _is_opaque(command) and not self._is_plain(command) for command in commands
        )

    @property
    def _is_filled(self) -> bool:
        return any(map(_fills_system, self.stage.copies))

    def _is_plain(self, command: str) -> bool:
        """Whether a command says what it brings, or starts what another stage has built."""
        patterns = load("stage_programs")["plain"]
        if any(re.search(pattern, command) for pattern in patterns):
            return True
        program = command.split()[0]
        targets = (
            copy.split()[-1].rstrip("/") for copy in self.stage.copies if "--from=" in copy
        )
        is_copied = any(program.startswith(f"{target}/") for target in targets)
        return is_copied and not program.endswith("sh")

    @property
    def is_full(self) -> bool:
        """Whether the base image has many programs beside its own."""
        return bool(self.row.get("full")) and not any(
            tag_part in self.tag for tag_part in _SMALL
        )

    @property
    def shells(self) -> tuple[str, ...]:
        """The shells of the base image."""
        shells = load("stage_programs")["shells"]
        usual = shells["alpine" if "alpine" in self.tag else "usual"]
        return tuple(self.row.get("shells", usual))

    def has_shell(self, shell: str) -> bool:
        """Whether the image has a shell, or may have it."""
        # A file that is copied there may be one.
        if not self.shells and any(map(_fills_system, self.stage.copies)):
            return True
        is_brought = self.brings("bash") if shell == "bash" else self.names(shell)
        return shell in self.shells or is_brought or self.is_opaque

    def brings(self, name: str) -> bool:
        """Whether a line of it may bring the programs of a language, or bash."""
        pattern = load("stage_programs")["brings"].get(name)
        return pattern is None or re.search(pattern, self.text) is not None

    def names(self, program: str) -> bool:
        """Whether a line of it has the program's name."""
        return re.search(rf"(?<![\w-]){re.escape(program)}(?![\w-])", self.text) is not None


def _is_opaque(line: str) -> bool:
    patterns = load("stage_programs")["opaque"]
    return any(re.search(pattern, line) for pattern in patterns)


def _fills_system(copy: str) -> bool:
    """Whether a COPY or ADD may put programs where they are found, or unpacks something."""
    target = copy.split()[-1].strip('"]')
    from_elsewhere = "--from=" in copy or "$" in target
    is_archive = _ARCHIVE.search(copy) is not None
    return is_archive or (from_elsewhere and _SYSTEM.fullmatch(target) is not None)


def _judge_stage(stage: Stage) -> _JudgedStage | None:
    """The stage with what is known of its base image; None of one that the table does not hold."""
    reference = stage.root.partition("@")[0].removeprefix("docker.io/")
    name, colon, tag = reference.removeprefix("library/").partition(":")
    rows = load("stage_programs")["images"]
    row = next((row for pattern, row in rows.items() if fnmatch(name, pattern)), None)
    if row is None or (colon and not tag) or "onbuild" in tag or "debug" in tag:
        return None
    return _JudgedStage(stage, row, tag, "\n".join(_lines_of_stage(stage)))


def _lines_of_stage(stage: Stage) -> Iterator[str]:
    """What may bring programs into the image, or name them: its steps, its commands and its variables."""
    yield from stage.runs
    yield from (copy for copy in stage.copies if "--from=" in copy)
    for command in (stage.cmd, stage.entrypoint):
        if command is not None:
            yield " ".join(command.words)
    yield from (f"{name}={value}" for name, value in stage.environment.items())


def is_shell_settled(own_image: OwnImage | None, shell: str) -> bool:
    """Whether it is known that the image has the shell, or that it has not."""
    judged_stage = _judge_stage(own_image.stage) if own_image else None
    return judged_stage is not None and (
        shell in judged_stage.shells or not judged_stage.has_shell(shell)
    )


def note_lacking(
    repository: Repository,
    own_image: OwnImage,
    process: Process,
    libraries: tuple[Library, ...],
) -> None:
    """Says what the command of a process runs that the image is certain to lack."""
    for program in named_programs(process.text):
        note_missing_names(repository, process, program, None)
    for lack in lacks_of(repository, own_image, process, libraries):
        subject = ModelPath.service(process.service, "command")
        repository.add_note(lack.code, process.span, subject=subject, **lack.facts)


def lacks_of(
    repository: Repository,
    own_image: OwnImage,
    process: Process,
    libraries: tuple[Library, ...],
) -> tuple[Lack, ...]:
    """What the image is certain to lack of all that a process runs, each thing once."""
    judged_stage = _judge_stage(own_image.stage)
    if judged_stage is None:
        return ()
    check = _CommandCheck(repository, own_image, judged_stage, libraries, process)
    return tuple({lack.thing: lack for lack in check.lacks()}.values())


class _CommandCheck:
    """The question what the command of one process lacks."""

    def __init__(
        self,
        repository: Repository,
        own_image: OwnImage,
        judged_stage: _JudgedStage,
        libraries: tuple[Library, ...],
        process: Process,
    ) -> None:
        self._repository = repository
        self._image = own_image
        self._judged_stage = judged_stage
        self._libraries = libraries
        self._process = process
        self._files = StageFiles(repository, own_image)

    def lacks(self) -> Iterator[Lack]:
        """All that is lacking, in the order of the command."""
        shell = convert_command(self._process.text).shell
        if shell and not self._judged_stage.has_shell(shell):
            yield self._lacking_program(shell)
        for program in named_programs(self._process.text):
            yield from self._lacks_of_program(program)

    def _lack(self, thing: str, code: str, **facts: str) -> Lack:
        name, file = self._process.type, self._image.file
        return Lack(thing, code, {"name": name, "file": file, "program": thing, **facts})

    def _lacking_program(self, program: str) -> Lack:
        return self._lack(program, "TC593", base=self._image.stage.root)

    def _lacks_of_program(self, program: NamedProgram) -> Iterator[Lack]:
        name = program.name
        if is_shell(name):
            if not self._judged_stage.has_shell(name):
                yield self._lacking_program(name)
        elif "/" in name:
            yield from self._lacks_of_script(program, name)
        elif self._lacks(name):
            yield self._lacking_program(name)
        elif library_folder := self._off_path(name):
            folder_name, launcher = library_folder
            yield self._lack(name, "TC594", where=folder_name, launcher=launcher)
        if script := script_argument(program) or jar_argument(program):
            yield from self._lacks_of_script(program, script)

    def _lacks_of_script(self, program: NamedProgram, script: str) -> Iterator[Lack]:
        """The script itself, or the shell that it asks for in vain."""
        if self._judged_stage.is_opaque:
            return
        interpreter = "" if script == program.name else program.name
        cause = self._files.why_missing(program.folder, script, interpreter)
        if cause == "absent":
            facts = missing_script_facts(self._process, script)
            yield Lack(script, "TC566", facts)
        elif cause:
            yield self._lack(script, "TC595", cause=cause)
        text = self._files.text(program.folder, script)
        match = None if interpreter else _SHEBANG.match(text)
        if match and is_shell(match[1]) and not self._judged_stage.has_shell(match[1]):
            yield self._lacking_program(f"{match[1]} (first line of {script})")

    def _lacks(self, name: str) -> bool:
        """Whether nothing can have brought the program."""
        judged_stage = self._judged_stage
        if judged_stage.names(name) or not judged_stage.shells:
            return False
        # A note of its own speaks of the buildpack's launchers.
        if name.startswith("heroku-php-"):
            return False
        language = self._language_of(name)
        if language and language not in judged_stage.row.get("languages", ()):
            return self._lacks_language(language)
        if judged_stage.is_opaque:
            return False
        return self._lacks_own(name, language) if language else self._lacks_package(name)

    def _lacks_language(self, language: str) -> bool:
        """Whether nothing can have brought a language that the base image has not."""
        judged_stage = self._judged_stage
        if judged_stage.hides_languages or (judged_stage.is_full and language == "python"):
            return False
        return not judged_stage.brings(language)

    def _lacks_own(self, name: str, language: str) -> bool:
        """Whether a program of the image's own language is neither part of that nor of a library."""
        is_removed = name in self._judged_stage.row.get("lacks", ())
        is_own = not is_removed and _is_runtime(name, language)
        return not is_own and self._is_nowhere(name, language)

    def _language_of(self, name: str) -> str:
        """The language of a program; empty for one of the system, and for one of a language that is not judged."""
        runtimes: dict[str, list[str]] = load("programs")["runtimes"]
        speaking = (language for language, names in runtimes.items() if name in names)
        language = next(speaking, "") or str(
            command_rows().get(name, {}).get("language", "")
        )
        return language if language in load("stage_programs")["brings"] else ""

    def _is_nowhere(self, name: str, language: str) -> bool:
        """Whether neither a library of the app nor a file that lists any names the program."""
        if is_of_library(name, self._libraries):
            return not self._judged_stage.brings(language)
        paths = self._repository.project.files()
        manifests = (path for path in paths if path.endswith(_MANIFESTS))
        return not any(
            name in (self._repository.read_text(path) or "") for path in manifests
        )

    def _lacks_package(self, name: str) -> bool:
        if name not in load("stage_programs")["packages"] or self._judged_stage.is_full:
            return False
        package = str(load("programs")["packages"][name])
        stem = package.partition("-")[0]
        return stem not in self._judged_stage.text and name not in self._judged_stage.text

    def _off_path(self, name: str) -> tuple[str, str] | None:
        """Where a library's program is that PATH does not lead to, and what starts it there."""
        judged_stage = self._judged_stage
        if judged_stage.is_opaque or judged_stage.names(name) or _is_of_system(name):
            return None
        if judged_stage.stage.entrypoint is not None:
            return None
        for row in load("stage_programs")["off_path"].values():
            if self._installs_aside(row) and self._is_library_program(
                name, row["language"]
            ):
                return row["where"], row["launcher"]
        return None

    def _installs_aside(self, row: Row) -> bool:
        """Whether the stage installs libraries of the row's language where PATH does not lead to."""
        judged_stage = self._judged_stage
        installs = re.search(row.get("installs", ""), judged_stage.text)
        if row["language"] not in judged_stage.row.get("languages", ()) or not installs:
            return False
        return re.search(row["unless"], judged_stage.text) is None

    def _is_library_program(self, name: str, language: str) -> bool:
        """Whether a library of the language brings the program, and not the language itself."""
        own_libraries = [
            library for library in self._libraries if library.language == language
        ]
        return not _is_runtime(name, language) and is_of_library(name, own_libraries)


def _is_runtime(name: str, language: str) -> bool:
    return name in load("programs")["runtimes"].get(language, ())


def _is_of_system(name: str) -> bool:
    programs = load("programs")
    return name in programs["base"] or name in programs["packages"]
