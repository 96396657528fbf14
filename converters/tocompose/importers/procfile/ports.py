"""On which port the web process listens, and where."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tocompose.importers.procfile.app import AppEnvironment
from tocompose.importers.procfile.environment import AppVariable
from tocompose.importers.procfile.image import Image
from tocompose.importers.procfile.language import Program, find_program
from tocompose.importers.procfile.processes import Process
from tocompose.importers.procfile.shell import (
    named_variables,
    parse_command,
    simple_commands,
)
from tocompose.knowledge.wrappers import Front, front_of
from tocompose.languages import language_rows
from tocompose.patterns import regex
from tocompose.record import NamedTuple

_OPTION = regex(
    r"(?:^|\s)(?:-p|--port|--http-port|-Dserver\.port|--server\.port)[ =]?[\"']?(\d{2,5})\b"
)
_ADDRESS = regex(
    r"(?:0\.0\.0\.0|\*|\[::\]|127\.0\.0\.1|localhost|(?<=[\s=]))?:(\d{2,5})\b(?![:.])"
)
_BIND = regex(
    r"(?:-b|--bind|--host|-h|--hostname|--urls|-l|--listen|-o|--http-socket|--http|--socket|-S|--address"
    r"|--server\.address)[ =][\"']?(\S+)"
)
_STATED = regex(r"\s(?:--?host(?:name)?|-H|-p|--port|-b|--bind)\b")
_ASSIGNED = regex(r"(?:^|\s)PORT=[\"']?(\d{2,5})\b")
_RUNSERVER = regex(r"\brunserver\s+(?:[\d.]+:)?(\d{2,5})\b")
_LOCAL_ADDRESS = regex(
    r"((?:-b|--bind(?:ing)?|--host|--hostname|-h)[ =][\"']?(?:\w+://)?|\brunserver\s+)(?:127\.0\.0\.1|localhost)\b"
)
_RAILS_SERVER = regex(r"\brails (?:server|s)\b[^;&|]*$")
# https://github.com/rack/rackup/blob/main/lib/rackup/server.rb: on localhost where RACK_ENV is development alone.
_RACKUP = regex(r"\brackup\b[^;&|]*$")
_LOCAL_BIND = regex(r"127\.0\.0\.1|localhost|^unix:|^/\S+\.sock\b")


IN_COMMAND = "its command says so"
# A web server listens on TCP, also where the Dockerfile exposes ports of UDP first.
_EXPOSED = regex(r"\d+(?:/tcp)?")
# For a program in front that has no port of its own.
_OTHER_PORT = "8080"


class WebPort(NamedTuple):
    """The port in the container, and in words where it was found."""

    number: str
    why: str


def binds(text: str) -> bool:
    """Whether the command says at which address it listens."""
    return _BIND.search(text) is not None


def names_port(text: str) -> bool:
    """Whether the command refers to PORT."""
    return "PORT" in named_variables(text)


def stated_port(text: str) -> str:
    """The port that a command states as a number; empty when it states none."""
    candidates = [_ASSIGNED.search(text), _RUNSERVER.search(text)]
    if not names_port(text):
        candidates.append(_OPTION.search(text))
        for bind in _BIND.finditer(text):
            candidates.append(re.search(r":(\d{2,5})\b", bind[1]))
    return next((match[1] for match in candidates if match), "")


def source_port(text: str, configured: str, exposed: Iterable[str]) -> WebPort | None:
    """The port that a command states as a number, its server's own file, or the Dockerfile; None where none does."""
    if number := stated_port(text):
        return WebPort(number, IN_COMMAND)
    if configured:
        return WebPort(configured, "its configuration file says so")
    for port in exposed:
        if _EXPOSED.fullmatch(port):
            return WebPort(port.partition("/")[0], "the Dockerfile exposes it")
    return None


def choose_web_port(
    process: Process,
    image: Image,
    environment: AppEnvironment,
    language: str,
    configured: str,
) -> WebPort:
    """The port of the web process: its command's, its file's, the image's, PORT's, or its server's default."""
    text, port_variable = process.text or image.command_text, environment.port
    if front := front_of_process(process, image, environment.app_variables):
        return _front_port(front, port_variable)
    if port := source_port(text, configured, image.exposed):
        return port
    if re.fullmatch(r"\d{2,5}", port_variable):
        return WebPort(port_variable, "PORT is set to it")
    program = find_program(text)
    if number := program.row.get("port", ""):
        return WebPort(number, _reason_of_default(program))
    if row := language_rows().get(language):
        return WebPort(row["port"], f"it is usual for {row['title']}")
    return WebPort("8080", "nothing names another")


def front_of_process(
    process: Process, image: Image, app_variables: Iterable[AppVariable]
) -> Front | None:
    """What listens in front of the app; None where the app itself does."""
    parsed = parse_command(process.text or image.command_text)
    assigned = (
        shell_word.text.partition("=") for shell_word in parsed.words if shell_word.assigns
    )
    settings = {
        **image.variables,
        **{variable.name: variable.plain_value for variable in app_variables},
        **{name: value for name, _, value in assigned},
    }
    for command in simple_commands(parsed):
        process_words = [shell_word.text for shell_word in command]
        if front := front_of(process_words, settings):
            return front
    return None


def _front_port(front: Front, port_variable: str) -> WebPort:
    """The port of the program in front; where it takes that from PORT, one that the app behind it does not have."""
    if not front.unread:
        return WebPort(front.port, f"{front.title} listens there, in front of the app")
    number = port_variable if re.fullmatch(r"\d{2,5}", port_variable) else ""
    if number in ("", front.target):
        number = _OTHER_PORT
    why = f"{front.title} listens there; the app behind it has {front.target}"
    return WebPort(number, why)


def _reason_of_default(program: Program) -> str:
    """Why the port of a program is assumed: its own default, or what is usual where it has none."""
    if not program.row.get("usual"):
        return f"{program.title} uses it by default"
    row = language_rows().get(program.row["language"], {})
    return f"it is usual for {row.get('title')}"


def local_listening(process: Process) -> str:
    """What makes the process listen on 127.0.0.1 or a socket alone, where no other container and no port reaches it.

    Empty where nothing does.
    """
    for bind in _BIND.finditer(process.text):
        if _LOCAL_BIND.search(bind[1]):
            return bind[0].strip()
    program = find_program(process.text)
    command = " ".join(program.arguments)
    if "0.0.0.0" in command:
        return ""
    if program.row.get("local") and not _BIND.search(command):
        return f"{program.name} without an address"
    return "runserver without an address" if "manage.py runserver" in command else ""


def open_address(text: str, port: str) -> str:
    """A command for development that listens on all addresses, where it would be on 127.0.0.1 alone.

    Django's and Rails' own servers are, without an address; another program keeps its words.
    """
    text = _LOCAL_ADDRESS.sub(r"\g<1>0.0.0.0", text)
    if re.search(r"\brunserver\s*$", text):
        return f"{text.rstrip()} 0.0.0.0:{port}"
    text = re.sub(r"\brunserver\s+(\d{2,5})\s*$", r"runserver 0.0.0.0:\1", text)
    if _RAILS_SERVER.search(text) and not re.search(r"\s(?:-b|--binding)\b", text):
        return f"{text.rstrip()} -b 0.0.0.0"
    if _RACKUP.search(text) and not re.search(r"\s(?:-o|--host)\b", text):
        return f"{text.rstrip()} -o 0.0.0.0"
    return text


def opening_words(text: str, script: str, port: str) -> tuple[str, ...]:
    """The words behind a command that make a front end's server listen for others; none for another program.

    `script` is what the command runs of package.json. A server that states an address or a port keeps it.
    """
    parsed, program = parse_command(script or text), find_program(script or text)
    option = program.row.get("option", "")
    arguments = " ".join(program.arguments[1:])
    is_server = program.row.get("local") and not re.match(
        program.row.get("ends", "(?!)"), arguments
    )
    if not option or not is_server or parsed.operators or _STATED.search(f" {arguments}"):
        return ()
    # npm takes for itself what does not stand behind this.
    separator = ("--",) if script and text.startswith("npm ") else ()
    return (*separator, *option.replace("$PORT", port).split())


def opening_variables(process: Process, port: str) -> dict[str, str]:
    """Variables that make a server listen on all addresses, for one that would otherwise listen on 127.0.0.1 alone."""
    variables = find_program(process.text).row.get("environment", {})
    if not local_listening(process) or _LOCAL_BIND.search(process.text):
        return {}
    return {name: str(value).replace("<port>", port) for name, value in variables.items()}
