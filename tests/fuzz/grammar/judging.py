"""What is demanded of one input: no fault, no note of a fault, the same bytes, nothing changed by a second run."""

from __future__ import annotations

import hashlib
import os
import tempfile
import traceback
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from random import Random
from typing import NamedTuple

import click

from fuzz.grammar.manifests import manifest
from fuzz.grammar.platforms import (
    app_json,
    blueprint,
    inspected,
    odd_compose,
    old_compose,
    quadlet,
    task,
    template,
)
from fuzz.grammar.repositories import repository
from fuzz.grammar.scripts import Files, makefile, script, unit
from fuzz.grammar.settings import answers, compose_file, kubeconfig, settings_file
from fuzz.grammar.workflows import workflow
from fuzz.running import limited
from tocompose.answers import AnswerError, read_answers
from tocompose.check import audit, repair
from tocompose.exporters.bundle import Layout
from tocompose.importers import SourceError
from tocompose.model import File
from tocompose.notes import Note
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Folder, Memory
from tocompose.reports import with_reports
from tocompose.writing import WriteError, plan, write

SECONDS = 20.0


class Outcome(NamedTuple):
    """What one input came to: faults in words, the digest of all outputs, and compose files for docker compose."""

    faults: tuple[str, ...] = ()
    digest: str = ""
    compose: tuple[bytes, ...] = ()
    dotenv: bytes = b""
    codes: tuple[str, ...] = ()


def conversion(form: str, twice_share: float, files: Files, random: Random) -> Outcome:
    """Converts as `convert -o` or to standard output, and such a share twice in the same folder."""
    twice = random.random() < twice_share
    split = twice or random.random() < 0.3
    options = Options(source=form, layout=Layout(split=split))
    project = Memory(files)
    try:
        result = convert(project, options)
    except SourceError as problem:
        return Outcome(_internal(problem.notes), _digest([str(problem)]))
    faults = [*_internal(result.notes)]
    if twice:
        # Of compose files the folder may be named, or the files.
        is_folder = form == "compose" and random.random() < 0.5
        named = () if is_folder else tuple(files)
        faults += _written_twice(files, form, options, named)
    written = {file.path: file.content for file in result.files}
    compose = tuple(
        content
        for path, content in written.items()
        if path in ("docker-compose.yml", "docker-compose.prod.yml")
    )
    digest = _digest(
        [
            *(f"{path}\n{content!r}" for path, content in written.items()),
            *map(str, result.notes),
        ]
    )
    codes = tuple(
        sorted(
            {
                note.code
                for note in result.notes
                if note.kind.value == "lost" or note.code == _ENV_FILE
            }
        )
    )
    return Outcome(
        tuple(faults),
        digest,
        compose[: 1 + (random.random() < 0.3)],
        written.get(".env", b""),
        codes,
    )


# A file of variables that the source does not bring: docker compose refuses the stack until it is there.
_ENV_FILE = "TC609"


def is_told(reason: str, codes: Iterable[str]) -> bool:
    """Whether a note says why docker compose refuses the file."""
    return "env file" in reason and _ENV_FILE in codes


def _internal(notes: Iterable[Note]) -> tuple[str, ...]:
    return tuple(
        f"{note.code}: {note.message}" for note in notes if note.code.startswith("TC9")
    )


def _digest(parts: Iterable[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _written_twice(
    files: Files, form: str, options: Options, named: tuple[str, ...]
) -> list[str]:
    """What a second conversion over the first one's files would change.

    Of a source that is itself written over, the reports tell of another one.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "app"
        for path, content in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        project, result = _in_folder(folder, named, options)
        # Of a folder, what was written is the source of the second one.
        is_own = not named or any(
            file.path in files and file.path != ".env" for file in result.files
        )
        try:
            written, _ = with_reports(result, project)
            write(written, folder, force=True, lasting=False)
        except OSError as problem:
            return [f"not written: {problem}"]
        except WriteError:
            # It says what has to be done first, such as closing a quote in `.env`.
            return []
        project, result = _in_folder(folder, named, options)
        judged = result.files if is_own else with_reports(result, project)[0]
        changes, _ = plan(judged, folder, force=True)
        return [
            f"a second conversion changes {change.path}"
            for change in changes
            if change.is_needed
        ]


def _in_folder(
    folder: Path, named: tuple[str, ...], options: Options
) -> tuple[Folder, Result]:
    project = Folder(folder, named)
    return project, convert(project, options)


def checked(files: Files, random: Random) -> Outcome:
    """Judges and repairs a compose file; the repair of the repaired changes nothing."""
    project = Memory(files)
    findings = audit(project, project.named)
    repaired = repair(project, project.named)
    if findings is None or repaired is None:
        return Outcome()
    changed = {file.path: file.content for file in repaired.files}
    again = repair(Memory({**files, **changed}), project.named)
    faults = [*_internal(findings.notes), *_internal(repaired.notes)]
    second = _changed_by(again.files if again else (), {**files, **changed})
    faults += [f"a second repair changes {path}" for path in second]
    digest = _digest(
        [
            *(f"{path}\n{content!r}" for path, content in changed.items()),
            *map(str, findings.notes),
        ]
    )
    before, after = files["docker-compose.yml"], changed.get("docker-compose.yml", b"")
    return Outcome(
        tuple(faults), digest, (before, after) if after and after != before else ()
    )


def _changed_by(files: Iterable[File], before: Files) -> list[str]:
    return [file.path for file in files if before.get(file.path) != file.content]


def answered(files: Files, random: Random) -> Outcome:
    """Reads answers, and converts with them."""
    try:
        read = read_answers(files["answers.toml"].decode(), "answers.toml")
    except AnswerError as problem:
        return Outcome(digest=_digest([str(problem)]))
    source = {
        "run.sh": b"docker run -d --name web -e X=1 nginx\ndocker run -d --name db postgres:16\n"
    }
    try:
        result = convert(Memory(source), Options(source="docker_run", answers=read))
    except (SourceError, AnswerError, ValueError) as problem:
        return Outcome(digest=_digest([f"{type(problem).__name__} {problem}"]))
    return Outcome(
        _internal(result.notes), _digest(map(str, result.notes)), (result.files[0].content,)
    )


def settled(files: Files, random: Random) -> Outcome:
    """Reads the settings file of a folder as each command does."""
    from tocompose.cli.group import main as cli
    from tocompose.cli.settings import configured_defaults

    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / ".git").mkdir()
        for name, content in files.items():
            (place / name).write_bytes(content)
        before = Path.cwd()
        os.chdir(place)
        try:
            configured_defaults(
                cli.params, lambda name: cli.get_command(click.Context(cli), name)
            )
        except click.UsageError as problem:
            return Outcome(digest=_digest([problem.message.replace(folder, "")]))
        finally:
            os.chdir(before)
    return Outcome()


def connected(files: Files, random: Random) -> Outcome:
    """Opens the connection that a kubeconfig describes."""
    from tocompose.cluster.kubeconfig import connect_cluster

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config"
        path.write_bytes(files["config"])
        try:
            connection = connect_cluster(str(path), None, allow_exec=False)
        except SourceError as problem:
            return Outcome(digest=_digest([str(problem).replace(folder, "")]))
        try:
            connection.headers()
        except SourceError:
            return Outcome()
    return Outcome()


class Source(NamedTuple):
    """A grammar, what is demanded of its inputs, and how many of a hundred inputs are its."""

    make: Callable[[Random], Files]
    judge: Callable[[Files, Random], Outcome]
    share: int


def _convert(form: str, twice_share: float = 0.02) -> Callable[[Files, Random], Outcome]:
    return partial(conversion, form, twice_share)


SOURCES = {
    "script": Source(script, _convert("docker_run"), 26),
    "makefile": Source(makefile, _convert("docker_run"), 7),
    "unit": Source(unit, _convert("docker_run"), 7),
    "workflow": Source(workflow, _convert("docker_run", 0.5), 4),
    "manifest": Source(manifest, _convert("kubernetes"), 16),
    "repository": Source(repository, _convert("procfile", 0.1), 10),
    "app_json": Source(app_json, _convert("procfile", 0.5), 2),
    "quadlet": Source(quadlet, _convert("quadlet", 0.5), 2),
    "render": Source(blueprint, _convert("render", 0.5), 2),
    "unraid": Source(template, _convert("unraid", 0.5), 2),
    "task": Source(task, _convert("aws", 0.5), 2),
    "inspect": Source(inspected, _convert("engine", 0.5), 2),
    "old_compose": Source(old_compose, _convert("compose", 0.5), 1),
    "odd_compose": Source(odd_compose, _convert("compose", 0.5), 1),
    "compose": Source(compose_file, checked, 6),
    "answers": Source(answers, answered, 3),
    "settings": Source(settings_file, settled, 5),
    "kubeconfig": Source(kubeconfig, connected, 2),
}


def build(name: str, number: int) -> tuple[Files, Random]:
    """The input of that number, and the chance that goes on with it."""
    random = Random(f"{name} {number}")
    return SOURCES[name].make(random), random


def judge(name: str, number: int) -> Outcome:
    """What is wrong with one input of a grammar, if anything."""
    files, random = build(name, number)
    try:
        with limited(SECONDS):
            return SOURCES[name].judge(files, random)
    except (Exception, MemoryError, RecursionError) as fault:
        return Outcome((f"{type(fault).__name__} in {_place(fault)}: {fault}"[:300],))


def _place(fault: BaseException) -> str:
    frames = traceback.extract_tb(fault.__traceback__)
    own = [frame for frame in frames if "tocompose/" in frame.filename] or frames
    return f"{own[-1].filename.rpartition('tocompose/')[2]}:{own[-1].lineno}"
