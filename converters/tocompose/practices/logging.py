"""LOG: log files that do not fill the disk."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from tocompose.model import Logging, Service, Stack
from tocompose.notes import Note, note
from tocompose.practices import Context, Example, Outcome, Practice, each

ROTATION = {"max-size": "10m", "max-file": "3"}


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack with rotated `json-file` logs on services without a log driver; a driver of the source stays."""
    return each(stack, _log)


def _log(service: Service) -> tuple[Service, Iterable[Note]]:
    logging = service.logging
    if logging is None:
        subject = f"services.{service.name}.logging"
        return replace(service, logging=Logging(driver="json-file", options=ROTATION)), [
            note("TC625", service.origin, subject=subject, service=service.name)
        ]
    if logging.driver == "none":
        return service, [note("TC626", service.origin, subject=f"services.{service.name}", service=service.name)]
    if logging.driver in (None, "json-file") and "max-size" not in logging.options:
        options = {**ROTATION, **logging.options}
        added = [key for key in options if key not in logging.options]
        return replace(service, logging=replace(logging, options=options)), [
            note("TC627", service.origin, subject=f"services.{service.name}.logging.options.{key}",
                 service=service.name, key=key) for key in added
        ]  # fmt: skip
    return service, ()


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
