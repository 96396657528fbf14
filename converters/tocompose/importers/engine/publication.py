"""How a container's ports and links are read: what was asked for, not what is bound now."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.importers.docker_run.shapes import Fact, FactMerge
from tocompose.importers.engine.json_values import is_true
from tocompose.importers.engine.object_context import ObjectContext
from tocompose.importers.engine.shapes import FieldFact, text_of
from tocompose.ledger import Cursor
from tocompose.model import Port


def read_port_bindings(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """What was asked to be published; no host port leaves it to chance."""
    exposed = context.image_texts("ExposedPorts")
    for field_entry in cursor:
        target, _, protocol = field_entry.key.partition("/")
        if not field_entry.children and field_entry.key not in exposed:
            # The engine opens such a port to other containers, and binds none of the machine.
            yield FieldFact(
                Fact(field_entry.key, FactMerge.APPEND, target="expose"), field_entry
            )
        for binding in field_entry:
            published = text_of(binding, "HostPort")
            address = text_of(binding, "HostIp")
            port = Port(
                target=target,
                published=None if published in ("", "0") else published,
                host_ip=None if address in ("", "0.0.0.0") else address,
                protocol=protocol or "tcp",
                origin=field_entry.span,
            )
            yield FieldFact(Fact(port, FactMerge.APPEND), binding)


def read_publish_all(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """Every port of the image on a port of the engine's choice, which Compose has no single key for."""
    if not is_true(cursor):
        cursor.skip("the default value")
        return
    exposed = context.cursor.at("Config", "ExposedPorts")
    bound = context.cursor.at("HostConfig", "PortBindings")
    ports = [field_entry for field_entry in exposed if not bound.at(field_entry.key)]
    if not ports:
        cursor.skip("the image exposes no port")
    for field_entry in ports:
        target, _, protocol = field_entry.key.partition("/")
        port = Port(target=target, protocol=protocol or "tcp", origin=cursor.span)
        yield FieldFact(Fact(port, FactMerge.APPEND), cursor)
    if ports:
        names = ", ".join(field_entry.key for field_entry in ports)
        cursor.annotate("TC474", subject=context.path.child("ports"), ports=names)


def read_links(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """`/db:/web/mysql` on the default bridge, `db:database` on other networks."""
    for field_entry in cursor:
        target, _, alias = text_of(field_entry).partition(":")
        name = alias.rpartition("/")[2]
        link = f"{target.removeprefix('/')}:{name}" if name else target.removeprefix("/")
        yield FieldFact(Fact(link, FactMerge.APPEND, target="links"), field_entry)
