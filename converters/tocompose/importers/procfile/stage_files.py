"""Which files of the repository a stage of its own Dockerfile is certain not to hold."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from fnmatch import fnmatch
from posixpath import join, normpath

from tocompose.importers.procfile.named_files import is_built, is_installed
from tocompose.patterns import regex
from tocompose.project import ignore_rules
from tocompose.readers.dockerfile import Stage
from tocompose.readers.json_data import strict_json
from tocompose.record import NamedTuple
from tocompose.repository import Repository
from tocompose.tables import load

# A run of such a line may leave a script behind.
_MAKES = regex(
    r"build|compil|generat|\bcreate|\bnew\b|\binit\b|startproject|<<|>|curl|wget|clone"
)
_SEPARATOR = regex(r"&&|;|\n")
# Folders of the base image's own programs.
_SYSTEM = regex(r"/(?:usr/(?:local/)?)?s?bin/")
_HAS_SCRIPT_NAME = regex(r"\.(?:sh|bash|py|rb|[cm]?js|php)$|^bin/[\w-]+$")


class OwnImage(NamedTuple):
    """An image that a Dockerfile of the repository builds, in the context of that file's folder."""

    file: str
    stage: Stage

    @property
    def command_text(self) -> str:
        """What the image starts by itself, as a shell reads it; empty where that is not known."""
        return " ".join(
            " ".join(started.words) if started.shell else shlex.join(started.words)
            for started in (self.stage.entrypoint, self.stage.cmd)
            if started is not None
        )


class StageFiles:
    """The files of the build's context, as the stage copies them."""

    def __init__(self, repository: Repository, own_image: OwnImage) -> None:
        self._repository = repository
        self._stage = own_image.stage
        self._file = own_image.file
        folder, slash, _ = own_image.file.rpartition("/")
        self._folder = folder + slash
        self._workdir = own_image.stage.workdir.rstrip("/") or "/"

    def why_missing(self, folder: str, script: str, interpreter: str = "") -> str:
        """Why the image has no such script, in arguments, or `absent` where the repository has none.

        Empty where the image has it, or may.
        """
        path = self._path(folder, script)
        name = script.rpartition("/")[2]
        is_named = any(name in run for run in self._stage.runs)
        if not path:
            return ""
        not_copied = f"no COPY of {self._file} takes it"
        unmade = not_copied if self._is_out_of_reach(path) else ""
        if is_installed(path) or is_built(path) or is_named:
            return unmade
        paths = tuple(self._candidates(path, interpreter))
        if any(self._may_bring(copy, path) for copy in self._stage.copies):
            return ""
        if not paths:
            return "absent" if self._is_absent(path) else unmade
        copied_paths = tuple(filter(self._is_copied, paths))
        if not copied_paths:
            return not_copied
        ignored_by = set(map(self._ignored_by, copied_paths))
        return f"{ignored_by.pop()} leaves it out" if "" not in ignored_by else ""

    def text(self, folder: str, script: str) -> str:
        """The text of a script of the repository; empty where there is none."""
        path = self._path(folder, script)
        paths = self._candidates(path, "") if path else iter(())
        return self._repository.read_text(self._folder + next(paths, "")) or ""

    def _path(self, folder: str, script: str) -> str:
        """The path below the work directory; empty where it lies elsewhere, or where that cannot be seen."""
        path = normpath(join(self._workdir, folder, script)) if " " not in script else "/"
        prefix = f"{self._workdir.rstrip('/')}/"
        is_below = path.startswith(prefix) and "$" not in path
        return path.removeprefix(prefix) if is_below else ""

    def _candidates(self, path: str, interpreter: str) -> Iterator[str]:
        """The files of the context that may be it: it may be copied from a folder below."""
        endings = ("", *load("programs")["interpreters"].get(interpreter, ()))
        named = tuple(path + ending for ending in endings)
        path_endings = tuple(f"/{name}" for name in named)
        for repository_path in self._repository.project.files():
            context_path = repository_path.removeprefix(self._folder)
            is_inside = context_path != repository_path or not self._folder
            if is_inside and (context_path in named or context_path.endswith(path_endings)):
                yield context_path

    def _is_out_of_reach(self, path: str) -> bool:
        """Whether nothing can have put the path there: no line that makes files, no COPY to that place."""
        name = path.rpartition("/")[2]
        runs = " ".join(self._stage.runs)
        is_of_system = _SYSTEM.match(f"{self._workdir.rstrip('/')}/{path}") is not None
        may_install = is_of_system and (name in runs or name in load("programs")["base"])
        files = self._repository.project.files()
        is_elsewhere = any(file.rpartition("/")[2] == name for file in files)
        is_brought = any(
            self._may_bring(copy, path) or self._is_target(copy, path)
            for copy in self._stage.copies
        )
        makes_files = not all(map(_makes_nothing, self._stage.runs))
        return not (may_install or is_elsewhere or is_brought or makes_files)

    def _is_target(self, copy: str, path: str) -> bool:
        """Whether a COPY gives a file that name."""
        target = normpath(join(self._workdir, copy.split()[-1].strip('"]')))
        return target == join(self._workdir, path)

    def _may_bring(self, copy: str, path: str) -> bool:
        """Whether a COPY from another stage, of another place, or by a variable may bring the script."""
        is_elsewhere = any(sign in copy for sign in ("--from=", "://", "<<", "$", ".tar"))
        target = normpath(join(self._workdir, copy.split()[-1].strip('"]')))
        target_folder = target.rstrip("/")
        is_there = f"{join(self._workdir, path)}/".startswith(f"{target_folder}/")
        return is_elsewhere and (is_there or "$" in copy)

    def _is_absent(self, path: str) -> bool:
        """Whether no file of the repository can become the script, and no line makes it."""
        name = path.rpartition("/")[2]
        is_script = _HAS_SCRIPT_NAME.search(path) is not None
        # A COPY may give a file another name, or put it into another folder.
        is_renamed = any(name in copy.split()[-1] for copy in self._stage.copies)
        files = self._repository.project.files()
        is_elsewhere = any(file.rpartition("/")[2] == name for file in files)
        is_made = any(map(_MAKES.search, self._stage.runs))
        return is_script and not (is_renamed or is_elsewhere or is_made)

    def _is_copied(self, path: str) -> bool:
        return any(
            _covers(source, path)
            for copy in self._stage.copies
            for source in _sources(copy)
        )

    def _ignored_by(self, path: str) -> str:
        """The file that keeps a path out of the build's context; empty where none does."""
        for name in (f"{self._file}.dockerignore", f"{self._folder}.dockerignore"):
            text = self._repository.read_text(name)
            if text is None:
                continue
            lines = [line.strip() for line in text.splitlines()]
            # What is taken back again is Docker's own way to read it.
            if any(line.startswith("!") for line in lines):
                return ""
            anchored = [f"/{line.lstrip('/')}" for line in lines if line and line[0] != "#"]
            return name if ignore_rules(anchored).match_file(path) else ""
        return ""


def _makes_nothing(run: str) -> bool:
    """Whether all commands of a RUN line are of those that only install packages and prepare folders and users."""
    harmless: list[str] = load("stage_programs")["makes_nothing"]
    commands = run_commands(run)
    return all(
        command.split()[0] in harmless and ">" not in command for command in commands
    )


def run_commands(run: str) -> tuple[str, ...]:
    """The commands of a RUN line; one behind a pipe stands with that before it."""
    texts = (text.strip() for text in _SEPARATOR.split(run.replace("\\\n", " ")))
    return tuple(text for text in texts if text)


def _sources(copy: str) -> tuple[str, ...]:
    """What a COPY copies, without its options."""
    arguments = [argument for argument in copy.split() if not argument.startswith("--")]
    if arguments[:1] and arguments[0].startswith("["):
        listed = strict_json(" ".join(arguments))
        if not isinstance(listed, list):
            return (".",)
        arguments = list(map(str, listed))
    return tuple(normpath(argument).lstrip("/") or "." for argument in arguments[:-1])


def _covers(source: str, path: str) -> bool:
    """Whether a source of a COPY is the file, or a folder above it."""
    path_parts = path.split("/")
    paths = ("/".join(path_parts[:count]) for count in range(1, len(path_parts) + 1))
    return source == "." or any(fnmatch(path_above, source) for path_above in paths)
