"""Which language the app is written in, by its commands, its buildpacks and its files."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import NamedTuple

from tocompose.importers.procfile.bundlers import bundler
from tocompose.importers.procfile.nested import unwrapped
from tocompose.importers.procfile.processes import Found
from tocompose.importers.procfile.repository import Repository
from tocompose.importers.procfile.shell import parse
from tocompose.ledger import Cursor
from tocompose.tables import Row, table


class Program(NamedTuple):
    """The program that a command starts, and its row of commands.yaml (empty when it is not known)."""

    name: str
    words: tuple[str, ...]
    row: Row


def languages() -> dict[str, Row]:
    """The languages that a Dockerfile can be generated for, in the order in which they are tried."""
    required = {"title", "detect", "port", "environment", "development", "tcp"}
    return dict(
        table(
            "languages",
            required=required,
            optional={"keep", "debug", "http", "base", "compiled"},
        )
    )


def program(text: str) -> Program:
    """The program of a command's last part, behind `bundle exec`, `env A=b`, `bin/`, `sh -c` and the like."""
    parsed = parse(text)
    after = max(
        (place for sign, place in parsed.operators if sign in ("&&", ";", "|")), default=-1
    )
    words = unwrapped([word.text for word in parsed.words if word.start > after])
    if len(words) > 2 and words[0] in ("sh", "bash") and words[1] in ("-c", "-lc"):
        return program(words[2])
    name = words[0] if words else ""
    rows = table(
        "commands",
        required={"language"},
        optional={"port", "local", "reads", "option", "environment", "ends"},
    )
    return Program(name, tuple(words), rows.get(name, {}))


def ends(text: str) -> bool:
    """Whether a command is known to do its work and end."""
    found = program(text)
    pattern = found.row.get("ends")
    words = (
        found.words[found.words.index(found.name) + 1 :]
        if found.name in found.words
        else found.words[1:]
    )
    return pattern is not None and re.match(pattern, " ".join(words)) is not None


def language(
    repository: Repository, found: Collection[Found], buildpacks: Iterable[Cursor]
) -> str:
    """The row of languages.yaml; empty when nothing tells. The last buildpack decides, as on the platform."""
    stated = [
        row["language"]
        for item in buildpacks
        if "language" in (row := buildpack(_url(item)))
    ]
    if stated:
        return str(stated[-1])
    present = [name for name, row in languages().items() if _detected(repository, row)]
    if not found and present[:1] == ["node"] and bundler(repository):
        return "static"
    for item in sorted(found, key=lambda item: item.type != "web"):
        spoken = program(item.text).row.get("language", "")
        if spoken in present:
            return str(spoken)
    return present[0] if present else ""


def _detected(repository: Repository, row: Row) -> bool:
    return any(repository.project.read(path) is not None for path in row["detect"])


def buildpack(url: str) -> Row:
    """The first row of buildpacks.yaml that fits."""
    rows = table("buildpacks", required={"match"}, optional={"language", "note", "package"})
    return next(row for row in rows.values() if re.search(row["match"], url.lower()))


def _url(item: Cursor) -> str:
    """The buildpack's URL or short name; of a language (`languages` of heroku.yml) the platform's own buildpack."""
    text = (item.peek() if item.kind == "leaf" else item.peek("url")) or ""
    return f"heroku/{text}" if re.fullmatch(r"[a-z]+", text) else text


def urls(buildpacks: Iterable[Cursor]) -> tuple[str, ...]:
    """The buildpacks' URLs or short names."""
    return tuple(url for item in buildpacks if (url := _url(item)))


def settle_buildpacks(buildpacks: Iterable[Cursor], generated: bool, chosen: str) -> None:
    """Settles the buildpacks: what each did is in the image, or a note says that it is not."""
    for item in buildpacks:
        row, url = buildpack(_url(item)), _url(item)
        if not url:
            item.note("TC315", what="an entry of buildpacks", wanted="a map with url")
        elif "package" in row and generated:
            item.map(to="files.Dockerfile")
        elif row.get("language") == chosen and generated:
            item.skip("the generated Dockerfile builds what this buildpack builds")
        elif row.get("note") == "TC366" and not generated:
            item.skip("the Dockerfile of the repository installs its own packages")
        elif "language" in row:
            item.skip("the image is built by a Dockerfile, not by buildpacks")
        else:
            item.note(row["note"], name=_without_credentials(url))


def _without_credentials(url: str) -> str:
    return re.sub(r"//[^/@]*@", "//", url)
