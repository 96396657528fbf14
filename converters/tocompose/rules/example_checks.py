"""Examples of health checks, for images of which nothing is known but a name and a port."""

from __future__ import annotations

import json
from collections.abc import Iterator

from tocompose.knowledge.images import ImageFacts, image_facts, image_ref
from tocompose.model import Service
from tocompose.patterns import regex
from tocompose.rules.programs import command_text
from tocompose.rules.service_images import environment_of

_ANY_COMMAND = "a command of the image that fails when the program no longer works"
_WORDS = regex(r"[a-z]+")
# What starts programs, and is no server itself.
_NO_SERVERS = ("runtime", "base")


def example_check(
    service: Service, port: str | None, *, speaks_no_http: bool = False
) -> str:
    """How a program could be checked: as the server that its name ends with, by HTTP, or in a way of its own.

    Of a server of data only the port can be asked, where its name tells nothing.
    """
    known_check = next(_checks_of_namesake(service), None)
    if known_check is not None:
        return _told_test(known_check)
    if port is not None and speaks_no_http:
        return _told_test(("CMD-SHELL", f"nc -z 127.0.0.1 {port}"))
    if port is None:
        return _ANY_COMMAND
    return _told_test(("CMD", "curl", "-f", f"http://127.0.0.1:{port}/"))


def _checks_of_namesake(service: Service) -> Iterator[tuple[str, ...]]:
    """The health commands of the well-known servers that the image or the service is named after."""
    for name in _last_words(service):
        facts = image_facts(name)
        if facts is not None and _is_server(facts):
            environment = environment_of(service)
            for check in facts.usable_checks(environment, command_text(service)):
                yield check.test


def _last_words(service: Service) -> Iterator[str]:
    """The words that say what runs: `redis` of `shop-redis`."""
    ref = image_ref(service.image) if service.image else None
    for name in (ref.repository if ref else "", service.name):
        yield from _WORDS.findall(name.lower())[-1:]


def _is_server(facts: ImageFacts) -> bool:
    return facts.kind not in _NO_SERVERS and bool(facts.checks)


def _told_test(test: tuple[str, ...]) -> str:
    program = test[1].split()[0]
    shown = json.dumps(list(test), ensure_ascii=False)
    return f"`test: {shown}` if the image has {program}"
