"""What is fuzzed: every reader, importer and exporter that takes text of a stranger.

A fault is any exception but its own.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from random import Random
from typing import NamedTuple

from fuzz.seeds import WINDOWS, seeds, texts
from tocompose.answers import AnswerError, read_answers
from tocompose.check import audit, repair
from tocompose.exporters.bundle import Layout
from tocompose.exporters.existing import combine
from tocompose.exporters.insertion import InsertionError, insert
from tocompose.importers import ImportOptions, SourceError
from tocompose.ledger import Ledger
from tocompose.model import File
from tocompose.pipeline import Options, convert
from tocompose.project import Memory
from tocompose.readers import (
    dotenv,
    json,
    makefile,
    markdown,
    procfile,
    reading,
    shell,
    systemd,
    yaml,
)
from tocompose.readers.dockerfile import read_dockerfile
from tocompose.readers.shell import as_shell
from tocompose.readers.text import Text, Unreadable, decode
from tocompose.reports import FORMS, render
from tocompose.reports.report import report
from tocompose.rules import Context
from tocompose.syntax.env_lines import entries_by_name

Files = dict[str, bytes]


class Target(NamedTuple):
    """A name, what takes the input, and the inputs to start from."""

    name: str
    run: Callable[[Files], object]
    starts: Callable[[], tuple[Files, ...]]


def _single(
    run: Callable[[bytes], object], *endings: str
) -> tuple[Callable[[Files], object], Callable[[], tuple[Files, ...]]]:
    """A reader of one file."""
    return (
        lambda files: [run(text) for text in files.values()],
        lambda: tuple({"input": text} for text in texts(*endings)),
    )


def _text_reader(read: Callable[[Text], object]) -> Callable[[bytes], object]:
    def run(content: bytes) -> object:
        text = decode(content)
        if text is None:
            return None
        try:
            return read(Text("input", text))
        except Unreadable:
            return None

    return run


def _windows(content: bytes) -> object:
    """A script of PowerShell, of cmd.exe, and one of either that its name does not tell."""
    text = decode(content)
    if text is None:
        return None
    return [as_shell(Text(f"input{ending}", text)) for ending in (".ps1", ".cmd", ".sh")]


def _windows_starts() -> tuple[Files, ...]:
    return tuple({"input": text} for text in (*WINDOWS, *texts(*_SHELL)))


def _yaml(content: bytes) -> object:
    found = yaml.yaml_cursors(content, "input", Ledger())
    return [
        yaml.resolve(leaf.text, leaf.style) for cursor in found for leaf in cursor._leaves()
    ]


def _dotenv(content: bytes) -> object:
    return dotenv.read_dotenv(content), dotenv.comments(content)


def _answers(content: bytes) -> object:
    try:
        return read_answers(content.decode("utf-8", "replace"), "answers.toml")
    except AnswerError:
        return None


def _existing(content: bytes) -> object:
    own = {"services": {"added": {"image": "a:1"}}, "volumes": {"data": {}}}
    combine(File(path=".env", content=b"A=1\n"), content)
    combine(File(path=".gitignore", content=b".env\n"), content)
    combine(File(path=".env.example", content=b"A=1\n"), content)
    entries_by_name(content.decode("utf-8", "replace"))
    try:
        return insert(content.decode("utf-8", "surrogateescape"), "docker-compose.yml", own)
    except InsertionError:
        return None


def _convert(name: str, files: Files) -> object:
    """The whole way: import, practices, files, and some reports, chosen by the input itself."""
    random = Random(sum(map(len, files.values())))
    layout = Layout(split=random.random() < 0.7, modern_names=random.random() < 0.3)
    practices = random.choice(("all", "all", "none"))
    options = Options(
        source=name,
        practices=practices,
        layout=layout,
        context=Context(harden=random.random() < 0.3),
    )
    project = Memory(files)
    try:
        result = convert(project, options)
    except SourceError as problem:
        return str(problem)
    if random.random() < 0.3:
        render(random.choice(sorted(FORMS)), report(result, project))
    return result


def _check(files: Files) -> object:
    """`tocompose check --fix`: compose files are judged and put right."""
    project = Memory(files)
    return audit(project, project.named), repair(project, project.named)


def _pasted(files: Files) -> object:
    """A pasted command: the words of a script as the shell gives them."""
    import shlex

    for text in files.values():
        try:
            words = tuple(shlex.split(text.decode("utf-8", "surrogateescape")))
        except ValueError:
            continue
        settings = ImportOptions(options={"argv": words[:2000]})
        try:
            convert(Memory({}), Options(source="docker_run", settings=settings))
        except SourceError:
            continue
    return None


def _starts(form: str) -> tuple[Files, ...]:
    return tuple(seed.files for seed in seeds(form))


def _whole(name: str) -> tuple[Callable[[Files], object], Callable[[], tuple[Files, ...]]]:
    return partial(_convert, name), partial(_starts, name)


_SHELL = (".sh", ".txt", "Makefile", ".md")
TARGETS = {
    name: Target(name, *parts)
    for name, parts in {
        "yaml": _single(_yaml, ".yaml", ".yml"),
        "json": _single(json.read_json, ".json"),
        "dotenv": _single(_dotenv, ".env", "example", "sample"),
        "procfile_reader": _single(procfile.read_procfile, "Procfile", ".dev"),
        "lines": _single(partial(reading.read_lines, file="input"), "CHECKS", ".txt"),
        "dockerfile": _single(read_dockerfile, "Dockerfile"),
        "shell": _single(_text_reader(shell.read), *_SHELL),
        "documentation": _single(
            _text_reader(partial(shell.read, documentation=True)), *_SHELL
        ),
        "makefile": _single(_text_reader(makefile.read), "Makefile", ".mk"),
        "markdown": _single(_text_reader(markdown.read), ".md", ".txt"),
        "systemd": _single(_text_reader(systemd.read), ".service"),
        "windows": (_single(_windows)[0], _windows_starts),
        "answers": _single(_answers, ".toml", ".yaml"),
        "existing": _single(_existing, "docker-compose.yml", ".env"),
        "docker_run": _whole("docker_run"),
        "kubernetes": _whole("kubernetes"),
        "procfile": _whole("procfile"),
        "check": (_check, partial(_starts, "compose")),
        "pasted": (_pasted, partial(_starts, "docker_run")),
    }.items()
}

# Of a hundred inputs, how many each target gets when they are counted: whole conversions take longest.
SHARES = dict.fromkeys(TARGETS, 5) | {
    "docker_run": 6,
    "kubernetes": 9,
    "procfile": 4,
    "check": 4,
    "existing": 4,
}
