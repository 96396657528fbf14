"""A host that nothing in the stack is called is told where a name without a dot is that of a container."""

from __future__ import annotations

import pytest

from tocompose.exporters.bundle import Layout
from tocompose.pipeline import Options, convert
from tocompose.project import Memory


def told(files: dict[str, str]) -> list[str]:
    project = Memory({path: text.encode() for path, text in files.items()}, "shop")
    notes = convert(project, Options(layout=Layout(split=True))).notes
    return [note.message for note in notes if note.code == "TC684"]


@pytest.mark.parametrize(
    ("options", "host"),
    [
        ("-e RABBITMQ_HOST=rabbit", "rabbit"),
        ("-e BROKER_URL=amqp://u:p@rabbit:5672/x", "rabbit"),
        ("-e PEERS=http://one:80,http://two:80", "two"),
        ("-e RABBITMQ_HOST=db", None),
        ("-e DB_HOST=store", None),
        ("-e DB_HOST=db.example.org -e URL=https://api.example.org:443", None),
        ("-e HOST=0.0.0.0 -e APP_HOST=shop -e LISTEN_HOST=all", None),
        ("-e PUBLIC_URL=http://shop:8080 -e CORS_ORIGIN=http://shop:80", None),
        ("-e DB_HOST=localhost -e URL=http://host:80", None),
        ("--add-host rabbit:10.0.0.1 -e RABBITMQ_HOST=rabbit", None),
        ("--link db:rabbit -e RABBITMQ_HOST=rabbit", None),
        ("--network host -e RABBITMQ_HOST=rabbit", None),
        ("--network lan -e RABBITMQ_HOST=rabbit", None),
    ],
)
def test_hosts_of_a_script(options: str, host: str | None) -> None:
    script = (
        "docker run -d --name db --network-alias store postgres:16\n"
        f"docker run -d --name web {options} acme/web:1\n"
    )
    messages = told({"run.sh": script})
    assert bool(messages) == bool(host), messages
    assert host is None or f"the host {host} (" in messages[-1]


def test_a_note_names_all_variables_that_call_a_host() -> None:
    script = "docker run -d --name web -e A_URL=http://rabbit:1 -e B_URL=http://rabbit:2 acme/web:1\n"
    (message,) = told({"run.sh": script})
    assert "(A_URL and B_URL)" in message


def test_hosts_of_units_and_compose_files() -> None:
    unit = (
        "[Container]\nImage=acme/web:1\nContainerName=web\nEnvironment=REDIS_HOST=cache\n"
    )
    compose = "services: {web: {image: 'acme/web:1', environment: {REDIS_HOST: cache}}}\n"
    assert len(told({"web.container": unit})) == 1
    assert len(told({"docker-compose.yml": compose})) == 1
    beside = "[Container]\nImage=redis:7\nContainerName=cache\n"
    assert told({"web.container": unit, "cache.container": beside}) == []
