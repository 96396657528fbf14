"""What a script waits for, and what only asks a server, becomes a start order and a health check."""

from __future__ import annotations

from typing import Any

import pytest

from ablation import compose_of
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory

START = """docker network create shop
docker run -d --name cache --network shop -p 6379:6379 redis:7
docker run -d --name db --network shop -p 15432:5432 -e POSTGRES_PASSWORD=x7-Kp postgres:16
"""
WEB = "docker run -d --name web --network shop corp/web:1\n"


def converted(*lines: str) -> Result:
    script = START + "\n".join(lines) + "\n"
    return convert(Memory({"run.sh": script.encode()}, "shop"), Options())


def codes(result: Result) -> list[str]:
    return [note.code for note in result.notes]


def waits(result: Result) -> dict[str, Any]:
    depends_on = compose_of(result)["services"]["web"].get("depends_on") or {}
    return {name: edge["condition"] for name, edge in depends_on.items()}


@pytest.mark.parametrize(
    ("loop", "awaited"),
    [
        ("until redis-cli ping; do sleep 1; done", "cache"),
        ("until redis-cli -h localhost -p 6379 ping; do sleep 1; done", "cache"),
        ("until nc -z -w 2 127.0.0.1 6379; do sleep 1; done", "cache"),
        ("while ! (echo > /dev/tcp/localhost/6379) 2>/dev/null; do sleep 1; done", "cache"),
        ("until psql -h localhost -p 15432 -c 'select 1'; do sleep 1; done", "db"),
        ("until docker logs cache 2>&1 | grep -q Ready; do sleep 1; done", "cache"),
        (
            'until [ "$(docker inspect -f {{.State.Health.Status}} db)" = healthy ]; do sleep 1; done',
            "db",
        ),
        ("docker exec cache sh -c 'until redis-cli ping; do sleep 1; done'", "cache"),
        (
            "docker exec cache sh -c 'until redis-cli ping >/dev/null 2>&1; do echo . >&2; sleep 1; done'",
            "cache",
        ),
        ("docker exec cache redis-cli ping", "cache"),
        ("for i in 1 2 3; do sleep 2; docker exec cache redis-cli ping; done", "cache"),
        (
            'while [ "$PONG" != PONG ]; do PONG=$(docker exec cache redis-cli ping); done',
            "cache",
        ),
    ],
)
def test_what_is_awaited_comes_first(loop: str, awaited: str) -> None:
    result = converted(loop, WEB)
    assert waits(result) == {awaited: "service_healthy"}
    assert codes(result).count("TC179") == 1
    assert not {"TC131", "TC132", "TC150"} & set(codes(result))


@pytest.mark.parametrize(
    "loop",
    [
        "until nc -z db.example.com 5432; do sleep 1; done",
        "until curl -fs http://localhost:9999/; do sleep 1; done",
        "until ping -c 1 host9; do sleep 1; done",
        "until psql -h localhost -c 'select 1'; do sleep 1; done",  # nothing is published on 5432
    ],
)
def test_a_wait_for_something_else_is_lost(loop: str) -> None:
    result = converted(loop, WEB)
    assert waits(result) == {}
    assert "TC131" in codes(result)


@pytest.mark.parametrize("host", ["localhost:6379", "db.example.com:80"])
def test_a_wait_that_nothing_comes_after_needs_nobody(host: str) -> None:
    result = converted(WEB, f"until curl http://{host}; do sleep 1; done", "echo ready")
    assert not {"TC131", "TC179"} & set(codes(result))
    assert waits(result) == {}


def test_a_command_that_only_asks_is_replaced_and_not_lost() -> None:
    result = converted(WEB, "docker exec cache redis-cli -a Pw-9secret ping")
    (told,) = [note for note in result.notes if note.code == "TC081"]
    assert told.kind.value == "info"
    assert "`redis-cli -a … ping` only asks whether cache answers" in told.message
    assert "TC132" not in codes(result)


@pytest.mark.parametrize(
    "command",
    [
        "redis-cli set a b",
        "sh -c 'until redis-cli ping; do sleep 1; done; redis-cli set a b'",
        "sh -c 'until redis-cli ping; do sleep 1; done > /data/log'",
        "sh -c 'for i in $(ls /x); do redis-cli ping; done'",
        "sh -c 'redis-cli ping'",
    ],
)
def test_what_does_more_than_ask_is_still_to_be_done(command: str) -> None:
    result = converted(WEB, f"docker exec cache {command}")
    assert "TC132" in codes(result)
    assert "TC081" not in codes(result)


def test_who_is_waited_for_waits_for_nobody_that_waits_for_it() -> None:
    result = converted(
        WEB.replace("corp", "--link late corp"),
        "until docker exec web true; do sleep 1; done",
        "docker run -d --name late --network shop corp/late:1",
    )
    assert "TC179" not in codes(result)
