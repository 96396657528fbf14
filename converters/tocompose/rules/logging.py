"""LOG: log files that do not fill the disk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tocompose.model import Logging, Service, Stack
from tocompose.notes import Note
from tocompose.record import replace
from tocompose.rules import (
    Context,
    Example,
    Outcome,
    Rule,
    Startup,
    Verdict,
    map_services,
    remark,
)
from tocompose.rules.views import judge_lasting

ROTATION = {"max-size": "10m", "max-file": "3"}


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack with rotated `json-file` logs on services without a log driver; a driver of the source stays."""
    return map_services(stack, _rotate_logs)


def _rotate_logs(service: Service) -> tuple[Service, Iterable[Note]]:
    logging = service.logging
    if logging is None:
        rotated = Logging(driver="json-file", options=ROTATION)
        return replace(service, logging=rotated), [remark("TC625", service, "logging")]
    if logging.driver == "none":
        return service, [remark("TC626", service)]
    if not _fills_disk(logging):
        return service, ()
    options = {**ROTATION, **logging.options}
    added = [key for key in options if key not in logging.options]
    notes = [
        remark("TC627", service, ("logging", "options", key), key=key) for key in added
    ]
    return replace(service, logging=replace(logging, options=options)), notes


def _fills_disk(logging: Logging) -> bool:
    """Whether the engine itself keeps the logs, without an end; other drivers rotate, or send them elsewhere."""
    keeps_files = logging.driver in (None, "json-file")
    return keeps_files and "max-size" not in logging.options


def _judge_rotation(startup: Startup, service: Service) -> Iterator[Verdict]:
    logging = service.logging
    rotated = logging is not None and logging.driver != "none" and not _fills_disk(logging)
    key = "logging" if logging else ""
    yield startup.verdict(service, key, "Q-04 E-02", rotated, "TC709")


RULE = Rule(
    id="LOG",
    title="Rotate the logs",
    summary=(
        "Adds a size limit to logs that the engine would otherwise keep until the disk is "
        "full. Other log drivers are kept."
    ),
    tells=("TC709",),
    severity="must",
    mend=apply,
    covers=("Q-04", "E-02", "S-06"),
    url="https://docs.docker.com/engine/logging/drivers/json-file/",
    examples=(
        Example(
            "services: {web: {image: 'corp/web:1'}, api: {image: 'corp/api:1', logging: {driver: syslog}}}",
            """
            services:
              web: {image: 'corp/web:1', logging: {driver: json-file, options: {max-size: 10m, max-file: '3'}}}
              api: {image: 'corp/api:1', logging: {driver: syslog}}
            """,
        ),
    ),
    judge=judge_lasting(_judge_rotation),
    edit=("logging",),
    said_by={"TC709": ("TC626",)},
)
