"""Health checks: Dokku's app.json and CHECKS, the Dockerfile's own, else a connection to the web process's port."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tocompose.importers.field_tables import shown_headers
from tocompose.importers.procfile.app_json import AppJson
from tocompose.importers.procfile.image import Image
from tocompose.importers.procfile.processes import Process
from tocompose.languages import language_rows
from tocompose.ledger import Cursor
from tocompose.model import Healthcheck
from tocompose.patterns import regex
from tocompose.readers.reading import read_lines
from tocompose.record import NamedTuple
from tocompose.repository import Repository
from tocompose.syntax.interpolation import literal
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.units import is_whole_number

# Heroku gives a web process 60 seconds to listen (error R10).
_BOOT = "60s"
_PATH = regex(r"/[\w./?=&%~+-]*")
_SETTING = regex(r"(WAIT|TIMEOUT|ATTEMPTS)=(\d+)")
_REQUEST = regex(r"(?:https?://[^/\s]+|//[^/\s]+)?(/\S*)")
# Dokku's order of use: readiness, then startup, then liveness.
_KINDS = ("readiness", "startup", "liveness")
_WITHOUT_COUNTERPART = (
    "content",
    "listening",
    "uptime",
    "warn",
    "onFailure",
    "httpHeaders",
    "scheme",
)
_FIELDS_OF_CHECKS = {"WAIT": "interval", "TIMEOUT": "timeout", "ATTEMPTS": "retries"}


class StatedCheck(NamedTuple):
    """A check that the source states: a path or a command, and Compose's numbers (empty where unsaid)."""

    path: str = ""
    command: tuple[str, ...] = ()
    port: str = ""
    interval: str = ""
    timeout: str = ""
    retries: str = ""
    start_period: str = ""


def read_checks(
    repository: Repository, app: AppJson, services: Mapping[str, str], runtime: str
) -> dict[str, StatedCheck]:
    """The check of each process type: Dokku's healthchecks, and CHECKS for web where there are none.

    `services` maps a process type to its service's name; `runtime` is the image's, which must be able to ask.
    """
    checks: dict[str, StatedCheck] = {}
    for process_checks in app.at("healthchecks"):
        process_type = process_checks.key
        if process_type not in services or process_checks.kind != "list":
            process_checks.note(
                "TC340", what=f"healthchecks.{process_type}", name=process_type
            )
            continue
        path = ModelPath.service(services[process_type], "healthcheck")
        check = _choose_check(process_checks)
        if check and (runtime or check.at("command")):
            checks[process_type] = _read_dokku_check(check, path)
        elif check:
            check.note("TC348", subject=path, what="the HTTP request")
    if "web" in checks:
        _leave_checks_file(repository)
        return checks
    return {**_read_checks_file(repository, services), **checks}


def _leave_checks_file(repository: Repository) -> None:
    """Says of each line of CHECKS that app.json's check of web goes before it, as in Dokku."""
    for line in repository.open("CHECKS", read_lines, "lines"):
        line.note("TC349", name="web", kind="CHECKS")


def _choose_check(checks: Cursor) -> Cursor:
    """The one check that Compose has room for: the first in Dokku's order, among those that say what to ask.

    The others are noted.
    """
    usable = [check for check in checks if check.peek("path") or check.at("command")]
    ordered = sorted(usable or checks, key=_rank_check)
    if not ordered:
        return checks.at(0)
    for check in checks:
        if check.key != ordered[0].key:
            kind = check.peek("type") or "startup"
            check.note("TC349", name=checks.key, kind=kind)
    return ordered[0]


def _rank_check(check: Cursor) -> int:
    kind = (check.peek("type") or "startup").lower()
    return _KINDS.index(kind) if kind in _KINDS else len(_KINDS)


def _read_dokku_check(check: Cursor, to: ModelPath) -> StatedCheck:
    _settle_type(check.at("type"))
    for key in ("name", "description"):
        check.at(key).skip("it names the check in the platform's log")
    for key in _WITHOUT_COUNTERPART:
        if setting := check.at(key):
            setting.note("TC348", subject=to, what=_name_setting(setting))
    command = check.at("command")
    if command:
        command.map(to=to.child("test"))
    interval_key = "wait" if check.at("wait") else "interval"
    return StatedCheck(
        path=_take_path(check.at("path"), bool(command), to),
        command=_read_words(command),
        port=check.take("port", to=to.child("test")) or "",
        interval=_format_seconds(check.take(interval_key, to=to.child("interval"))),
        timeout=_format_seconds(check.take("timeout", to=to.child("timeout"))),
        retries=check.take("attempts", to=to.child("retries")) or "",
        start_period=_format_seconds(
            check.take("initialDelay", to=to.child("start_period"))
        ),
    )


def _name_setting(setting: Cursor) -> str:
    """What a part of a check is called, headers with their names: their values may be secret."""
    headers = shown_headers(setting.node)
    return f"{setting.key} ({headers})" if headers else str(setting.key)


def _settle_type(kind: Cursor) -> None:
    if (kind.peek() or "startup").lower() in _KINDS:
        kind.skip("Compose has one kind of check")
    else:
        kind.note("TC315", what="the type of a health check", wanted=" or ".join(_KINDS))


def _take_path(path: Cursor, has_command: bool, to: ModelPath) -> str:
    """The path to ask; none where a command checks, or where it is not one that a command can hold."""
    if not path:
        return ""
    if has_command or not _PATH.fullmatch(path.peek() or ""):
        path.note("TC348", subject=to, what="path")
        return ""
    return path.take(to=to.child("test")) or ""


def _read_words(command: Cursor) -> tuple[str, ...]:
    if command.kind != "list":
        return ()
    return tuple(argument.peek() or "" for argument in command)


def _format_seconds(text: str | None) -> str:
    return f"{text}s" if text and re.fullmatch(r"\d+(\.\d+)?", text) else ""


def _read_checks_file(
    repository: Repository, services: Mapping[str, str]
) -> dict[str, StatedCheck]:
    """Dokku's CHECKS: settings, then `/path expected text` lines, of which the first is asked."""
    web = services.get("web")
    check = StatedCheck()
    for line in repository.open("CHECKS", read_lines, "lines"):
        if web is None:
            line.note("TC340", what="CHECKS", name="web")
        else:
            check = _read_checks_line(line, check, ModelPath.service(web, "healthcheck"))
    return {"web": check} if check.path else {}


def _read_checks_line(line: Cursor, check: StatedCheck, to: ModelPath) -> StatedCheck:
    """The check with what one line says of it."""
    text = line.peek() or ""
    if setting := _SETTING.fullmatch(text):
        field = _FIELDS_OF_CHECKS[setting[1]]
        line.take(to=to.child(field))
        value = setting[2] if field == "retries" else f"{setting[2]}s"
        return StatedCheck(**{**check._asdict(), field: value})
    request = _REQUEST.match(text)
    if check.path or request is None:
        line.note("TC348", subject=to, what=line.key)
        return check
    line.take(to=to.child("test"))
    if text != request[0]:
        line.annotate("TC348", subject=to, what="the expected text")
    return check._replace(path=request[1])


def choose_healthcheck(
    check: StatedCheck | None, image: Image, process: Process, port: str
) -> Healthcheck | None:
    """The service's check; None where nothing in the image is known to be able to ask."""
    if check is None and not process.publishes:
        return Healthcheck(disable=True) if image.healthcheck else None
    if check is None and image.healthcheck:
        return image.healthcheck
    return _make_healthcheck(check or StatedCheck(), image, port)


def _make_healthcheck(check: StatedCheck, image: Image, port: str) -> Healthcheck | None:
    test = _test_command(check, image, port)
    if test is None:
        return None
    return Healthcheck(
        test=test,
        interval=check.interval or "30s",
        timeout=check.timeout or "5s",
        retries=check.retries or "3",
        start_period=check.start_period or _BOOT,
    )


def _test_command(check: StatedCheck, image: Image, port: str) -> tuple[str, ...] | None:
    if check.command:
        return ("CMD", *map(literal, check.command))
    row = language_rows().get(image.runtime)
    if row is None:
        return None
    port = check.port if is_whole_number(check.port) else port
    path = literal(check.path)
    return tuple(
        str(argument).replace("<port>", port).replace("<path>", path)
        for argument in (row["http"] if path else row["tcp"])
    )
