"""The dev override: the development stage, the source mounted, the dependencies of the image kept (E-01)."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.importers.procfile.image import Image
from tocompose.importers.procfile.language import languages
from tocompose.importers.procfile.processes import Process
from tocompose.importers.procfile.services import Plan
from tocompose.model import Build, Home, Mount, Port, Service, Variable
from tocompose.record import replace
from tocompose.syntax.interpolation import literal
from tocompose.tables import Row

# Languages whose source runs as it is: a mount shows a change without a build.
_RUBY_LIKE = ("ruby",)


def overlay(
    plan: Plan, processes: tuple[Process, ...], built: tuple[Service, ...]
) -> tuple[Service, ...]:
    """The services, those that can run from the mounted source with a dev override."""
    by_name = {item.service: item for item in processes}
    result = []
    for service in built:
        process = by_name[service.name]
        part = _part(plan, process, plan.image(process), service)
        result.append(replace(service, overlays={Home.DEV: part}) if part else service)
    return tuple(result)


def _part(plan: Plan, process: Process, image: Image, service: Service) -> Service | None:
    reason = _refusal(process, image)
    if reason and image.generated and image.target and image.build is not None:
        # Said outright: in development this process runs the production image, which holds what was built.
        build = Build(context=image.build.context, target="production")
        return Service(name=service.name, build=build)
    if reason:
        if process.publishes and image.build is not None:
            facts = {"service": service.name, "why": reason}
            plan.repository.say(
                "TC359", image.span, subject=f"services.{service.name}", **facts
            )
        return None
    row: Row = languages().get(image.language, {})
    command = (
        tuple(literal(word) for word in image.dev_command)
        if process.publishes and image.dev_command
        else None
    )
    part = Service(
        name=service.name,
        image=_tag(image) if image.target else None,
        build=_build(image),
        command=command,
        environment=tuple(_environment(image, row, service)),
        ports=tuple(_debug_ports(row, command)),
        mounts=tuple(_mounts(plan, image, row)),
    )
    if process.publishes:
        shown = (
            " ".join(image.dev_command or service.command or ())
            or "the image's own command"
        )
        facts = {"service": service.name, "command": shown, "path": image.workdir}
        plan.repository.say(
            "TC372", process.span, subject=f"services.{service.name}", **facts
        )
    return part


def _refusal(process: Process, image: Image) -> str:
    """Why the source is not mounted; empty when it is."""
    row: Row = languages().get(image.language, {})
    if image.build is None:
        return "its image is built by buildpacks"
    if image.target and not image.generated:
        return ""
    if not image.mountable:
        return "the image does not hold the source as it is in the repository"
    developed = process.publishes and bool(image.dev_command)
    if (row.get("compiled") or image.builds_source) and not developed:
        return (
            "the program is built from the source, and no command for development is known"
        )
    if not image.target and (row.get("compiled") or image.language in (*_RUBY_LIKE, "")):
        return "the Dockerfile has no stage for development"
    return ""


def _tag(image: Image) -> str:
    """A tag of its own: the production image of the same name stays what it is."""
    return f"{image.reference.rpartition(':')[0]}:development"


def _build(image: Image) -> Build | None:
    if image.build is None or not image.target:
        return None
    return Build(
        context=image.build.context, dockerfile=image.build.dockerfile, target=image.target
    )


def _environment(image: Image, row: Row, service: Service) -> Iterator[Variable]:
    wanted = (
        dict(row.get("development", {})) if image.target or image.language == "node" else {}
    )
    if image.language == "ruby" and any(
        item.name == "RAILS_ENV" for item in service.environment
    ):
        wanted["RAILS_ENV"] = "development"
    yield from (Variable(name=name, value=value) for name, value in wanted.items())


def _debug_ports(row: Row, command: tuple[str, ...] | None) -> Iterator[Port]:
    number = row.get("debug", "")
    if number and command and any(number in word for word in command):
        yield Port(
            target=number, published=f"${{DEBUG_PORT:-{number}}}", host_ip="127.0.0.1"
        )


def _mounts(plan: Plan, image: Image, row: Row) -> Iterator[Mount]:
    context = image.source or (image.build.context if image.build else ".")
    if context != "." and image.target and not image.generated:
        context = "."
    yield Mount(kind="bind", source=context, target=image.workdir)
    kept = list(row.get("keep", ()))
    if (
        plan.repository.project.read("package.json") is not None
        and "node_modules" not in kept
        and image.generated
    ):
        kept += ["node_modules"] if image.language in ("ruby", "elixir") else []
    for folder in kept:
        yield Mount(kind="volume", target=f"{image.workdir.rstrip('/')}/{folder}")
