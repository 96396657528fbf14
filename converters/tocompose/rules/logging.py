"""LOG: log files that do not fill the disk."""

from __future__ import annotations

from collections.abc import Iterable

from tocompose.model import Logging, Service, Stack
from tocompose.notes import Note
from tocompose.record import replace
from tocompose.rules import Context, Example, Outcome, Practice, each
from tocompose.rules.services import remark

ROTATION = {"max-size": "10m", "max-file": "3"}


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack with rotated `json-file` logs on services without a log driver; a driver of the source stays."""
    return each(stack, _log)


def _log(service: Service) -> tuple[Service, Iterable[Note]]:
    logging = service.logging
    if logging is None:
        rotated = Logging(driver="json-file", options=ROTATION)
        return replace(service, logging=rotated), [remark("TC625", service, "logging")]
    if logging.driver == "none":
        return service, [remark("TC626", service)]
    if logging.driver not in (None, "json-file") or "max-size" in logging.options:
        return service, ()
    options = {**ROTATION, **logging.options}
    added = [key for key in options if key not in logging.options]
    notes = [remark("TC627", service, f"logging.options.{key}", key=key) for key in added]
    return replace(service, logging=replace(logging, options=options)), notes


PRACTICE = Practice(
    id="LOG",
    title="Rotate the logs",
    severity="must",
    apply=apply,
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
)
