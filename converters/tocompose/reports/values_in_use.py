"""The values that only the old containers know: the commands that print them, for the variables that lack one."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from tocompose.knowledge.old_containers import printed_source
from tocompose.model import Mount, Service, Stack
from tocompose.patterns import regex
from tocompose.record import NamedTuple
from tocompose.reports.next_steps import NextStep
from tocompose.reports.report import Report
from tocompose.reports.values_to_set import optional_values, unset_names
from tocompose.syntax.interpolation import Literal, Variable, parse
from tocompose.syntax.names import variable_name

# What a basic regular expression does not take for itself, and the sign between the parts of the command.
_SIGNS = regex(r"[.*\[\]^$|\\]")


class _OpenFolder(NamedTuple):
    """A folder of the host that begins with a variable, and what is fixed of its path behind that."""

    variable: str
    path_below: str


def running_name(service: Service) -> str:
    """The old container in a command line: its name, or the variable that holds its id."""
    return service.container_name or f"$OLD_{variable_name(service.name).upper()}"


def values_in_use(
    report: Report, old: list[Service], client: str = "docker"
) -> Iterator[NextStep]:
    """The values that the source does not hold: the old containers were given them, and their data may need them.

    What is passed through from the shell counts as well: the shell that starts the stack is another one. What the
    source itself has empty, the old containers got empty too.
    """
    missing = {*unset_names(report.stack)} - {*optional_values(report)}
    told_names: set[str] = set()
    for service in old:
        for variable in service.environment:
            is_passed_through = variable.value is None
            name = _only_variable(variable.value or "") or variable.name
            if name not in told_names and (is_passed_through or name in missing):
                told_names.add(name)
                yield NextStep(
                    f"Print the value that {service.name} has for {name}, and set it in .env",
                    f"{client} inspect -f '{{{{range .Config.Env}}}}{{{{println .}}}}{{{{end}}}}'"
                    f" {running_name(service)} | sed -n 's/^{variable.name}=//p'",
                )


def folders_in_use(
    stack: Stack, old: list[Service], client: str = "docker"
) -> Iterator[NextStep]:
    """The folders of the host that the source leaves open: the old containers have them mounted."""
    missing = set(unset_names(stack))
    for service in old:
        for mount in service.mounts:
            folder = _open_folder(mount)
            if folder is not None and folder.variable in missing:
                missing.remove(folder.variable)
                yield _folder_step(service, mount, folder, client)


def _folder_step(
    service: Service, mount: Mount, folder: _OpenFolder, client: str
) -> NextStep:
    name, path_below = folder
    which = f"the folder above {path_below.lstrip('/')}" if path_below else "the folder"
    line = f"{client} inspect -f {printed_source(mount.target)} {running_name(service)}"
    if path_below:
        pattern = _SIGNS.sub(r"\\\g<0>", path_below)
        line += f" | sed {shlex.quote(f's|{pattern}$||')}"
    title = f"Print {which} that {service.name} has at {mount.target}, and set {name} to it in .env"
    return NextStep(title, line)


def _open_folder(mount: Mount) -> _OpenFolder | None:
    """The folder of a bind mount whose path begins with a variable, and holds no other."""
    if mount.kind != "bind":
        return None
    match parse(mount.source or ""):
        case (Variable(name=name),):
            return _OpenFolder(name, "")
        case (Variable(name=name), Literal(value=path)) if path.startswith("/"):
            return _OpenFolder(name, path.rstrip("/"))
    return None


def _only_variable(text: str) -> str:
    """The variable that a value is; empty where it is more than that."""
    segments = parse(text)
    only_segment = segments[0] if len(segments) == 1 else None
    return only_segment.name if isinstance(only_segment, Variable) else ""
