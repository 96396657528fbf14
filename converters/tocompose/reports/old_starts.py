"""What starts the old containers again, with the machine or at a time, and how it is kept from doing so."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterator, Sequence

from tocompose.knowledge.placeholders import is_documentation
from tocompose.model import OldUnit, Service
from tocompose.reports.next_steps import NextStep
from tocompose.reports.report import Report

# Where a machine keeps what it starts by itself: hier(7), cron(8), systemd.unit(5).
_STARTERS = (
    "/etc/rc.local /etc/cron* /var/spool/cron /etc/systemd/system ~/.config/systemd/user"
)
# Where the units of a user are (podman-systemd.unit(5)); those of root are in /etc/containers/systemd.
UNIT_FOLDER = "~/.config/containers/systemd"
_AS_ROOT = (
    "If the units belong to root, run all steps, also those of “To go back” and “When everything works”, in a root"
    " shell (`sudo -i`, then `cd` to this folder), with `systemctl` instead of `systemctl --user`, and"
    f" /etc/containers/systemd instead of {UNIT_FOLDER}."
)
_SCRIPT_ENDINGS = ("", ".sh", ".bash")
# More names than these are looked for by what they run.
_MOST_SCRIPTS = 3
_REMOVED_BY_UNIT = (
    "A container that its unit removes at the end (`--rm`) is gone then: leave out the steps that name it. To go back,"
    " enable the unit."
)
# Where Unraid lists the containers that it starts with its array, by name:
# https://github.com/unraid/webgui, plugins/dynamix.docker.manager/include/DockerClient.php, `autostart-file`.
_UNRAIDS_LIST = "/var/lib/docker/unraid-autostart"


def steps_before_stop(report: Report) -> Iterator[NextStep]:
    """What comes before the old containers are stopped: no command is left unread, and the units of the source, which
    would start their containers again, are ended."""
    yield from _correct_unread(report)
    units = _units(report)
    if units:
        title = "Stop the old units, and keep them from starting with the machine"
        line = f"sudo systemctl disable --now {shlex.join(units)}"
        yield NextStep(title, line, _REMOVED_BY_UNIT)


def start_units(report: Report) -> Iterator[NextStep]:
    """The step back to the units."""
    units = _units(report)
    if units:
        line = f"sudo systemctl enable --now {shlex.join(units)}"
        yield NextStep("Let the old units start with the machine again", line)


def forget_starts(
    report: Report, old: Sequence[Service], client: str = "docker"
) -> Iterator[NextStep]:
    """The steps that find, or delete, what would start the old containers when the machine starts."""
    if report.importer == "unraid":
        names = [service.container_name for service in old if service.container_name]
        yield from _leave_unraids_list(names)
        return
    if _units(report):
        return
    scripts = _scripts(report)
    pattern = "|".join(re.escape(name) for name in scripts) or f"{client} (run|start)"
    started = "runs the script" if scripts else "starts the old containers"
    word = shlex.quote(pattern)
    yield NextStep(
        f"Find what {started} at boot or on a schedule, and remove that entry",
        f"sudo grep -rsE {word} {_STARTERS}; crontab -l | grep -E {word}",
        "No output means that there is nothing to remove.",
    )


def _leave_unraids_list(names: Sequence[str]) -> Iterator[NextStep]:
    if names:
        pattern = "|".join(re.escape(name) for name in names)
        yield NextStep(
            "Delete the old names from Unraid's autostart list; the restart policies of the stack start its containers",
            f"sed -Ei {shlex.quote(f'/^({pattern})( |$)/d')} {_UNRAIDS_LIST}",
        )


def _units(report: Report) -> list[str]:
    """The units of the source, by their names."""
    names = (posixpath.basename(path) for path in report.sources())
    return [name for name in names if name.endswith(".service")]


def _scripts(report: Report) -> list[str]:
    """The names of the scripts that were read; none where they are too many, or where no script was."""
    names = [
        posixpath.basename(path)
        for path in report.sources()
        if not is_documentation(path)
        and posixpath.splitext(path)[1] in _SCRIPT_ENDINGS
        and posixpath.basename(path) != "Makefile"
    ]
    is_script = report.importer == "docker_run"
    return names if is_script and len(names) <= _MOST_SCRIPTS else []


# What the shell could not read of a script: a container may be started there of which no step knows.
_UNREAD = ("TC162", "TC172")


def _correct_unread(report: Report) -> Iterator[NextStep]:
    """The step before the old containers are stopped, where one of them is in a command that could not be read."""
    unread_places = [
        str(note.span) for note in report.notes if note.code in _UNREAD and note.span
    ]
    if unread_places:
        yield NextStep(
            f"Correct what could not be read ({', '.join(unread_places)}) and convert again:"
            " the steps below stop no container of that command",
            "",
        )


def switch_timers(title: str, verb: str, timers: Sequence[OldUnit]) -> Iterator[NextStep]:
    """The step that tells timers of a user, where there are some, to start their units or not to."""
    names = shlex.join(timer.service for timer in timers)
    if names:
        yield NextStep(title, f"systemctl --user {verb} {names}")


def stop_units_of_user(timers: Sequence[OldUnit], services: str) -> tuple[NextStep, ...]:
    """The steps that end the units of a user and their timers; the first says how those of root are ended."""
    first_step, *more_steps = (
        *switch_timers(
            "Keep the timers from starting the old units", "disable --now", timers
        ),
        NextStep("Stop the old units", f"systemctl --user stop {services}"),
    )
    return (first_step._replace(warning=_AS_ROOT), *more_steps)
