"""Whether what notes say is true of the files that were written: no service, variable or file that is not there."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from functools import cache

from tocompose.cli.convert import convert_command
from tocompose.importers import importers
from tocompose.notes import Kind, Note, generated_forms
from tocompose.pipeline import Result
from tocompose.syntax.names import ALWAYS_SET

# A variable with a default is not asked for: a command for a container may try one that it is not given.
_ASKED = re.compile(
    r"\b[Ss]et (?:the variable )?([A-Z][A-Z0-9_]{2,})(?= in `?\.env| to )"
    r"|\$\{([A-Za-z_][A-Za-z0-9_]*)(?!\w|:-)"
    r"|\b([A-Z][A-Z0-9_]{2,}) in `?\.env"
)
_WRITTEN = re.compile(
    r"(?<![\w/.-])(docker-compose(?:\.override|\.prod)?\.yml|\.env(?:\.example)?|\.(?:docker|git)ignore"
    r"|(?:secrets|config)/[\w./-]*\w)(?![\w/-])"
)
_CODE = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)")
# An option of a format; the value too, where the format has a few and names them in its help.
_OPTION = re.compile(r"--option ([\w-]+)=([\w-]+)")
_CHOICES = {"auto", "never", "pack", "own", "remote", "networks", "unraid"}
# What is advised to be given to `tocompose convert`.
_OF_CONVERT = re.compile(
    r"(?:[Cc]onvert(?: again)? with(?:out)?|\buse) `(--[^`]+)`|`tocompose convert ([^`]+)`"
)
_FLAG = re.compile(r"(?<!\S)(--[a-z][\w-]*)")
# What these ask for is to be made by the reader, or was there under that name before it was moved.
_TO_BE_MADE = {"TC213", "TC508", "TC884"}
# Compose itself looks at these; no file needs to name them.
_OF_COMPOSE = ("COMPOSE_", "DOCKER_")


def false_sayings(result: Result, source: Collection[str] = ()) -> list[str]:
    """What notes say of services, variables and files that are neither written nor among the source's files."""
    texts = _texts_of(result)
    services = {service.name for service in result.stack.services}
    paths = {file.path for file in result.files} | set(source)
    paths |= {path.rpartition("/")[0] for path in paths}
    options = options_of_format(result.importer)
    return [
        f"{note.code} {problem}: {note.message}"
        for note in result.notes
        for problem in (
            *_problems(note, services, paths, texts),
            *_unknown_options(note, options),
        )
    ]


def options_of_format(name: str) -> Mapping[str, str]:
    """What `--option` takes for a format, with the help of each."""
    [importer] = [importer for importer in importers() if importer.name == name]
    return dict(getattr(importer, "options", {}))


def _unknown_options(note: Note, options: Mapping[str, str]) -> Iterator[str]:
    """What a note advises that the command line refuses: an option that the format has not, a value that it does not
    know, a flag that is none."""
    for name, value in _OPTION.findall(f"{note.message}\n{note.advice}"):
        if name not in options:
            yield f"option {name}"
        elif value in _CHOICES and value not in options[name]:
            yield f"value {value} of option {name}"
    for command in _OF_CONVERT.findall(note.advice):
        for flag in _FLAG.findall(" ".join(command)):
            if flag not in _flags_of_convert():
                yield f"flag {flag}"


@cache
def _flags_of_convert() -> frozenset[str]:
    return frozenset(
        flag
        for parameter in convert_command.params
        for flag in (*parameter.opts, *parameter.secondary_opts)
    )


def false_report_lines(markdown: str, result: Result) -> list[str]:
    """What MIGRATION.md says that cannot be copied as it stands, asks for without need, or points to in vain."""
    sections = dict(re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", markdown, re.M | re.S))
    generated = generated_forms(result.notes)
    return [
        *(
            f"copied with a backslash: {line}"
            for line in _escaped_lines(sections["What to do"])
        ),
        *(
            f"generated, and asked for: {name}"
            for name in generated
            if _asks(markdown, name)
        ),
        *(["no table above"] if _points_in_vain(sections) else []),
    ]


def _escaped_lines(text: str) -> list[str]:
    """The lines in which a backslash of Markdown stands before what a shell reads."""
    return [
        line for line in text.splitlines() if re.search(r"\\[_(){}$]", _CODE.sub("", line))
    ]


def _asks(markdown: str, name: str) -> bool:
    asked = rf"(?m)^- \[ \] Set [^\n]*\b{name}\b|^\| `{name}` \|.*no value yet"
    return re.search(asked, markdown) is not None


def _points_in_vain(sections: dict[str, str]) -> bool:
    has_data = re.search(
        r"(?m)^\| `", sections["Data, configuration and logs"].split("| Configuration |")[0]
    )
    return "table above" in sections.get("Move over", "") and has_data is None


def unused_settings(result: Result) -> list[str]:
    """The variables of `.env` that no other file which was written names."""
    texts = _texts_of(result, besides=(".env", ".env.example"))
    return [
        setting.name
        for setting in result.stack.settings
        if not re.search(rf"(?<!\w){re.escape(setting.name)}(?!\w)", texts)
        and not setting.name.startswith(_OF_COMPOSE)
    ]


def _texts_of(result: Result, besides: Collection[str] = ()) -> str:
    return "\n".join(
        file.content.decode("utf-8", "replace")
        for file in result.files
        if file.path not in besides
    )


def _problems(note: Note, services: set[str], paths: set[str], texts: str) -> Iterator[str]:
    yield from _false_subjects(note, services, texts)
    said = f"{note.message}\n{note.advice}"
    for match in _ASKED.finditer(said):
        name = next(filter(None, match.groups()))
        if name not in texts and name not in ALWAYS_SET:
            yield f"variable {name}"
    if note.code not in _TO_BE_MADE:
        # A path may be part of a command that was written.
        for path in _WRITTEN.findall(said):
            if path not in paths and path not in texts:
                yield f"file {path}"


def _false_subjects(note: Note, services: set[str], texts: str) -> Iterator[str]:
    section, *names = (*note.subject, "", "")
    name = names[0]
    if not name or note.kind is Kind.LOST:
        return
    if section == "services":
        # A workload of several pods is as many services: store-0, store-1 …; a service of development stands in its
        # file alone.
        is_there = name in services or f"{name}-0" in services or f"\n  {name}:\n" in texts
        yield from [] if is_there else [f"service {name}"]
    elif section == "settings" and name not in texts:
        yield f"variable {name}"
