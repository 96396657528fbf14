"""On which port the web process listens, and where."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from tocompose.importers.procfile.language import languages, program
from tocompose.importers.procfile.processes import Process
from tocompose.importers.procfile.repository import Repository
from tocompose.patterns import regex

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
_NAMES_PORT = regex(r"\$\{?PORT\b")
_RUNSERVER = regex(r"\brunserver\s+(?:[\d.]+:)?(\d{2,5})\b")
_LOCAL_BIND = regex(r"(?:127\.0\.0\.1|localhost)")


class WebPort(NamedTuple):
    """The port in the container, and in words where it was found."""

    number: str
    why: str


def names_port(text: str) -> bool:
    """Whether the command refers to PORT."""
    return _NAMES_PORT.search(text) is not None


def stated(text: str) -> str:
    """The port that a command states as a number; empty when it states none."""
    candidates = [_ASSIGNED.search(text), _RUNSERVER.search(text)]
    if not names_port(text):
        candidates.append(_OPTION.search(text))
        for bind in _BIND.finditer(text):
            candidates.append(re.search(r":(\d{2,5})\b", bind[1]))
    return next((match[1] for match in candidates if match), "")


def web_port(
    process: Process, exposed: tuple[str, ...], known: str, language: str
) -> WebPort:
    """The port of the web process: its command's, the image's, PORT's, or its server's default."""
    if number := stated(process.text):
        return WebPort(number, "its command says so")
    for port in exposed:
        if re.fullmatch(r"\d+(?:/tcp)?", port):
            return WebPort(port.partition("/")[0], "the Dockerfile exposes it")
    if re.fullmatch(r"\d{2,5}", known):
        return WebPort(known, "PORT is set to it")
    runs = program(process.text)
    if number := runs.row.get("port", ""):
        return WebPort(number, f"{runs.name} uses it by default")
    if row := languages().get(language):
        return WebPort(row["port"], f"it is usual for {row['title']}")
    return WebPort("8080", "nothing names another")


def listens_locally(process: Process) -> Iterator[str]:
    """What makes the process listen on 127.0.0.1 alone, where no other container and no published port reaches it."""
    for bind in _BIND.finditer(process.text):
        if _LOCAL_BIND.search(bind[1]):
            yield bind[0].strip()
            return
    runs = program(process.text)
    command = " ".join(runs.words)
    if runs.row.get("local") and not _BIND.search(command) and "0.0.0.0" not in command:
        yield f"{runs.name} without an address"
    elif "manage.py runserver" in command and "0.0.0.0" not in command:
        yield "runserver without an address"


def opening(process: Process, port: str) -> dict[str, str]:
    """Variables that make a server listen on all addresses, for one that would otherwise listen on 127.0.0.1 alone."""
    known = program(process.text).row.get("environment", {})
    if (
        not known
        or not any(True for _ in listens_locally(process))
        or _LOCAL_BIND.search(process.text)
    ):
        return {}
    return {name: str(value).replace("<port>", port) for name, value in known.items()}


def warn_local(repository: Repository, process: Process, port: str) -> None:
    """Says that the published port will not reach the process."""
    opened = opening(process, port)
    if opened:
        path, names = f"services.{process.service}.environment", ", ".join(opened)
        repository.say("TC379", process.span, subject=path, name=process.type, names=names)
        return
    for what in listens_locally(process):
        option = program(process.text).row.get("option", "--host 0.0.0.0")
        repository.say(
            "TC329",
            process.span,
            subject=f"services.{process.service}.ports",
            what=what,
            option=option.replace("$PORT", port),
        )
