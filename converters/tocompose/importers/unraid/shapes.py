"""How each element of a template becomes flags: `write_<shape>` for the shapes of `mappings/unraid/template.yaml`."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import TypeAlias

from tocompose.importers.docker_run.invocation import Argument
from tocompose.importers.field_tables import FieldRow
from tocompose.importers.unraid.configs import write_config
from tocompose.importers.unraid.templates import field_tables
from tocompose.importers.unraid.writer import TemplateWriter, text_of
from tocompose.ledger import Cursor
from tocompose.patterns import regex
from tocompose.syntax.interpolation import literal
from tocompose.wording import wrap_text

_SENTENCE = regex(r"\s*(.+?[.!?])(?:\s|$)", 16)
_PORT = regex(r"\[PORT:(\d+)\]")
_OPERATORS = frozenset({"&&", "||", ";", "|", "&"})
_EMPTY = "empty, so nothing is set"


def write_elements(writer: TemplateWriter, cursor: Cursor, type_name: str) -> None:
    """The flags of every element that has one, in the order in which they stand."""
    rows = field_tables()[type_name]
    for child in cursor:
        row = rows.get(child.key)
        if row is None:
            continue
        if child.kind == "leaf" and not text_of(child) and child.key != "Config":
            child.skip(_EMPTY)
        elif row.type == "Config":
            write_config(writer, child)
        elif row.type:
            write_elements(writer, child, row.type)
        elif row.default and text_of(child).lower() == row.default:
            child.skip("the default value")
        elif row.target and row.shape in _SHAPES:
            _SHAPES[row.shape](writer, row, child)


def write_text(writer: TemplateWriter, row: FieldRow, cursor: Cursor) -> None:
    """The text as it stands."""
    writer.add(row.target, text_of(cursor), cursor)


def write_name(writer: TemplateWriter, row: FieldRow, cursor: Cursor) -> None:
    """The name of the container, without blanks."""
    writer.add(row.target, writer.name, cursor)


def write_switch(writer: TemplateWriter, row: FieldRow, cursor: Cursor) -> None:
    """A switch that is on."""
    if text_of(cursor).lower() == "true":
        writer.add(row.target, "true", cursor)
    else:
        cursor.skip("the default value")


def write_image(writer: TemplateWriter, row: FieldRow, cursor: Cursor) -> None:
    """The image."""
    writer.image = Argument(literal(text_of(cursor)), cursor.value_span, (cursor,))


def write_network(writer: TemplateWriter, row: FieldRow, cursor: Cursor) -> None:
    """The network: the engine's own is the one of the stack."""
    if writer.mode == "bridge" or _states_network(writer):
        cursor.skip("the default network, or one that the extra parameters name")
    else:
        writer.add(row.target, writer.mode, cursor)


def write_old_mode(writer: TemplateWriter, row: FieldRow, cursor: Cursor) -> None:
    """The network of version 1, where nothing newer names one."""
    if writer.template.at("Network").peek():
        cursor.skip("it repeats the newer element")
    else:
        write_network(writer, row, cursor)


def _states_network(writer: TemplateWriter) -> bool:
    extra = text_of(writer.template.at("ExtraParams"))
    return any(
        shell_word.startswith(("--net=", "--network=", "--net ", "--network "))
        for shell_word in _flags(extra)
    )


def _flags(text: str) -> list[str]:
    return [f"--{flag}" for flag in f" {text}".split(" --")[1:]]


def write_addresses(writer: TemplateWriter, row: FieldRow, cursor: Cursor) -> None:
    """Addresses on a network of one's own; elsewhere the engine gives them."""
    if writer.mode in ("bridge", "host", "none") or _states_network(writer):
        cursor.skip("the engine gives the addresses of its own network")
        return
    for address in _addresses(cursor):
        writer.add("--ip6" if ":" in address else row.target, address, cursor)


def _addresses(cursor: Cursor) -> list[str]:
    return text_of(cursor).replace(",", " ").replace(";", " ").split()


def write_extra_networks(writer: TemplateWriter, row: FieldRow, cursor: Cursor) -> None:
    """Networks that the container joins when it is there."""
    for name in text_of(cursor).replace(",", " ").split():
        writer.networks.append(Argument(literal(name), cursor.value_span, (cursor,)))


def write_extra_parameters(writer: TemplateWriter, row: FieldRow, cursor: Cursor) -> None:
    """The flags that the user wrote, as words of a shell."""
    writer.extra += _words(writer, cursor)


def write_operands(writer: TemplateWriter, row: FieldRow, cursor: Cursor) -> None:
    """The words behind the image."""
    writer.operands += _words(writer, cursor)


def _words(writer: TemplateWriter, cursor: Cursor) -> list[Argument]:
    """The words of a shell up to an operator: what follows runs on the host."""
    lexer = shlex.shlex(text_of(cursor), posix=True, punctuation_chars=";&|")
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        shell_words = list(lexer)
    except ValueError:
        shell_words = text_of(cursor).split()
    for index, shell_word in enumerate(shell_words):
        if shell_word in _OPERATORS:
            cursor.annotate(
                "TC821", subject=writer.subject, object=writer.name, operator=shell_word
            )
            shell_words = shell_words[:index]
            break
    if not shell_words:
        cursor.mark_noted("TC821")
    return [
        Argument(literal(shell_word), cursor.value_span, (cursor,))
        for shell_word in shell_words
    ]


def write_overview(writer: TemplateWriter, row: FieldRow, cursor: Cursor) -> None:
    """The first sentence, as a comment."""
    text = " ".join(text_of(cursor).replace("[br]", " ").split())
    sentence = _SENTENCE.match(text)
    lines = wrap_text(sentence[1] if sentence else text, 200) or [""]
    ending = " …" if lines[1:] else ""
    writer.comment = writer.comment or f"{lines[0]}{ending}"
    cursor.skip("its first sentence is kept as a comment")


def write_icon(writer: TemplateWriter, row: FieldRow, cursor: Cursor) -> None:
    """The picture of the dashboard."""
    if writer.labels:
        writer.add(row.target, f"net.unraid.docker.icon={text_of(cursor)}", cursor)
    else:
        cursor.skip("it is for Unraid's dashboard")


def write_page(writer: TemplateWriter, row: FieldRow, cursor: Cursor) -> None:
    """The page of the container, with the port that it has here."""
    if writer.labels:
        writer.add(row.target, f"net.unraid.docker.webui={text_of(cursor)}", cursor)
        return
    page = _PORT.sub(lambda match: _published_port(writer, match[1]), text_of(cursor))
    page = page.replace("[IP]", _address_of(writer))
    cursor.note("TC824", subject=writer.subject, object=writer.name, page=page)


def _published_port(writer: TemplateWriter, port: str) -> str:
    """The port of the host for a port of the container, which is what a page names; that one where it has no other."""
    for config in writer.template if writer.publishes else ():
        if text_of(config.at("@Type")) == "Port" and text_of(config.at("@Target")) == port:
            return text_of(config.at("text")) or text_of(config.at("@Default")) or port
    return port


def _address_of(writer: TemplateWriter) -> str:
    """Where the container is reached: at its own address on a network that gives it one."""
    if not writer.has_own_address:
        return "localhost"
    addresses = _addresses(writer.template.at("MyIP"))
    return next(iter(addresses), f"[address on {writer.mode}]")


# Version 1 ------------------------------------------------------------------------------------------


def write_old_ports(writer: TemplateWriter, row: FieldRow, cursor: Cursor) -> None:
    """`<Port><HostPort/><ContainerPort/><Protocol/></Port>`."""
    for port in cursor:
        sources = tuple(leaf for leaf in port if text_of(leaf))
        host, target = text_of(port.at("HostPort")), text_of(port.at("ContainerPort"))
        protocol = text_of(port.at("Protocol")) or "tcp"
        if host and target and writer.publishes:
            writer.add(row.target, f"{host}:{target}/{protocol.lower()}", *sources)
        else:
            port.skip("this network publishes no ports")


def write_old_volume(writer: TemplateWriter, row: FieldRow, cursor: Cursor) -> None:
    """`<Volume><HostDir/><ContainerDir/><Mode/></Volume>`."""
    sources = tuple(leaf for leaf in cursor if text_of(leaf))
    host, target = text_of(cursor.at("HostDir")), text_of(cursor.at("ContainerDir"))
    mode = text_of(cursor.at("Mode")).lower() or "rw"
    if host and target:
        writer.add(row.target, f"{host}:{target}:{mode}", *sources)


def write_old_pair(writer: TemplateWriter, row: FieldRow, cursor: Cursor) -> None:
    """`<Variable><Name/><Value/></Variable>`."""
    sources = tuple(cursor)
    name = text_of(cursor.at("Name"))
    if name:
        writer.add(row.target, f"{name}={text_of(cursor.at('Value'))}", *sources)


ShapeFunction: TypeAlias = Callable[[TemplateWriter, FieldRow, Cursor], None]
_SHAPES: dict[str, ShapeFunction] = {
    "addresses": write_addresses,
    "extra-networks": write_extra_networks,
    "extra-parameters": write_extra_parameters,
    "icon": write_icon,
    "image": write_image,
    "name": write_name,
    "network": write_network,
    "old-mode": write_old_mode,
    "old-pair": write_old_pair,
    "old-ports": write_old_ports,
    "old-volume": write_old_volume,
    "operands": write_operands,
    "overview": write_overview,
    "page": write_page,
    "switch": write_switch,
    "text": write_text,
}
