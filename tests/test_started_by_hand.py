"""What a person or a clock starts beside the running stack does not run again what has ended, such as migrations."""

from __future__ import annotations

import re

import pytest

from tocompose.notes import families, registry
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory

# The notes whose command starts a service with what it waits for, and why that is right.
WITH_DEPENDENCIES = {
    "TC083": "what it sets up or copies from may not be running",
    "TC115": "instead of `docker run --rm`, where no stack may be running",
    "TC109": "the service is not in the stack otherwise",
    "TC140": "it waits for no job",
    "TC181": "it waits for no job",
    "TC323": "it waits for no release",
    "TC347": "it waits for no release",
    "TC455": "the unit has not been started",
    "TC789": "it waits for no job that stays done",
    "TC798": "it waits only for containers of its own task",
    "TC858": "the unit has not been started",
    "TC859": "it is run before the first start, when the release is run too",
}
UNIT = "[Unit]\n{unit}\n[Container]\nImage=b:1\n[Service]\nType=oneshot\n{service}\n"
TIMER = "[Timer]\nOnCalendar=daily\n"


def converted(source: str, files: dict[str, str]) -> Result:
    """The conversion of these files."""
    content = {name: text.encode() for name, text in files.items()}
    return convert(Memory(content, "app"), Options(source=source))


def awaited(result: Result, name: str) -> list[str]:
    """Whom a service waits for."""
    service = result.stack.service(name)
    assert service is not None and service.profiles
    return [edge.service for edge in service.depends_on]


def test_commands_leave_out_dependencies_unless_they_are_wanted() -> None:
    told = {
        code
        for family in families()
        for code, row in registry(family).items()
        for command in re.findall(
            r"docker compose (?:--profile \w+ )?run [^`]+`",
            f"{row['message']}{row.get('advice', '')}",
        )
        if "--no-deps" not in command and "--rm`" not in command
    }
    assert told == set(WITH_DEPENDENCIES)


def test_a_command_on_request_does_not_release_again() -> None:
    files = {
        "Procfile": "release: rake db:migrate\nweb: puma\nconsole: rails console\n",
        "Gemfile": 'source "https://rubygems.org"\ngem "pg"\n',
        "Gemfile.lock": "GEM\n  specs:\n    pg (1.5.4)\n    rails (7.1.0)\n",
        "app.json": '{"scripts": {"postdeploy": "rake db:seed"}}',
    }
    result = converted("procfile", files)
    assert "release" not in awaited(result, "console")
    assert "postgres" in awaited(result, "console")
    # Its own command is for a new app, whose tables the release makes.
    assert "release" in awaited(result, "postdeploy")


def test_a_tool_of_a_script_does_not_run_its_jobs_again() -> None:
    script = (
        "docker run -d --name db postgres:16\n"
        "docker run --rm --name migrate corp/app:1 migrate\n"
        "docker run -d --name web corp/app:1 serve\n"
        "docker run -it --rm --name shell corp/app:1 sh\n"
        "KEY=$(docker run --rm --name gen corp/app:1 gen)\n"
    )
    result = converted("docker_run", {"run.sh": script})
    web = result.stack.service("web")
    assert web is not None and [edge.service for edge in web.depends_on] == ["migrate"]
    assert awaited(result, "shell") == awaited(result, "gen") == []


@pytest.mark.parametrize(
    ("unit", "service", "waits"),
    [
        ("After=prep.service", "", False),
        ("After=prep.service\nRequires=prep.service", "", True),
        ("Wants=prep.service", "", True),
        ("After=prep.service\nRequires=prep.service", "RemainAfterExit=yes", False),
    ],
)
def test_a_timer_starts_again_what_systemd_does(
    unit: str, service: str, waits: bool
) -> None:
    files = {
        "backup.container": UNIT.format(unit=unit, service=""),
        "prep.container": UNIT.format(unit="", service=service),
        "backup.timer": TIMER,
    }
    result = converted("quadlet", files)
    assert awaited(result, "backup") == (["prep"] if waits else [])


def test_the_socket_of_podman_is_no_unit_of_the_machine() -> None:
    files = {"app.container": UNIT.format(unit="After=podman.socket", service="")}
    result = converted("quadlet", files)
    reasons = {
        detail
        for leaf in result.ledger.leaves()
        for detail in result.ledger.fate(leaf).detail
    }
    assert any("podman's socket" in reason for reason in reasons)
    assert not any("boot targets" in reason for reason in reasons)
