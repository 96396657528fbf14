"""Which language the app is written in, by its commands, its buildpacks and its files."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping

from tocompose.importers.procfile.nested import without_launchers
from tocompose.importers.procfile.processes import StatedProcess
from tocompose.importers.procfile.shell import parse_command
from tocompose.languages import is_present, language_rows
from tocompose.languages.node import find_bundler
from tocompose.ledger import Cursor
from tocompose.record import NamedTuple
from tocompose.repository import Repository
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import is_shell
from tocompose.tables import Row, load, table

_SCRIPT_OPTIONS = ("-c", "-lc")


class Program(NamedTuple):
    """The program that a command starts, it and its arguments, and its row of commands.yaml (empty when not known).

    `title` has the word too by which the row is chosen, as `celery flower`.
    """

    name: str
    arguments: tuple[str, ...]
    row: Row
    title: str


def find_program(text: str) -> Program:
    """The program of a command's last part, behind `bundle exec`, `env A=b`, `bin/`, `sh -c` and the like."""
    parsed = parse_command(text)
    ends = [offset for sign, offset in parsed.operators if sign in ("&&", ";", "|")]
    start = max(ends, default=-1)
    arguments = without_launchers(
        [shell_word.text for shell_word in parsed.words if shell_word.start > start]
    )
    if len(arguments) > 2 and arguments[1] in _SCRIPT_OPTIONS and is_shell(arguments[0]):
        return find_program(arguments[2])
    name, rows = arguments[0] if arguments else "", command_rows()
    parts = (f"{name} {argument}" for argument in arguments[1:])
    row_name = next((part for part in parts if part in rows), name)
    return Program(name, tuple(arguments), rows.get(row_name, {}), row_name)


def command_rows() -> Mapping[str, Row]:
    """The rows of commands.yaml by program."""
    optional = {
        "port",
        "usual",
        "local",
        "reads",
        "option",
        "environment",
        "overrides",
        "ends",
    }
    return table("commands", required={"language"}, optional=optional)


def ends_by_itself(text: str) -> bool:
    """Whether a command is known to do its work and end."""
    program = find_program(text)
    pattern = program.row.get("ends")
    return pattern is not None and bool(re.match(pattern, " ".join(program.arguments[1:])))


def find_language(
    repository: Repository,
    processes: Collection[StatedProcess],
    buildpacks: Iterable[Cursor],
) -> str:
    """The row of languages.yaml; empty when nothing tells. The last buildpack decides, as on the platform."""
    stated = [find_buildpack(url).get("language") for url in buildpack_urls(buildpacks)]
    of_buildpacks = [str(language) for language in stated if language]
    present = [
        language
        for language, row in language_rows().items()
        if is_present(repository.project, row)
    ]
    if of_buildpacks:
        return of_buildpacks[-1]
    if not processes and present[:1] == ["node"] and _is_site(repository):
        return "static"
    spoken = filter(present.__contains__, _spoken_languages(processes))
    return next(spoken, present[0] if present else "")


def _is_site(repository: Repository) -> bool:
    """Whether a build makes files that a web server hands out: its program does, or static.json says so."""
    return bool(find_bundler(repository)) or repository.has_file("static.json")


def language_of_commands(
    repository: Repository, processes: Collection[StatedProcess]
) -> str:
    """The language that the commands alone speak, where no file does and an image needs none; empty for another."""
    if any(map(repository.has_file, ("Dockerfile", "heroku.yml"))):
        return ""
    if any(process.image for process in processes):
        return ""
    ordered = sorted(processes, key=lambda process: process.type != "web")
    languages = (_bare_language(find_program(process.text)) for process in ordered)
    return next(filter(None, languages), "")


def _bare_language(program: Program) -> str:
    """The language whose image has the program without any library; empty for a program of another kind."""
    name = str(program.row.get("language", ""))
    row = language_rows().get(name, {})
    own_programs = load("programs")["runtimes"].get(name, ())
    is_own = program.name in own_programs or program.name.startswith("heroku-php-")
    return name if row.get("without_manifest") and is_own else ""


def _spoken_languages(processes: Iterable[StatedProcess]) -> Iterator[str]:
    """The languages of the commands, the web process's first."""
    for process in sorted(processes, key=lambda process: process.type != "web"):
        yield str(find_program(process.text).row.get("language", ""))


def find_buildpack(url: str) -> Row:
    """The first row of buildpacks.yaml that fits."""
    rows = table(
        "buildpacks",
        required={"match"},
        optional={"language", "note", "package", "followed"},
    )
    return next(row for row in rows.values() if re.search(row["match"], url.lower()))


def _buildpack_url(buildpack: Cursor) -> str:
    """The buildpack's URL or short name; of a language (`languages` of heroku.yml) the platform's own buildpack."""
    keys = ("url", "uri", "id")
    stated = (buildpack.peek(key) for key in keys) if buildpack.kind == "map" else ()
    text = next(filter(None, stated), "") or buildpack.peek() or ""
    return f"heroku/{text}" if re.fullmatch(r"[a-z]+", text) else text


def buildpack_urls(buildpacks: Iterable[Cursor]) -> tuple[str, ...]:
    """The buildpacks' URLs or short names."""
    return tuple(filter(None, map(_buildpack_url, buildpacks)))


_REPLACED = "the generated Dockerfile takes the place of the buildpacks"
_NOT_USED = "the image is built by a Dockerfile, not by buildpacks"


def settle_buildpacks(buildpacks: Iterable[Cursor], generated: bool, language: str) -> None:
    """Settles the buildpacks: what each did is in the image, or a note says that it is not."""
    for buildpack in buildpacks:
        url = _buildpack_url(buildpack)
        row = find_buildpack(url)
        if not url:
            subject = "an entry of buildpacks"
            buildpack.note("TC315", what=subject, wanted="a map with url")
        elif "followed" in row:
            buildpack.skip("the variable that steers it is followed")
        elif "package" in row and generated:
            buildpack.map(to=ModelPath.of("files", "Dockerfile"))
        elif row.get("language") == language and generated:
            buildpack.skip(_REPLACED)
        elif row.get("note") == "TC366" and not generated:
            buildpack.skip("the Dockerfile of the repository installs its own packages")
        elif "language" in row:
            buildpack.skip(_REPLACED if generated else _NOT_USED)
        else:
            buildpack.note(row["note"], name=_without_credentials(url))


def _without_credentials(url: str) -> str:
    return re.sub(r"//[^/@]*@", "//", url)
