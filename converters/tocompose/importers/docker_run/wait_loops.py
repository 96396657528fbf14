"""Loops that wait for a server, and commands that only ask one: what they ask, as a health command where it can be."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, pairwise

from tocompose.importers.docker_run.invocation import Argument
from tocompose.importers.docker_run.options import program_name
from tocompose.knowledge.servers import client_ports, client_programs
from tocompose.patterns import regex
from tocompose.readers.shell import read
from tocompose.readers.text import Text, Unreadable
from tocompose.record import NamedTuple
from tocompose.source import Branch, Leaf, Node, Span
from tocompose.syntax.names import is_shell
from tocompose.syntax.units import is_whole_number
from tocompose.tables import Row, load, table

_URL = regex(r"([a-z]+)://(?:[^/@\s]*@)?([A-Za-z0-9_.-]+)(?::([0-9]+))?")
_HOST_OPTION = regex(r"(?:-h|--host=?)$")
_PORT_OPTION = regex(r"(?:-p|-P|--port)(?:=?([0-9]+))?$")
# https://www.gnu.org/software/bash/manual/bash.html#Redirections
_TCP_FILE = regex(r"/dev/tcp/([A-Za-z0-9_.-]+)/([0-9]+)$")
_SCHEME_PORTS = {"http": "80", "https": "443"}
_HOST = regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]*$")
# What a loop counts with may be a command in the place of a word; of any other one it is not known what it does.
_UNKNOWN_COMMAND = regex(r"\$\((?!\(|seq )|`")
_DESCRIPTOR = regex(r"[0-9]+-?|-")
_STREAMS = frozenset({"/dev/null", "/dev/stdout", "/dev/stderr"})
_LOOPS = ("until", "while", "for")


class Address(NamedTuple):
    """What a command talks to: a host, empty where it is this machine, and a port, empty where it is not known."""

    host: str
    port: str = ""


class WaitTarget(NamedTuple):
    """What a script asks before it goes on: a container, or an address; where.

    `command` is what it runs in the container (empty if outside). `is_once` says that no loop repeats it. `arguments`
    are the words that are settled when it is known what waits.
    """

    address: Address
    command: tuple[str, ...] = ()
    span: Span | None = None
    is_once: bool = False
    arguments: tuple[Argument, ...] = ()


def waited_for(arguments: tuple[Argument, ...]) -> WaitTarget:
    """What a waiting command talks to: nothing that can be told, where it has neither host nor port."""
    address = address_of([argument.text for argument in arguments]) or Address("")
    return WaitTarget(address, span=arguments[0].span, arguments=arguments)


def address_of(command_words: Sequence[str]) -> Address | None:
    """What a command talks to that waits for a server or asks one; None when it cannot be told."""
    for text in command_words:
        if match := _TCP_FILE.match(text):
            return Address(match[1], match[2])
    program, *texts = command_words or [""]
    name = program_name(program)
    if name in client_ports():
        stated_port = _port_of_option(texts, name)
        return Address(_host_of_option(texts), stated_port or client_ports()[name])
    if not _probe_row(name).get("says_address") and name not in load("shell")["waiting"]:
        return None
    stated_host = _host_of_option(texts)
    if stated_host:
        return Address(stated_host, _port_of_option(texts, name))
    return next(chain(_addresses_with_port(texts), _bare_hosts(texts)), None)


def _host_of_option(texts: Sequence[str]) -> str:
    for text, following in pairwise([*texts, ""]):
        if _HOST_OPTION.match(text):
            return following
        if text.startswith("--host="):
            return text.removeprefix("--host=")
    return ""


def _port_of_option(texts: Sequence[str], program: str) -> str:
    """The port that an option states; `-p` is a password for the clients of some servers."""
    takes_password = "-p" in client_programs().get(program, {}).get("glued", ())
    for text, following in pairwise([*texts, ""]):
        match = _PORT_OPTION.match(text)
        if match and not (takes_password and text.startswith("-p")):
            port = match[1] or following
            return port if is_whole_number(port) else ""
    return ""


def _addresses_with_port(texts: Sequence[str]) -> Iterator[Address]:
    """The addresses among the words: of a URL, of `host:port`, of a host with a port behind it."""
    for text, following in pairwise([*texts, ""]):
        host, colon, port = text.partition(":")
        if match := _URL.match(text):
            yield Address(match[2], match[3] or _SCHEME_PORTS.get(match[1], ""))
        elif colon and port.isdigit() and _HOST.match(host):
            yield Address(host, port)
        elif is_whole_number(following) and _is_name(text):
            yield Address(text, following)


def _bare_hosts(texts: Sequence[str]) -> Iterator[Address]:
    return (Address(text) for text in texts if _is_name(text))


def _is_name(text: str) -> bool:
    return _HOST.match(text) is not None and not text.isdigit()


def asks_health(command_words: Sequence[str]) -> bool:
    """Whether a command in a container only asks its server whether it answers, as a health check does."""
    row = _probe_row(program_name(command_words[0])) if command_words else {}
    return bool(row.get("is_health_check")) and _only_asks(command_words)


def only_waits(command_words: Sequence[str]) -> bool:
    """Whether all that a shell does is to ask in a loop until something answers."""
    asking = [
        command
        for command in _commands_in(_loop_of_code(command_words))
        if not _only_paces(command)
    ]
    return bool(asking) and all(map(_is_question, asking))


def _is_question(command: Branch) -> bool:
    """Whether a command of a loop only asks: it runs a probe, or opens a connection."""
    command_words, targets = _words_of(command), list(_redirects_of(command))
    asks = _only_asks(command_words) or (bool(targets) and _paces(command_words))
    return asks and all(map(_TCP_FILE.match, targets))


def _only_asks(command_words: Sequence[str]) -> bool:
    """Whether a command does nothing but ask."""
    program, *texts = command_words or [""]
    name = program_name(program)
    if name not in _probes():
        return False
    word = _probe_row(name).get("word")
    return word is None or word in texts


def _probes() -> Mapping[str, Row]:
    columns = {"word", "says_address", "is_health_check"}
    return table("probes", required=set(), optional=columns)


def _probe_row(name: str) -> Row:
    return _probes().get(name, {})


def repeated_words(command_words: Sequence[str]) -> tuple[str, ...]:
    """The command that a shell repeats until it succeeds, and does nothing else (`sh -c 'until pg_isready; …'`)."""
    tree = _loop_of_code(command_words)
    asking = [command for command in _commands_in(tree) if not _only_paces(command)]
    if len(asking) != 1 or any(_redirects_of(asking[0])):
        return ()
    repeated = _words_of(asking[0])
    return () if "$" in "".join(repeated) else tuple(repeated)


def awaited_address(command_words: Sequence[str]) -> Address | None:
    """The address that a shell asks again and again, and does nothing else; None for any other command."""
    addresses: set[Address] = set()
    for command in _commands_in(_loop_of_code(command_words)):
        address = address_of([*_words_of(command), *_redirects_of(command)])
        if address is not None:
            addresses.add(address)
        elif not _only_paces(command):
            return None
    return addresses.pop() if len(addresses) == 1 else None


def _loop_of_code(command_words: Sequence[str]) -> Branch | None:
    """The statements of `sh -c CODE` where they are a loop of commands that are known; None for any other command."""
    match list(command_words):
        case [shell, option, code] if is_shell(shell) and option.endswith("c"):
            tree = None if _UNKNOWN_COMMAND.search(code) else _tree_of(code)
            kinds = {node.kind for node in _branches_in(tree)}
            return None if kinds.isdisjoint(_LOOPS) else tree
    return None


def _tree_of(code: str) -> Branch | None:
    try:
        return read(Text("", code))
    except Unreadable:
        return None


def _branches_in(node: Node | None) -> Iterator[Branch]:
    if isinstance(node, Branch):
        yield node
        for child in node.children:
            yield from _branches_in(child.node)


def _commands_in(tree: Branch | None) -> Iterator[Branch]:
    return (node for node in _branches_in(tree) if node.kind == "command")


def _words_of(command: Branch) -> list[str]:
    """The words of a command, without the quotes around them."""
    leaves = (child.node for child in command.children if isinstance(child.node, Leaf))
    return [_unquoted(leaf.text) for leaf in leaves]


def _unquoted(raw: str) -> str:
    try:
        return " ".join(shlex.split(raw))
    except ValueError:
        return raw


def _redirects_of(command: Branch) -> Iterator[str]:
    """What the redirections of a command lead to, but for its own output and what nobody sees."""
    for child in command.children:
        if isinstance(child.node, Branch) and child.node.kind == "redirect":
            for target in child.node.children:
                if isinstance(target.node, Leaf):
                    text = target.node.text
                    if not _leads_to_stream(str(target.key), text):
                        yield text


def _leads_to_stream(operator: str, target: str) -> bool:
    """Whether a redirection leads to no file: `2>&1`, `>&-`, `> /dev/null`."""
    if operator.endswith("&") and _DESCRIPTOR.fullmatch(target):
        return True
    return target in _STREAMS


def _only_paces(command: Branch) -> bool:
    """Whether a command of a loop only prints, sleeps or tests."""
    return _paces(_words_of(command)) and not any(_redirects_of(command))


def _paces(command_words: Sequence[str]) -> bool:
    """Whether nothing comes of a command but through its redirections."""
    name = program_name(command_words[0]) if command_words else ":"
    is_bare_exec = name == "exec" and len(command_words) == 1
    return is_bare_exec or name in load("shell")["pacing"]
