"""Health checks: Dokku's app.json and CHECKS, the Dockerfile's own, else a connection to the web process's port."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from tocompose.importers.procfile.app_json import AppJson
from tocompose.importers.procfile.image import Image
from tocompose.importers.procfile.language import languages
from tocompose.importers.procfile.processes import Process
from tocompose.importers.procfile.repository import Repository
from tocompose.ledger import Cursor
from tocompose.model import Healthcheck
from tocompose.patterns import regex
from tocompose.readers.lines import read_lines
from tocompose.syntax.interpolation import literal
from tocompose.syntax.units import is_whole_number

# Heroku gives a web process 60 seconds to listen (error R10).
_BOOT = "60s"
_PATH = regex(r"/[\w./?=&%~+-]*")
_SETTING = regex(r"(WAIT|TIMEOUT|ATTEMPTS)=(\d+)")


class Check(NamedTuple):
    """A check that the source states: a path or a command, and Compose's numbers (empty where unsaid)."""

    path: str
    command: tuple[str, ...]
    port: str
    interval: str
    timeout: str
    retries: str
    start_period: str


def checks(
    repository: Repository, app: AppJson, services: Mapping[str, str], runtime: str
) -> dict[str, Check]:
    """The check of each process type: Dokku's healthchecks, and CHECKS for web where there are none.

    `services` maps a process type to its service's name; `runtime` is the image's, which must be able to ask.
    """
    found: dict[str, Check] = {}
    for entry in app.at("healthchecks"):
        if entry.key not in services or entry.kind != "list":
            entry.note("TC340", what=f"healthchecks.{entry.key}", name=entry.key)
            continue
        chosen = _choose(entry)
        for item in entry:
            if item.key != chosen.key:
                item.note("TC349", name=entry.key, kind=item.peek("type") or "startup")
        if chosen and not runtime and not chosen.at("command"):
            chosen.note(
                "TC348",
                subject=f"services.{services[entry.key]}.healthcheck",
                what="the request",
            )
        elif chosen:
            found[entry.key] = _of_dokku(chosen, services[entry.key])
    return found or _of_checks_file(repository, services)


def _choose(entry: Cursor) -> Cursor:
    """The one check that Compose has room for: readiness, then startup, then liveness; one that says what to ask."""
    rank = {"readiness": 0, "startup": 1, "liveness": 2}
    usable = [item for item in entry if item.peek("path") or item.at("command")]
    ordered = sorted(
        usable or entry,
        key=lambda item: rank.get((item.peek("type") or "startup").lower(), 3),
    )
    return ordered[0] if ordered else entry.at(0)


def _of_dokku(item: Cursor, service: str) -> Check:
    to = f"services.{service}.healthcheck"
    item.at("type").skip("Compose has one kind of check")
    for key in ("name", "description"):
        item.at(key).skip("it names the check in the platform's log")
    if item.at("content"):
        item.at("content").note("TC348", subject=to, what="content")
    for key in ("listening", "uptime", "warn", "onFailure", "httpHeaders", "scheme"):
        if item.at(key):
            item.at(key).note("TC348", subject=to, what=key)
    command = item.at("command")
    if command:
        command.map(to=f"{to}.test")
    path = item.at("path")
    if path and (command or not _PATH.fullmatch(path.peek() or "")):
        path.note("TC348", subject=to, what="path")
    return Check(
        path=path.take(to=f"{to}.test") or "" if path.unread() else "",
        command=tuple(part.peek() or "" for part in command)
        if command.kind == "list"
        else (),
        port=item.take("port", to=f"{to}.test") or "",
        interval=_seconds(
            item.take("wait" if item.at("wait") else "interval", to=f"{to}.interval")
        ),
        timeout=_seconds(item.take("timeout", to=f"{to}.timeout")),
        retries=item.take("attempts", to=f"{to}.retries") or "",
        start_period=_seconds(item.take("initialDelay", to=f"{to}.start_period")),
    )


def _seconds(text: str | None) -> str:
    return f"{text}s" if text and re.fullmatch(r"\d+(\.\d+)?", text) else ""


def _of_checks_file(
    repository: Repository, services: Mapping[str, str]
) -> dict[str, Check]:
    """Dokku's CHECKS: settings, then `/path expected text` lines, of which the first is asked."""
    tree = repository.open("CHECKS", read_lines, "lines")
    web = services.get("web")
    numbers: dict[str, str] = {}
    path = ""
    for line in tree:
        text = line.peek() or ""
        setting = _SETTING.fullmatch(text)
        if web is None:
            line.note("TC340", what="CHECKS", name="web")
        elif setting:
            key = {"WAIT": "interval", "TIMEOUT": "timeout", "ATTEMPTS": "retries"}[
                setting[1]
            ]
            line.take(to=f"services.{web}.healthcheck.{key}")
            numbers[key] = setting[2] if key == "retries" else f"{setting[2]}s"
        elif not path and (
            asked := re.match(r"(?:https?://[^/\s]+|//[^/\s]+)?(/\S*)", text)
        ):
            line.take(to=f"services.{web}.healthcheck.test")
            path = asked[1]
            if text != asked[0]:
                line.remark(
                    "TC348", subject=f"services.{web}.healthcheck", what="the expected text"
                )
        else:
            line.note("TC348", subject=f"services.{web}.healthcheck", what=line.key)
    if not path:
        return {}
    get = numbers.get
    return {
        "web": Check(
            path, (), "", get("interval", ""), get("timeout", ""), get("retries", ""), ""
        )
    }


def healthcheck(
    check: Check | None, image: Image, process: Process, port: str
) -> Healthcheck | None:
    """The service's check; None where nothing in the image is known to be able to ask."""
    if check is None and not process.publishes:
        return Healthcheck(disable=True) if image.healthcheck else None
    if check is None and image.healthcheck:
        return image.healthcheck
    test = _test(check, image, port)
    if test is None:
        return None
    said = check or Check("", (), "", "", "", "", "")
    return Healthcheck(
        test=test,
        interval=said.interval or "30s",
        timeout=said.timeout or "5s",
        retries=said.retries or "3",
        start_period=said.start_period or _BOOT,
    )


def _test(check: Check | None, image: Image, port: str) -> tuple[str, ...] | None:
    if check and check.command:
        return ("CMD", *(literal(word) for word in check.command))
    row = languages().get(image.runtime)
    if row is None:
        return None
    path = check.path if check else ""
    words = row["http"] if path else row["tcp"]
    number = check.port if check and is_whole_number(check.port) else port
    return tuple(
        str(word).replace("<port>", number).replace("<path>", literal(path))
        for word in words
    )
