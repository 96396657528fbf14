"""Development by framework: its own server for development, for an image that has no stage for it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from functools import cache

from tocompose.knowledge.wrappers import behind_wrappers, stated_argv
from tocompose.languages import language_rows
from tocompose.model import Service, Stack
from tocompose.readers.dockerfile import Dockerfile, Stage
from tocompose.readers.json_data import read_plain_json
from tocompose.record import NamedTuple
from tocompose.rules import Context
from tocompose.rules.service_images import as_started, dockerfile_of
from tocompose.rules.worker_checks import worker_of
from tocompose.syntax.interpolation import literal
from tocompose.tables import Row, table

_COLUMNS = set(
    "language base command environment keep needs option own scripts spoils starts url".split()
)


class Framework(NamedTuple):
    """How a service is developed: by which stage of its Dockerfile (empty for the last), and by which command.

    `command` is None where the service's own stays: it reads the mounted source by itself, or listens nowhere. `keep`
    are folders below the work directory that stay the image's own.
    """

    title: str
    stage: Stage
    target: str
    command: tuple[str, ...] | None
    environment: Mapping[str, str]
    keep: tuple[str, ...]


@cache
def _frameworks() -> Mapping[str, Row]:
    return table("frameworks", required={"title", "files"}, optional=_COLUMNS)


@cache
def kept_folders() -> frozenset[str]:
    """The names of the folders that stay an image's own when the source is mounted over it."""
    rows = (*language_rows().values(), *_frameworks().values())
    return frozenset(
        name.rpartition("/")[2] for row in rows for name in row.get("keep", ())
    )


def framework_of(
    service: Service, port: str | None, stack: Stack, context: Context
) -> Framework | None:
    """The framework by which a built service can be developed; None without one, or where its image lacks something."""
    dockerfile = dockerfile_of(service, stack, context)
    started = as_started(service, stack, context)
    if dockerfile is None:
        return None
    serves = port is not None and worker_of(started) is None
    for row, stage in _seen_rows(dockerfile, started, service, context):
        if not _takes_commands(service, stage) or _is_spoilt(row, dockerfile):
            return None
        is_own_stage = stage is dockerfile.stage(_target_of(service))
        if serves:
            command = _command(row, started, port, context)
        else:
            command = None if is_own_stage and "own" not in row else ()
        if command != ():
            return _made(row, dockerfile, stage, command)
    return None


def _seen_rows(
    dockerfile: Dockerfile, started: Service, service: Service, context: Context
) -> Iterator[tuple[Row, Stage]]:
    """The frameworks whose files are there, each with the stage that it can be run in."""
    for row in _frameworks().values():
        stage = _stage_for(row, dockerfile, service)
        if stage is not None and _is_seen(row, started, context):
            yield row, stage


def _made(
    row: Row, dockerfile: Dockerfile, stage: Stage, command: tuple[str, ...] | None
) -> Framework:
    language = language_rows().get(row.get("language", ""), {})
    is_last = stage is dockerfile.stages[-1]
    target = "" if is_last else stage.name or str(dockerfile.stages.index(stage))
    settings = {**language.get("development", {}), **row.get("environment", {})}
    keep = (*language.get("keep", ()), *row.get("keep", ()))
    return Framework(
        row["title"], stage, target, command, settings, tuple(dict.fromkeys(keep))
    )


def _takes_commands(service: Service, stage: Stage) -> bool:
    """Whether the entry point runs the command behind it."""
    own_words = stage.entrypoint.words if stage.entrypoint else ()
    arguments = service.entrypoint if service.entrypoint is not None else own_words
    program = arguments[0].rpartition("/")[2] if arguments else ""
    runs_arguments = not behind_wrappers(list(arguments))
    return runs_arguments or "entrypoint" in program


def _stage_for(row: Row, dockerfile: Dockerfile, service: Service) -> Stage | None:
    """The stage that has what the framework's server needs, and holds the source."""
    last = dockerfile.stage(_target_of(service))
    stages = dockerfile.stages if "base" in row else filter(None, [last])
    for stage in stages:
        # Another stage than the one that runs in production is asked by a shell that not every image has.
        if stage is not last and "alpine" in stage.root:
            continue
        if _is_based(stage, row) and stage.holds_source and _has_sure_folder(stage):
            return stage
    return None


def _is_based(stage: Stage, row: Row) -> bool:
    """Whether the stage is built on an image of the framework's language."""
    language = language_rows().get(row.get("language", ""), {})
    patterns = row.get("base") or [language.get("base", "")]
    name = stage.root.removeprefix("docker.io/").removeprefix("library/")
    return any(fnmatch(f"{name}:", f"{pattern}*") for pattern in patterns)


def _has_sure_folder(stage: Stage) -> bool:
    return stage.workdir.strip("/") != "" and "$" not in stage.workdir


def _is_seen(row: Row, started: Service, context: Context) -> bool:
    """Whether every file that tells of the framework stands in the folder of the build."""
    arguments = stated_argv(started)
    libraries = (word.removesuffix(".dll") for word in arguments if word.endswith(".dll"))
    program = next(libraries, "")
    return all(
        re.search(pattern, _text(name.replace("<program>", program), started, context))
        for name, pattern in row["files"].items()
    )


def _text(name: str, service: Service, context: Context) -> str:
    """The text of a file in the folder that the service is built from; empty where there is none."""
    folder = service.build.context if service.build else "."
    path = posixpath.normpath(posixpath.join(folder, name))
    content = context.read(path) if context.read is not None else None
    return content.decode("utf-8", "replace") if content else ""


def _is_spoilt(row: Row, dockerfile: Dockerfile) -> bool:
    """Whether the image lacks what development needs, by how its Dockerfile installs it."""
    text = "\n".join(
        f"{instruction.name} {instruction.value}" for instruction in dockerfile.instructions
    )
    if "needs" in row and not re.search(row["needs"], text):
        return True
    return "spoils" in row and re.search(row["spoils"], text) is not None


def _target_of(service: Service) -> str:
    return service.build.target or "" if service.build else ""


def _command(
    row: Row, started: Service, port: str | None, context: Context
) -> tuple[str, ...] | None:
    """What runs in development; None for the image's own command, and empty where the framework cannot be used."""
    if "command" in row:
        return tuple(argument.replace("<port>", port or "") for argument in row["command"])
    if "own" in row:
        return _with_option(row, started)
    if "scripts" in row:
        return _script(row, _text("package.json", started, context))
    return None


def _with_option(row: Row, started: Service) -> tuple[str, ...]:
    """The service's own command with the option that makes it read changed source again."""
    arguments = started.command or ()
    if (
        len(arguments) == 3
        and arguments[1] == "-c"
        and not re.search(r"[;&|`$]", arguments[2])
    ):
        arguments = tuple(arguments[2].removeprefix("exec ").split())
    text = " ".join(arguments)
    is_plain = "'" not in text and '"' not in text
    fits = is_plain and re.match(row["own"], text) is not None
    return (*arguments, row["option"]) if fits else ()


def _script(row: Row, text: str) -> tuple[str, ...]:
    """The package's script for development, where it starts a server that others reach."""
    package = read_plain_json(text.encode("utf-8", "surrogatepass"), "package.json").data
    scripts = package.get("scripts") if isinstance(package, dict) else None
    if not isinstance(scripts, dict):
        return ()
    for name in row["scripts"]:
        if re.search(row["starts"], str(scripts.get(name, ""))):
            return tuple(map(literal, ("npm", "run", name)))
    return ()
