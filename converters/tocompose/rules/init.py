"""INIT: a first process that passes signals on, for languages that do not do so as process 1."""

from __future__ import annotations

from collections.abc import Iterable

from tocompose.knowledge.wrappers import is_init, stated_argv
from tocompose.model import Service, Stack
from tocompose.notes import Note
from tocompose.record import replace
from tocompose.rules import Context, Example, Outcome, Rule, map_services, remark
from tocompose.rules.service_images import base_facts
from tocompose.tables import load


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack with `init: true` on services of plain language images that do not say otherwise."""
    return map_services(stack, lambda service: _add_init(service, stack, context))


def _add_init(
    service: Service, stack: Stack, context: Context
) -> tuple[Service, Iterable[Note]]:
    if service.init is not None or _brings_init(service):
        return service, ()
    image = base_facts(service, stack, context)
    if image is None or image.init != "wanted":
        return service, ()
    return replace(service, init=True), [remark("TC624", service, "init")]


def _brings_init(service: Service) -> bool:
    """Whether the command starts one of the known first processes itself."""
    argv_words = stated_argv(service)
    supervisors = load("entrypoints")["supervisors"]
    return any(
        is_init(word) or word.rpartition("/")[2] in supervisors for word in argv_words
    )


RULE = Rule(
    id="INIT",
    title="Pass signals on and clean up after child processes",
    summary=(
        "Adds `init: true` for programs that ignore signals as process 1, such as Node.js, "
        "and would be killed after 10 seconds at each stop."
    ),
    severity="should",
    mend=apply,
    covers=("S-01",),
    url="https://docs.docker.com/reference/compose-file/services/#init",
    examples=(
        Example(
            "services: {web: {image: 'node:22', command: [node, server.js]}}",
            "services: {web: {image: 'node:22', command: [node, server.js], init: true}}",
        ),
    ),
)
