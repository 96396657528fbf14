"""Which program a service runs: its image's server, a client of one, a shell, or nothing but time."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tocompose.knowledge.images import ImageFacts
from tocompose.knowledge.interpreters import interpreter_of
from tocompose.knowledge.servers import client_programs
from tocompose.knowledge.wrappers import behind_wrappers, entry_words, stated_argv
from tocompose.model import Role, Service
from tocompose.rules.endings import (
    OTHER_CLIENTS,
    goes_on,
    loops_forever,
    script_commands,
    script_of,
    started_commands,
    stays_idle,
)
from tocompose.syntax.names import is_shell
from tocompose.tables import load

# The first words of the commands of a script.
_SCRIPT_PROGRAM = r"(?:^|[;&|(])\s*(?:exec\s+)?([\w./-]+)"
_SCRIPTS = (".sh", ".bash", ".py", ".pl", ".rb", ".php")


def command_text(service: Service) -> str | None:
    """Entrypoint and command as one line; None where the image's own run."""
    argv_words = stated_argv(service)
    return " ".join(argv_words) if argv_words else None


def own_program(service: Service) -> str | None:
    """The program that the service runs instead of the image's own; None where it runs that one, maybe with flags."""
    argv_words = entry_words(service) or service.command
    # One program that holds many: what it does stands behind its name (https://busybox.net/downloads/BusyBox.html).
    if argv_words and argv_words[0].rpartition("/")[2] == "busybox":
        argv_words = argv_words[1:]
    return argv_words[0] if argv_words and not argv_words[0].startswith("-") else None


def runs_client(service: Service) -> bool:
    """Whether a server's image is used to run one of its client programs once."""
    if loops_forever(service):
        return False
    program = own_program(service)
    if is_shell(program or ""):
        programs = re.findall(_SCRIPT_PROGRAM, _shell_script(service))
        return any(name.rpartition("/")[2] in client_programs() for name in programs)
    name = (program or "").rpartition("/")[2]
    is_client = name in client_programs() or name in OTHER_CLIENTS
    arguments = (command_text(service) or "").partition(f"{name} ")[2]
    return is_client and not goes_on(name, arguments)


def _shell_script(service: Service) -> str:
    """The last word of a shell's command line, which is its script after `-c`."""
    shell_words = service.command or service.entrypoint or ("",)
    return shell_words[-1]


def runs_server(service: Service) -> bool:
    """Whether an image known for its server runs it: no other program or shell script takes its place."""
    program = own_program(service)
    if program is None:
        return True
    return not (is_shell(program or "") or runs_client(service) or stays_idle(service))


def is_replaced(service: Service, image: ImageFacts) -> bool:
    """Whether another program takes the place of the image's server: an entry point or a command that is not its own.

    A script that is given the server as an argument will start it. Where they are not known, what has the image's name
    in it, or is called after starting, is taken for its own.
    """
    program = _first_program(service)
    if not program:
        return False
    is_given = service.entrypoint is not None
    if image.entrypoint or image.server is not None:
        is_other = not _names_own_program(service, image)
        if is_given or image.server is not None or not is_other:
            return is_other
    if not is_given and not program.endswith(_SCRIPTS):
        return False
    own_names = (*re.split(r"[-_/]", image.id), *load("entrypoints")["starting"])
    return not any(name in program.lower() for name in own_names)


def runs_own_server(service: Service, image: ImageFacts) -> bool:
    """Whether the server of the image runs: nothing takes its place, or the script of a shell starts it at its end."""
    if _ends_with_server(service, image):
        return True
    if _is_told_otherwise(_words_with_own(service, image), image):
        return False
    return runs_server(service) and not is_replaced(service, image)


def _ends_with_server(service: Service, image: ImageFacts) -> bool:
    """Whether a shell is given a script whose last command is the image's own (`sh -c 'migrate && exec server'`)."""
    script = script_of(service)
    if script is None:
        return False
    commands = list(script_commands(script, in_background=True))
    last_command = behind_wrappers(list(commands[-1])) if commands else []
    if _is_told_otherwise(last_command, image):
        return False
    name = last_command[0].rpartition("/")[2] if last_command else ""
    return name in image.entrypoint or name in (image.server or ())


def _is_told_otherwise(server_arguments: list[str], image: ImageFacts) -> bool:
    """Whether the image's program is told another subcommand than its server (`opencloud collaboration server`)."""
    program = server_arguments[0].rpartition("/")[2] if server_arguments else ""
    if program not in image.entrypoint or program.endswith(_SCRIPTS) or not image.server:
        return False
    subcommand = server_arguments[1] if len(server_arguments) > 1 else "-"
    return not subcommand.startswith("-") and subcommand not in image.server


def _words_with_own(service: Service, image: ImageFacts) -> list[str]:
    """The words that start the service, the image's own entry point in front of a command alone."""
    starter = entry_words(service)
    if service.entrypoint is None:
        starter = image.entrypoint if len(image.entrypoint) == 1 else ()
    return behind_wrappers([*starter, *(service.command or ())])


def _names_own_program(service: Service, image: ImageFacts) -> bool:
    own_programs = {*image.entrypoint, *(image.server or ())}
    arguments = stated_argv(service)
    return any(argument.rpartition("/")[2] in own_programs for argument in arguments)


def _first_program(service: Service) -> str:
    """The name of the program that is started, behind those that only start others; empty for the image's own."""
    command_words = behind_wrappers(list(stated_argv(service)))
    program = command_words[0] if command_words else ""
    return "" if program.startswith("-") else program.rpartition("/")[2]


def is_interactive(service: Service) -> bool:
    """Whether a person at a terminal runs it when it is wanted (`docker compose run`): `up` never starts it."""
    terminal = service.options.get("tty") or service.options.get("stdin_open")
    on_demand = service.role is Role.TOOL and bool(service.profiles and terminal)
    return on_demand and not service.ports


def interpreters_of(service: Service) -> Iterator[str]:
    """The interpreters that the image must hold for the commands of the service to start."""
    for arguments in started_commands(service):
        interpreter = interpreter_of(arguments[0])
        if interpreter is not None:
            yield interpreter
