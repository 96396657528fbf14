"""Which programs of a health command an image is said to lack: only those that it certainly lacks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rules.snippets import stack
from tocompose.check import audit
from tocompose.knowledge.images import image_facts
from tocompose.project import Memory
from tocompose.rules import Context, apply_all, select
from tocompose.tables import documents


def _lacks(image: str, command: str) -> bool:
    text = (
        f"services:\n  web:\n    image: {image}\n    healthcheck:\n      test: {command}\n"
    )
    findings = audit(Memory({"compose.yaml": text.encode()}))
    assert findings is not None
    return "TC730" in {finding.code for finding in findings.notes}


def _names() -> Iterator[str]:
    for document in documents("images", "match"):
        yield from (name for name in document.keys if "*" not in name)


def test_an_image_on_alpine_has_the_programs_of_busybox() -> None:
    read = 0
    for name in _names():
        for tag in ("alpine", "9-alpine", "9-fpm-alpine3.22"):
            facts = image_facts(f"{name}:{tag}")
            if facts is not None and facts.tools is not None:
                read += 1
                assert {"sh", "wget", "nc"} <= set(facts.tools), f"{name}:{tag}"
    assert read > 200


@pytest.mark.parametrize(
    ("image", "command", "lacks"),
    [
        ("nextcloud:31", "nc -z localhost 80", True),
        ("nextcloud:31-fpm-alpine", "nc -z localhost 9000", False),
        ("nextcloud:${MAJOR}-fpm-alpine", "nc -z localhost 9000", False),
        ("nextcloud:31-fpm-alpine", "bash -c true", True),
        ("wordpress:6-fpm-alpine", "bash -c true", False),
        ("nextcloud:31", "php occ status", False),
        ("python:3.13-slim", "python3 -c 'print()'", False),
        ("cassandra:5", "python3 /check.py", False),
        ("traefik/whoami:v1.11", "python3 -c ''", True),
        ("postgres:16-alpine", "bash -c true", True),
        # curl went, came back and went again.
        ("collabora/code:24.04.9.2.1", "curl -f localhost:9980", False),
        ("collabora/code:25.04.1.1.1", "curl -f localhost:9980", True),
        ("collabora/code:25.04.9.4.1", "curl -f localhost:9980", False),
        ("collabora/code:26.04.1.4.1", "curl -f localhost:9980", True),
        ("collabora/code", "curl -f localhost:9980", False),
        ("collabora/code", "wget -q localhost:9980", True),
        # No row of the table is of this variant.
        ("solr:8-alpine", "nc -z localhost 8983", False),
    ],
)
def test_what_an_image_lacks(image: str, command: str, lacks: bool) -> None:
    assert _lacks(image, command) is lacks


@pytest.mark.parametrize(
    ("image", "told"),
    [
        ("nginx:1.27-alpine", None),
        ("collabora/code:26.04.1.4.1", '`test: ["CMD", "bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/9980"]`'),
        ("valkey/valkey:8", "valkey-cli ping"),
    ],
)  # fmt: skip
def test_a_command_that_works_is_shown_instead_of_one_that_cannot(
    image: str, told: str | None
) -> None:
    body = "healthcheck: {test: [CMD, curl, -f, 'http://localhost/']}"
    outcome = apply_all(
        stack(f"services: {{x: {{image: '{image}', {body}}}}}"),
        select("HC-TEST"),
        Context(),
    )
    advice = [note.advice for note in outcome.notes if note.code == "TC876"]
    assert [told in text for text in advice if told] == ([True] if told else [])
