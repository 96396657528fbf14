"""Traps of health commands: tools that the image lacks, answers that come too early, or always."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from tocompose.model import Healthcheck, Service, Stack
from tocompose.notes import Note
from tocompose.patterns import regex
from tocompose.rules import (
    Context,
    Example,
    Excuse,
    Outcome,
    Rule,
    Startup,
    Verdict,
    judge_services,
    remark,
)
from tocompose.rules.healthchecks import known_healthcheck
from tocompose.rules.service_images import facts_of, image_id
from tocompose.rules.views import annotate_services

# What the table lists wherever an image has it.
_CLIENTS = ("curl", "wget", "nc", "bash")
# What the table may not list: images of applications are written in any language.
_INTERPRETERS = ("python", "python3", "node", "ruby", "php")
_SOCKET_PING = regex(
    r"\b(?:pg_isready|(?:mysql|mariadb)-?admin\b[^|;&]*\bping|(?:mysql|mariadb)admin\b[^|;&]*\bping)\b"
)
_OVER_TCP = regex(r"(?:^|\s)(?:-h[ =]?|--host[ =])[\"']?(?!localhost\b)\S")
_PG_OVER_TCP = regex(r"(?:^|\s)(?:-h[ =]?|--host[ =])\S")
_FORM = "the first word of the list must be CMD, CMD-SHELL or NONE"
_FORM_ADVICE = "Put CMD in front of the first word, or write the command as one text."

_TEST = ("healthcheck", "test")


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack as it is, with a note about each health command of the source that always fails, or answers early."""
    return annotate_services(stack, lambda service: _note_test(service, stack, context))


def _note_test(service: Service, stack: Stack, context: Context) -> Iterator[Note]:
    check = service.healthcheck
    if check is None or not check.test:
        return
    text = " ".join(check.test[1:])
    missing = _missing_tools(service, text)
    if missing:
        facts = {"tool": ", ".join(missing), "image": service.image or ""}
        facts |= {"instead": _working_check(service, stack, context)}
        yield remark("TC876", service, _TEST, check.origin, **facts)
    elif tool := _tool_over_socket(text):
        yield remark("TC875", service, _TEST, tool=tool)


def _working_check(service: Service, stack: Stack, context: Context) -> str:
    """What to write instead: the command that is known to work in the image, where there is one."""
    own_check = known_healthcheck(service, stack, context)
    if isinstance(own_check, Healthcheck):
        return f"In the image `test: {json.dumps(own_check.test)}` works."
    return "Call a program that the image has."


def _judge_check(startup: Startup, service: Service) -> Iterator[Verdict]:
    check = service.healthcheck
    if check is None:
        return
    old_engine = check.start_interval is None
    yield startup.verdict(service, "healthcheck", "T4", old_engine, "TC726")
    if not check.test:
        return
    text = " ".join(check.test[1:])
    yield _judge_form(startup, service, check)
    yield from _judge_tools(startup, service, text)
    yield from _judge_socket(startup, service, text)
    if image_id(service) in ("redis", "valkey") or "redis-cli" in text:
        is_ping = "ping" in text.lower() and "incr" not in text
        sure = not is_ping or "grep" in text or "PONG" in text
        yield startup.verdict(service, _TEST, "T22", sure, "TC741")


def _judge_form(startup: Startup, service: Service, check: Healthcheck) -> Verdict:
    right = (check.test or ("",))[0] in ("CMD", "CMD-SHELL", "NONE")
    facts = {"what": ".".join(_TEST), "problem": _FORM, "how": _FORM_ADVICE}
    return startup.verdict(service, _TEST, "T25", right, "TC743", **facts)


def _judge_tools(startup: Startup, service: Service, text: str) -> Iterator[Verdict]:
    missing = _missing_tools(service, text)
    if missing is None:
        return
    facts = {"tool": ", ".join(missing), "image": service.image or ""}
    yield startup.verdict(service, _TEST, "T9", not missing, "TC730", **facts)


def _missing_tools(service: Service, text: str) -> list[str] | None:
    """The programs that the command calls and the image lacks; None where it is not known what that has."""
    image = facts_of(service)
    tools = image.tools if image is not None and service.build is None else None
    if tools is None or "apk add" in text or "apt" in text:
        return None if tools is None else []
    judged_tools = _CLIENTS if tools else (*_CLIENTS, *_INTERPRETERS)
    called = [tool for tool in judged_tools if _calls_blindly(text, tool)]
    return [tool for tool in called if tool not in tools]


def _calls_blindly(text: str, tool: str) -> bool:
    """Whether the test calls the tool without asking for it; one that does is right with any of them, and with none."""
    if tool not in text or f"command -v {tool}" in text:
        return False
    return re.search(rf"(?:^|[\s;&|(]){tool}\s", text) is not None


def _judge_socket(startup: Startup, service: Service, text: str) -> Iterator[Verdict]:
    tool = _tool_over_socket(text)
    if tool is not None:
        yield startup.verdict(service, _TEST, "T21", not tool, "TC740", tool=tool)


def _tool_over_socket(text: str) -> str | None:
    """The program that asks a database over its socket; empty where it asks over TCP, None where none is asked."""
    ping = _SOCKET_PING.search(text)
    if ping is None:
        return None
    host_option = _PG_OVER_TCP if ping[0].startswith("pg_isready") else _OVER_TCP
    return "" if host_option.search(text) else ping[0].split()[0]


def _is_of_source(service: Service | None, stack: Stack) -> bool:
    """Whether the command is another than the rules would write."""
    check = service.healthcheck if service else None
    if service is None or check is None:
        return False
    own_check = known_healthcheck(service, stack, Context())
    return isinstance(own_check, str) or own_check.test != check.test


RULE = Rule(
    id="HC-TEST",
    title="Report health commands that cannot work",
    summary=(
        "Reports health commands of the source that always fail, because the image lacks the "
        "program, or that succeed too early. The command itself is kept."
    ),
    tells=("TC726", "TC730", "TC740", "TC741", "TC743"),
    severity="must",
    mend=apply,
    covers=("Q-01",),
    judge=judge_services(_judge_check),
    url="https://docs.docker.com/reference/compose-file/services/#healthcheck",
    excuses=tuple(
        Excuse(code, "the command is the source's own", _is_of_source)
        for code in ("TC726", "TC741", "TC743")
    ),
    said_by={"TC730": ("TC876",), "TC740": ("TC875",)},
    stated=frozenset(("TC740",)),
    examples=(
        Example(
            "services: {db: {image: 'postgres:16', healthcheck: {test: [CMD, pg_isready]}}}",
            "services: {db: {image: 'postgres:16', healthcheck: {test: [CMD, pg_isready]}}}",
        ),
    ),
)
