"""How the fields of a swarm's service are read where they differ from a container's."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.importers.docker_run.shapes import Fact, FactMerge
from tocompose.importers.docker_run.task_templates import (
    fill_service_name,
    fill_task_number,
    has_template,
)
from tocompose.importers.engine.json_values import is_true, number_at, text_at, words_at
from tocompose.importers.engine.mounts import read_mounts
from tocompose.importers.engine.object_context import ObjectContext
from tocompose.importers.engine.shapes import FieldFact, read_environment, text_of
from tocompose.ledger import Cursor
from tocompose.model import ConfigMount, Mount, NetworkAttachment, Port
from tocompose.record import replace
from tocompose.syntax.interpolation import literal
from tocompose.syntax.units import format_duration

_DEFAULT_DELAY = 5_000_000_000


def read_words(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """The words of a command."""
    yield FieldFact(Fact(tuple(map(literal, words_at(cursor)))), cursor)


def read_duration(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """Nanoseconds, as a duration."""
    yield FieldFact(Fact(format_duration(number_at(cursor))), cursor)


def read_templated_text(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """A text; one with a template of the swarm has no equivalent."""
    text = text_at(cursor)
    if has_template(text):
        subject = context.path.child(cursor.key.lower())
        cursor.note("TC485", subject=subject, field=cursor.key)
    else:
        yield FieldFact(Fact(literal(text)), cursor)


def read_templated_environment(
    cursor: Cursor, context: ObjectContext
) -> Iterator[FieldFact]:
    """The variables; those with a template of the swarm have no equivalent."""
    for found in read_environment(cursor, context):
        name, _, value = text_at(found.cursor).partition("=")
        if has_template(value):
            found.cursor.note(
                "TC485", subject=context.path.child("environment"), field=name
            )
        else:
            yield found


def read_templated_mounts(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """The mounts; of a volume for each task that of the first, since all containers of a service share one here."""
    service_name = text_at(context.cursor, "Spec", "Name")
    for mount_fact in read_mounts(cursor, context):
        mount, field_entry = mount_fact.fact.value, mount_fact.cursor
        if not isinstance(mount, Mount):
            # A folder in memory with options stands in its short form, and has no source.
            if has_template(mount):
                field = f"Mounts: {text_at(field_entry, 'Target')}"
                field_entry.note("TC485", subject=context.path.child("tmpfs"), field=field)
            else:
                yield mount_fact
            continue
        subject = context.path.child("volumes", mount.target)
        source = fill_service_name(mount.source or "", service_name)
        of_first_task = fill_task_number(source)
        if has_template(of_first_task) or has_template(mount.target):
            field_entry.note(
                "TC485", subject=subject.parent, field=f"Mounts: {mount.target}"
            )
            continue
        if of_first_task != source:
            field_entry.annotate(
                "TC498", subject=subject, name=of_first_task, service=context.name
            )
        mount = replace(mount, source=of_first_task or None)
        yield mount_fact._replace(fact=mount_fact.fact._replace(value=mount))


def read_host_lines(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """Lines of /etc/hosts: the address, then its names."""
    for field_entry in cursor:
        address, *names = text_of(field_entry).split()
        for name in names:
            yield FieldFact(Fact(f"{name}={address}", FactMerge.APPEND), field_entry)


def read_digested_image(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """The image without the digest that the swarm puts behind its tag."""
    name, _, digest = text_of(cursor).partition("@")
    has_tag = ":" in name.rpartition("/")[2]
    image = name if has_tag or not digest else f"{name}@{digest}"
    yield FieldFact(Fact(image), cursor)


def read_service_labels(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """Labels of the service, which in a swarm stand on no container: here the containers get them."""
    for field_entry in cursor:
        reason = context.tool_label_reason(field_entry.key)
        if reason:
            field_entry.skip(reason)
            continue
        fact = Fact(text_of(field_entry), FactMerge.KEY, field_entry.key)
        yield FieldFact(fact, field_entry)
        subject = context.path.child("labels")
        cursor.annotate("TC487", subject=subject, service=context.name)


def read_service_mode(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """Replicas; a global service runs once on one machine, and jobs end."""
    for mode in cursor:
        if mode.key == "Replicated":
            if text_at(mode, "Replicas") in ("", "1"):
                mode.skip("the default value")
            else:
                yield FieldFact(Fact(number_at(mode, "Replicas")), mode)
        elif mode.key == "Global":
            cursor.skip("on one machine it runs once")
        else:
            yield FieldFact(Fact("replicated-job", target="mode"), mode)
            mode.annotate(
                "TC486", subject=context.path.child("restart"), service=context.name
            )
            _note_counts(mode, context)


def _note_counts(mode: Cursor, context: ObjectContext) -> None:
    """How often a job runs, and how many of it at a time, is nothing that Compose counts."""
    counts = [
        f"Mode.{mode.key}.{key}: {number_at(mode, key)}"
        for key in ("TotalCompletions", "MaxConcurrent")
        if number_at(mode, key) > 1
    ]
    if counts:
        subject = context.path.child("restart")
        mode.annotate(
            "TC484", subject=subject, object=context.name, fields=", ".join(counts)
        )


def read_service_networks(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """Networks by their ids; the swarm's own ingress is left out."""
    for field_entry in cursor:
        name = context.network_names.name_of(text_at(field_entry, "Target"))
        if name == "ingress":
            field_entry.skip("the swarm's own network for published ports")
        elif name in ("host", "none"):
            yield FieldFact(Fact(name, target="network_mode"), field_entry)
        else:
            attachment = _read_attachment(field_entry, context.network_key(name))
            yield FieldFact(Fact(attachment, FactMerge.APPEND), field_entry)


def _read_attachment(field_entry: Cursor, key: str) -> NetworkAttachment:
    driver_options = {
        option.key: text_of(option) for option in field_entry.at("DriverOpts")
    }
    return NetworkAttachment(
        network=key,
        aliases=tuple(text_of(alias) for alias in field_entry.at("Aliases")),
        options={"driver_opts": driver_options} if driver_options else {},
        origin=field_entry.span,
    )


def read_service_ports(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """Published ports; whether the swarm or one machine takes them is the same on one machine."""
    for field_entry in cursor:
        published = text_at(field_entry, "PublishedPort")
        port = Port(
            target=text_at(field_entry, "TargetPort"),
            published=None if published in ("", "0") else published,
            protocol=text_at(field_entry, "Protocol") or "tcp",
            origin=field_entry.span,
        )
        yield FieldFact(Fact(port, FactMerge.APPEND), field_entry)


def read_service_logging(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """The log driver with its options."""
    driver = cursor.at("Name")
    if driver:
        yield FieldFact(Fact(text_of(driver), target="logging.driver"), driver)
    for option in cursor.at("Options"):
        fact = Fact(text_of(option), FactMerge.KEY, option.key, target="logging.options")
        yield FieldFact(fact, option)


def read_restart_condition(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """`any` is `always`; how long the swarm waits between attempts has no key."""
    for key in ("Delay", "Window"):
        if number_at(cursor, key) not in (0, _DEFAULT_DELAY):
            wait = f"RestartPolicy.{key}: {format_duration(number_at(cursor, key))}"
            cursor.at(key).note(
                "TC484",
                subject=context.path.child("restart"),
                object=context.name,
                fields=wait,
            )
    yield FieldFact(Fact(text_at(cursor, "Condition") or "any"), cursor)
    if attempts := number_at(cursor, "MaxAttempts"):
        yield FieldFact(Fact(str(attempts), target="restart_attempts"), cursor)


def read_secrets(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """Secrets by their names; the swarm does not show their values."""
    yield from _read_grants(cursor, "SecretName")


def read_configs(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """Configs by their names."""
    yield from _read_grants(cursor, "ConfigName")


def _read_grants(cursor: Cursor, name_key: str) -> Iterator[FieldFact]:
    for field_entry in cursor:
        file = field_entry.at("File")
        mode = number_at(file, "Mode")
        grant = ConfigMount(
            source=text_of(field_entry, name_key),
            target=text_of(file, "Name") or None,
            uid=_unless_root(text_of(file, "UID")),
            gid=_unless_root(text_of(file, "GID")),
            # Decimal in JSON: 292 is 0444 octal, which is what holds without the key.
            mode=f"{mode:04o}" if mode and mode != 0o444 else None,
            origin=field_entry.span,
        )
        yield FieldFact(Fact(grant, FactMerge.APPEND), field_entry)


def _unless_root(identity: str) -> str | None:
    return None if identity in ("", "0") else identity


# Privileges -------------------------------------------------------------------------------------------


def read_app_armor(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """AppArmor switched off."""
    if text_at(cursor, "Mode") == "disabled":
        yield FieldFact(Fact("apparmor=unconfined", FactMerge.APPEND), cursor)
    else:
        cursor.skip("the default value")


def read_no_new_privileges(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """No program gains privileges."""
    if is_true(cursor):
        yield FieldFact(Fact("no-new-privileges:true", FactMerge.APPEND), cursor)
    else:
        cursor.skip("the default value")


def read_selinux(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """The label of SELinux."""
    if is_true(cursor, "Disable"):
        yield FieldFact(Fact("label=disable", FactMerge.APPEND), cursor)
        return
    for label_part in ("User", "Role", "Type", "Level"):
        if value := text_of(cursor, label_part):
            option = f"label={label_part.lower()}:{value}"
            yield FieldFact(Fact(option, FactMerge.APPEND), cursor.at(label_part))
    cursor.skip("the default value")


def read_seccomp(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """System calls that are not filtered; a profile of one's own stands in the object as base64."""
    mode = text_at(cursor, "Mode")
    if mode == "unconfined":
        yield FieldFact(Fact("seccomp=unconfined", FactMerge.APPEND), cursor)
    elif mode == "custom":
        subject = context.path.child("security_opt")
        cursor.note("TC467", subject=subject, object=context.name, fields="Seccomp")
    else:
        cursor.skip("the default value")
