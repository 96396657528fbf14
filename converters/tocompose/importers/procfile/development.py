"""The dev override: the development stage, the source mounted, the dependencies of the image kept (E-01)."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence

from tocompose.importers.procfile.image import Image
from tocompose.importers.procfile.language import find_program
from tocompose.importers.procfile.listening import note_local_in_development
from tocompose.importers.procfile.nested import called_script, starts_processes
from tocompose.importers.procfile.ports import open_address, opening_words
from tocompose.importers.procfile.processes import Process
from tocompose.importers.procfile.services import AppPlan
from tocompose.importers.procfile.shell import convert_command
from tocompose.knowledge.secrets.commands import command_secrets
from tocompose.languages import language_rows
from tocompose.languages.node import has_workspaces
from tocompose.model import (
    Build,
    ComposeFileRole,
    EnvVariable,
    Healthcheck,
    Mount,
    Port,
    Service,
)
from tocompose.record import replace
from tocompose.syntax.interpolation import literal, plain
from tocompose.syntax.model_path import ModelPath
from tocompose.tables import Row, load

_NODE_MODULES = "node_modules"
_MOST_FILES = 100_000
# https://docs.gunicorn.org/en/stable/settings.html#reload, https://www.uvicorn.org/settings/#development
_RELOADING = ("gunicorn", "uvicorn")


def add_overlays(
    plan: AppPlan, processes: tuple[Process, ...], services: tuple[Service, ...]
) -> tuple[Service, ...]:
    """The services, those that can run from the mounted source with a dev override."""
    by_name = {process.service: process for process in processes}
    result = []
    for service in services:
        overlay = _make_overlay(plan, by_name[service.name], service)
        overlays = {ComposeFileRole.DEV: overlay} if overlay else {}
        result.append(replace(service, overlays=overlays) if overlay else service)
    return tuple(result)


def _make_overlay(plan: AppPlan, process: Process, service: Service) -> Service | None:
    image = plan.image(process)
    refusal = _why_unmounted(process, image)
    if not refusal:
        return _mounted_overlay(plan, process, image, service)
    if image.generated and image.target and image.build is not None:
        # Said outright: in development this process runs the production image, which holds what was built.
        build = Build(context=image.build.context, target="production")
        return Service(name=service.name, build=build)
    if process.publishes and image.build is not None:
        plan.repository.add_note(
            "TC359",
            image.span,
            subject=ModelPath.service(service.name),
            service=service.name,
            why=refusal,
        )
    return None


def note_commands(
    plan: AppPlan, processes: tuple[Process, ...], services: tuple[Service, ...]
) -> None:
    """Says what each service with a mounted source runs in development, once Procfile.dev has had its say."""
    by_name = {process.service: process for process in processes}
    for service in services:
        process = by_name[service.name]
        overlay = service.overlays.get(ComposeFileRole.DEV)
        if overlay is None or not overlay.mounts or not process.publishes:
            continue
        command = overlay.command or service.command
        shown_words = [plain(word) or word for word in command or ()]
        shown = _shown_command(shown_words) or plan.image(process).command_text
        _note_command(plan, process, shown)
        if overlay.command is not None and "0.0.0.0" not in shown:
            note_local_in_development(plan.repository, process, shown, plan.port.number)


def _uses_rails(plan: AppPlan) -> bool:
    """Whether a library, a command or a variable of the app is of Rails."""
    commands = (process.text for process in plan.processes)
    names = (variable.name for variable in plan.app_variables)
    gems = plan.repository.read_text("Gemfile") or ""
    return re.search(r"\brails\b|\bRAILS_", " ".join((gems, *commands, *names))) is not None


def _note_command(plan: AppPlan, process: Process, shown: str) -> None:
    plan.repository.add_note(
        "TC372",
        process.span,
        subject=ModelPath.service(process.service),
        service=process.service,
        what=f"`{shown}`" if shown else "the image's own command",
        path=plan.image(process).workdir,
        restart=_restart_advice(plan, process, shown),
    )


def _restart_advice(plan: AppPlan, process: Process, command: str) -> str:
    """What makes a change of the source take effect, for a command that reads it once."""
    table, image = load("development"), plan.image(process)
    text = " ".join((command, called_script(plan.repository, command)))
    # In the mode for development Rails reads its code anew in whatever server.
    is_rails = bool(image.target) and _uses_rails(plan)
    is_read_once = not is_rails and re.search(table["reads_once"], text)
    if not is_read_once or re.search(table["reloads"], text):
        return ""
    return f"; a change needs `docker compose restart {process.service}`"


def _shown_command(words: Sequence[str]) -> str:
    """The command as a note may show it, without the secrets that its program is given."""
    shown = list(words)
    for secret in reversed(command_secrets(words)):
        word = shown[secret.word]
        shown[secret.word] = f"{word[: secret.start]}…{word[secret.end :]}"
    return shlex.join(shown)


def _mounted_overlay(
    plan: AppPlan, process: Process, image: Image, service: Service
) -> Service:
    row: Row = language_rows().get(image.language, {})
    command: tuple[str, ...] | None = None
    if process.publishes and (words := image.dev_command or _reloading(process, image)):
        command = tuple(map(literal, words))
    if command and starts_processes(plan.repository, image.dev_command):
        # What it would start runs in services of its own.
        command = None
    if command is not None:
        command = _opened(plan, process, command)
    elif process.publishes and process.text and image.target:
        command = _opened_text(process.text, plan.port.number)
    return Service(
        name=service.name,
        image=_development_tag(image) if image.target else None,
        build=_development_build(image),
        command=command,
        environment=tuple(_development_variables(image, row, service)),
        ports=tuple(_debug_ports(row, command, service)),
        mounts=tuple(_source_mounts(plan, image, row)),
        healthcheck=_development_check(service),
    )


def _opened(plan: AppPlan, process: Process, command: tuple[str, ...]) -> tuple[str, ...]:
    """The command, that of a front end's server with what makes it listen for others, at the port that is published."""
    text = shlex.join(plain(word) or word for word in command)
    script = called_script(plan.repository, text)
    words = opening_words(text, script, plan.port.number) if process.publishes else ()
    return (*command, *words)


def _opened_text(text: str, port: str) -> tuple[str, ...] | None:
    """The command of production where its server would listen on 127.0.0.1 in the mode for development; else None."""
    opened = open_address(text, port)
    return None if opened == text else convert_command(opened).argv


def _reloading(process: Process, image: Image) -> tuple[str, ...]:
    """The command of a Python server in the source's own image, with the option that makes it read changes."""
    text = process.text or image.command_text
    is_server = find_program(text).name in _RELOADING and "--preload" not in text
    has_entrypoint = image.own_stage is not None and image.own_stage.stage.entrypoint
    if image.generated or image.target or not is_server:
        return ()
    if has_entrypoint and not process.text:
        # The image's own command is what stands behind its entrypoint alone.
        return ()
    # An app of another language is converted without what reads Python.
    from tocompose.languages.python import reloading_command

    written = tuple(plain(word) or "" for word in convert_command(text).argv)
    return reloading_command(text, written)


def _why_unmounted(process: Process, image: Image) -> str:
    """Why the source is not mounted; empty when it is."""
    if image.build is None:
        return "its image is built by buildpacks"
    if image.target and not image.generated:
        return ""
    if not image.workdir:
        return "its Dockerfile names no work directory"
    if not image.mountable:
        return "the image does not hold the source as it is in the repository"
    return _why_built(image, bool(process.publishes and image.dev_command))


def _why_built(image: Image, is_developed: bool) -> str:
    """Why a process must run what was built from the source; empty when the source itself does."""
    row: Row = language_rows().get(image.language, {"staged": True})
    is_compiled = row.get("compiled", False)
    if not is_developed and (is_compiled or image.builds_source):
        return (
            "the program is built from the source, and no command for development is known"
        )
    if not image.target and (is_compiled or row.get("staged")):
        return "the Dockerfile has no stage for development"
    return ""


def _development_tag(image: Image) -> str:
    """A tag of its own: the production image of the same name stays what it is."""
    return f"{image.reference.rpartition(':')[0]}:development"


def _development_build(image: Image) -> Build | None:
    if image.build is None or not image.target:
        return None
    return Build(
        context=image.build.context, dockerfile=image.build.dockerfile, target=image.target
    )


def _development_variables(
    image: Image, row: Row, service: Service
) -> Iterator[EnvVariable]:
    """What the language's row says of development, of the variables that the service has."""
    names = {variable.name for variable in service.environment}
    if image.target or row.get("develops_in_place"):
        for name, value in row.get("development", {}).items():
            if name in names:
                yield EnvVariable(name=name, value=value)


def _development_check(service: Service) -> Healthcheck | None:
    """A check that asks sooner: who starts the stack by hand waits for the first answer."""
    check = service.healthcheck
    return None if check is None or check.is_off else Healthcheck(interval="5s")


def _debug_ports(
    row: Row, command: tuple[str, ...] | None, service: Service
) -> Iterator[Port]:
    """The port of the debugger, which only one container of the machine can have."""
    number = row.get("debug", "")
    if (service.replicas or 1) > 1:
        return
    if number and any(number in argument for argument in command or ()):
        published = f"${{DEBUG_PORT:-{number}}}"
        yield Port(
            target=number,
            published=published,
            host_ip="127.0.0.1",
            listener=f"the debugger of {service.name}",
        )


def _workspace_modules(plan: AppPlan) -> Iterator[str]:
    """The libraries of each package of a repository of several, which package managers link below its folder."""
    repository = plan.repository
    if not has_workspaces(repository, repository.read_json("package.json")):
        return
    for path in sorted(repository.project.files())[:_MOST_FILES]:
        folder, _, name = path.rpartition("/")
        if name == "package.json" and folder and _NODE_MODULES not in folder:
            yield f"{folder}/{_NODE_MODULES}"


def _source_mounts(plan: AppPlan, image: Image, row: Row) -> Iterator[Mount]:
    """The source where the image holds it, and a volume for each folder that the image fills itself."""
    context = image.source or (image.build.context if image.build else ".")
    if image.target and not image.generated:
        context = "."
    yield Mount(kind="bind", source=context, target=image.workdir)
    folders = list(row.get("keep", ()))
    builds_front_end = image.generated and image.language in ("ruby", "elixir")
    if builds_front_end and plan.repository.has_file("package.json"):
        folders.append(_NODE_MODULES)
    if _NODE_MODULES in folders:
        folders += _workspace_modules(plan)
    for folder in dict.fromkeys((*folders, *image.filled)):
        yield Mount(kind="volume", target=f"{image.workdir.rstrip('/')}/{folder}")
