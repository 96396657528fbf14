"""On which port the web process listens, and where."""

from __future__ import annotations

import re
from typing import NamedTuple

from tocompose.importers.procfile.language import find_program
from tocompose.importers.procfile.processes import Process
from tocompose.importers.procfile.shell import named_variables
from tocompose.languages import language_rows
from tocompose.patterns import regex
from tocompose.repository import Repository
from tocompose.syntax.model_path import ModelPath

_OPTION = regex(
    r"(?:^|\s)(?:-p|--port|--http-port|-Dserver\.port|--server\.port)[ =]?[\"']?(\d{2,5})\b"
)
_ADDRESS = regex(
    r"(?:0\.0\.0\.0|\*|\[::\]|127\.0\.0\.1|localhost|(?<=[\s=]))?:(\d{2,5})\b(?![:.])"
)
_BIND = regex(
    r"(?:-b|--bind|--host|-h|--hostname|--urls|-l|--listen|-o|--http-socket|--http)[ =][\"']?(\S+)"
)
_ASSIGNED = regex(r"(?:^|\s)PORT=[\"']?(\d{2,5})\b")
_RUNSERVER = regex(r"\brunserver\s+(?:[\d.]+:)?(\d{2,5})\b")
_LOCAL_ADDRESS = regex(
    r"((?:-b|--bind(?:ing)?|--host|--hostname|-h)[ =][\"']?(?:\w+://)?|\brunserver\s+)(?:127\.0\.0\.1|localhost)\b"
)
_RAILS_SERVER = regex(r"\brails (?:server|s)\b[^;&|]*$")
_LOCAL_BIND = regex(r"(?:127\.0\.0\.1|localhost)")


class WebPort(NamedTuple):
    """The port in the container, and in words where it was found."""

    number: str
    why: str


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


def choose_web_port(
    process: Process, exposed: tuple[str, ...], port_variable: str, language: str
) -> WebPort:
    """The port of the web process: its command's, the image's, PORT's, or its server's default."""
    if number := stated_port(process.text):
        return WebPort(number, "its command says so")
    for port in exposed:
        if re.fullmatch(r"\d+(?:/tcp)?", port):
            return WebPort(port.partition("/")[0], "the Dockerfile exposes it")
    if re.fullmatch(r"\d{2,5}", port_variable):
        return WebPort(port_variable, "PORT is set to it")
    program = find_program(process.text)
    if number := program.row.get("port", ""):
        return WebPort(number, f"{program.name} uses it by default")
    if row := language_rows().get(language):
        return WebPort(row["port"], f"it is usual for {row['title']}")
    return WebPort("8080", "nothing names another")


def local_listening(process: Process) -> str:
    """What makes the process listen on 127.0.0.1 alone, where no other container and no published port reaches it.

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
    return text


def opening_variables(process: Process, port: str) -> dict[str, str]:
    """Variables that make a server listen on all addresses, for one that would otherwise listen on 127.0.0.1 alone."""
    variables = find_program(process.text).row.get("environment", {})
    if not local_listening(process) or _LOCAL_BIND.search(process.text):
        return {}
    return {name: str(value).replace("<port>", port) for name, value in variables.items()}


def note_local_listening(repository: Repository, process: Process, port: str) -> None:
    """Says that the published port will not reach the process."""
    subject = ModelPath.service(process.service)
    variables = opening_variables(process, port)
    cause = local_listening(process)
    if variables:
        repository.add_note(
            "TC379",
            process.span,
            subject=subject.child("environment"),
            name=process.type,
            names=", ".join(variables),
        )
    elif cause:
        option = find_program(process.text).row.get("option", "--host 0.0.0.0")
        repository.add_note(
            "TC329",
            process.span,
            subject=subject.child("ports"),
            what=cause,
            option=option.replace("$PORT", port),
        )
