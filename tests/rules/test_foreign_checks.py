"""The HEALTHCHECK of an image is in force for whatever runs there: it is switched off where it asks for a server."""

from __future__ import annotations

import pytest

from rules.snippets import stack
from tocompose.model import File
from tocompose.record import replace
from tocompose.rules import Context, Outcome, apply_all, select

PRACTICES = select("SVC-CLASS,HC-EVERY")
DOCKERFILE = b"""FROM corp/base:1
HEALTHCHECK CMD curl -fsS http://localhost:8000/ || exit 1
CMD ["serve"]
"""


def outcome(body: str) -> Outcome:
    given = stack(f"services: {{x: {{{body}}}}}")
    file = File(path="Dockerfile", content=DOCKERFILE)
    return apply_all(replace(given, files=(file,)), PRACTICES, Context())


@pytest.mark.parametrize(
    "body",
    [
        "image: 'vaultwarden/server:1.32.0', entrypoint: [/backup.sh]",
        "image: 'jellyfin/jellyfin:10', entrypoint: [/bin/mend]",
        "image: 'gcr.io/cadvisor/cadvisor:v0.49.1', command: ['--listen_ip=10.0.0.1']",
        "build: ., command: [bundle, exec, sidekiq]",
    ],
)
def test_it_is_switched_off_where_its_server_does_not_run(body: str) -> None:
    made = outcome(body)
    [service] = made.stack.services
    assert service.healthcheck is not None and service.healthcheck.disable
    assert "TC434" in [note.code for note in made.notes]


@pytest.mark.parametrize(
    "body",
    [
        "image: 'vaultwarden/server:1.32.0'",
        "build: .",
        "build: ., command: [serve]",
        "build: ., command: [serve, --fast], ports: ['8000:8000']",
        "image: 'gcr.io/cadvisor/cadvisor:v0.49.1'",
    ],
)
def test_it_stays_where_the_server_runs(body: str) -> None:
    made = outcome(body)
    assert made.stack.services[0].healthcheck is None
    assert "TC611" in [note.code for note in made.notes]


def test_a_worker_of_the_image_is_asked_by_its_framework() -> None:
    made = outcome("build: ., command: [celery, -A, p, worker]")
    check = made.stack.services[0].healthcheck
    assert check is not None and "inspect ping" in " ".join(check.test or ())
