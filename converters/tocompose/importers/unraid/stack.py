"""Puts the stack together: one service for each template."""

from __future__ import annotations

from collections.abc import Iterable

from tocompose.importers import ImportOptions
from tocompose.importers.docker_run.invocation import Argument, Invocation, Script
from tocompose.importers.docker_run.stack import build_stack
from tocompose.importers.field_tables import FieldWalk, note_findings
from tocompose.importers.unraid.configs import note_choices, note_defaults
from tocompose.importers.unraid.shapes import write_elements
from tocompose.importers.unraid.templates import field_tables, read_templates
from tocompose.importers.unraid.writer import TemplateVariables, TemplateWriter
from tocompose.knowledge.secrets.names import secret_name
from tocompose.ledger import Cursor, Ledger
from tocompose.model import Runtime, Stack
from tocompose.notes import note
from tocompose.patterns import regex
from tocompose.project import Project
from tocompose.record import replace
from tocompose.source import Span
from tocompose.syntax.model_path import ModelPath
from tocompose.wording import enumerated

_SERVER_FOLDERS = ("/mnt/user", "/mnt/cache", "/mnt/disk", "/mnt/remotes", "/boot/")


def read_stack(project: Project, ledger: Ledger, settings: ImportOptions) -> Stack:
    """The stack of all templates of the project."""
    variables = TemplateVariables()
    writers = [
        _write_template(template, variables, settings, ledger)
        for template in read_templates(project, ledger)
    ]
    steps: list[Invocation] = []
    for writer in writers:
        command = writer.invocation()
        if command is None:
            writer.leave_out("TC820", writer.template, "no Repository")
            continue
        steps.append(command)
        steps += _connections(writer)
    script = Script(
        tuple(steps),
        variables.values,
        secrets=tuple(
            name
            for name in variables.values
            if name in variables.masked or secret_name(name)
        ),
        demanded=tuple(sorted(variables.asked)),
    )
    stack = build_stack((script,), project, ledger, settings.name)
    own_networks = {writer.mode for writer in writers if writer.has_own_address}
    networks = (
        replace(network, driver="macvlan") if network.name in own_networks else network
        for network in stack.networks
    )
    stack = replace(stack, runs_in=Runtime.DOCKER, networks=tuple(networks))
    _note_folders(stack, ledger)
    return _with_comments(stack, writers)


def _write_template(
    template: Cursor, variables: TemplateVariables, settings: ImportOptions, ledger: Ledger
) -> TemplateWriter:
    writer = TemplateWriter(template, variables, settings.options)
    write_elements(writer, template, "Container")
    _add_time_zone(writer)
    note_choices(writer)
    note_defaults(writer)
    if template.node is not None:
        walk = FieldWalk(field_tables(), ledger, default_reason="the default value")
        walk.visit(template.node, "Container")
        note_findings(walk.findings, ledger, writer.name, writer.subject)
    return writer


def _add_time_zone(writer: TemplateWriter) -> None:
    """The time zone that Unraid gives each container, where the template names none."""
    if any(argument.text.startswith("--env=TZ=") for argument in writer.arguments):
        return
    own_names = [
        name
        for argument in writer.arguments
        if (name := _set_variable(argument.text)) and _OWN_TIME_ZONE.search(name)
    ]
    own = (
        f", and {enumerated(own_names)} of the app in the compose file" if own_names else ""
    )
    writer.template.annotate("TC823", subject=writer.subject, object=writer.name, own=own)
    writer.add_open("--env", "TZ=${TZ:-Etc/UTC}")


# An app that has a setting of its own does not ask the system.
_OWN_TIME_ZONE = regex(r"(?:^|_)(?:TIME_?ZONE|TZ)$")


def _set_variable(argument: str) -> str:
    option, _, setting = argument.partition("=")
    return setting.partition("=")[0] if option == "--env" else ""


def _connections(writer: TemplateWriter) -> Iterable[Invocation]:
    for network in writer.networks:
        arguments = (network, Argument(writer.name, network.span))
        yield Invocation("docker", ("network", "connect"), arguments, network.span)


def _with_comments(stack: Stack, writers: Iterable[TemplateWriter]) -> Stack:
    comments: dict[Span, str] = {
        writer.template.value_span: writer.comment for writer in writers if writer.comment
    }
    services = (
        replace(service, comments=(comments[service.origin], *service.comments))
        if service.origin in comments
        else service
        for service in stack.services
    )
    return replace(stack, services=tuple(services))


def _note_folders(stack: Stack, ledger: Ledger) -> None:
    """Says that folders of the server are mounted."""
    folders = {
        "/".join((mount.source or "").split("/")[:4]): mount.origin
        for service in stack.services
        for mount in service.mounts
        if (mount.source or "").startswith(_SERVER_FOLDERS)
    }
    if folders:
        span = next(iter(folders.values()))
        subject = ModelPath.of("services")
        names = ", ".join(sorted(folders))
        ledger.add_note(note("TC827", span, subject=subject, folders=names))
