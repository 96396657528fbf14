"""A folder's production file: base and production are a second stack, of which each finding is told once."""

from __future__ import annotations

import pytest

from tocompose.check import audit
from tocompose.project import Memory

BASE = """services:
  web:
    image: acme/web:1
    ports: ['8080:80']
    secrets: [token]
    depends_on:
      job: {condition: service_completed_successfully}
  api:
    image: acme/api:1
    container_name: api
    ports: ['${API_PORT:-8081}:80']
  job:
    image: acme/job:1
    command: 'true'
    restart: 'no'
secrets:
  token: {environment: TOKEN}
"""
ENV = "TOKEN=x\nIGNORED=1\n"
OVERRIDE = "services:\n  web:\n    environment: {DEBUG: '1'}\n"


def places(production: str, *codes: str, env: str = ENV, **more: str) -> list[str]:
    """Where the codes are found in a folder with that production file."""
    files = {
        "compose.yaml": BASE,
        "compose.override.yaml": OVERRIDE,
        "compose.prod.yaml": production,
        ".env": env,
        **more,
    }
    found = audit(Memory({name: text.encode() for name, text in files.items()}))
    assert found is not None
    return [f"{note.code} {note.span}" for note in found.notes if note.code in codes]


@pytest.mark.parametrize(
    ("production", "place"),
    [
        ("services:\n  web:\n    read_only: true\n", "TC727 compose.prod.yaml:3:5"),
        ("services:\n  job:\n    restart: always\n", "TC731 compose.prod.yaml:3:5"),
        (
            "services:\n  api:\n    deploy:\n      replicas: 3\n",
            "TC733 compose.prod.yaml:4:7",
        ),
        (
            "services:\n  web:\n    deploy: {replicas: '${WEB_REPLICAS:-2}'}\n",
            "TC535 compose.prod.yaml:3:14",
        ),
        (
            "services:\n  web:\n    ports:\n      - '127.0.0.1:8080:80'\n",
            "TC736 compose.prod.yaml:4:9",
        ),
        (
            "services:\n  web:\n    ports: ['8081:443']\n",
            "TC722 compose.prod.yaml:3:13",
        ),
        (
            "services:\n  web: {restart: always}\nsecrets:\n  token: {file: ./compose.yaml}\n",
            "TC048 compose.prod.yaml:4:3",
        ),
        (
            "services:\n  web:\n    depends_on: {db: {condition: service_started}}\n",
            "TC744 compose.prod.yaml:3:5",
        ),
        ("services:\n  job:\n    profiles: [later]\n", "TC533 compose.prod.yaml:3:5"),
    ],
)
def test_what_only_production_breaks_is_told_there(production: str, place: str) -> None:
    assert places(production, place.split()[0]) == [place]


CHECKED = """services:
  web:
    image: acme/web:1
    pids_limit: 100
    depends_on:
      db: {condition: service_healthy}
  db:
    image: acme/db:1
    healthcheck: {test: [CMD, db-ready]}
"""


@pytest.mark.parametrize(
    "key", ["healthcheck: {disable: true}", "healthcheck: {test: [NONE]}"]
)
def test_a_check_that_production_takes_away_is_told_there(key: str) -> None:
    production = f"services:\n  db:\n    {key}\n"
    said = places(production, "TC721", **{"compose.yaml": CHECKED})
    assert said == ["TC721 compose.prod.yaml:3:5"]


@pytest.mark.parametrize(
    ("limits", "place"),
    [
        ("{pids: 50}", "TC048 compose.prod.yaml:2:3"),
        ("{pids: 100}", "TC732 compose.prod.yaml:5:9"),
        ("{memory: 1g}", "TC732 compose.prod.yaml:5:9"),
    ],
)
def test_a_limit_in_two_places_is_told_once(limits: str, place: str) -> None:
    deploy = f"    deploy:\n      resources:\n        limits: {limits}\n"
    said = places(
        f"services:\n  web:\n{deploy}", "TC048", "TC732", **{"compose.yaml": CHECKED}
    )
    assert said == [place]


@pytest.mark.parametrize(
    "production",
    [
        "services:\n  web:\n    ports: !override ['127.0.0.1:8080:80']\n",
        "services:\n  web:\n    ports: !reset []\n    deploy: {replicas: 2}\n",
        "services:\n  api:\n    container_name: !reset null\n    ports: !reset []\n    deploy: {replicas: 2}\n",
        "services:\n  web:\n    read_only: true\n    secrets: !reset []\n",
    ],
)
def test_what_production_takes_away_is_not_found(production: str) -> None:
    assert places(production, "TC722", "TC727", "TC733", "TC735", "TC736", "TC535") == []


def test_a_value_of_env_counts_for_both() -> None:
    production = "services:\n  web:\n    ports: ['9000:443']\n"
    env = "TOKEN=x\nAPI_PORT=9000 # moved\n"
    assert places(production, "TC722", env=env) == ["TC722 compose.prod.yaml:3:13"]
    assert places(production, "TC722") == []


def test_a_finding_of_the_base_is_told_once() -> None:
    clash = BASE.replace("8081}", "8080}")
    said = places(
        "services:\n  web: {restart: always}\n", "TC722", **{"compose.yaml": clash}
    )
    assert said == ["TC722 compose.yaml:11:13"]


def test_what_the_override_adds_is_not_missed_in_production() -> None:
    override = "services:\n  web:\n    restart: always\n    logging: {driver: local}\n"
    production = "services:\n  web:\n    environment: {A: '1'}\n"
    base = BASE.replace("    secrets: [token]\n", "    secrets: [token]\n", 1)
    said = places(
        production,
        "TC707",
        "TC709",
        **{"compose.yaml": base, "compose.override.yaml": override},
    )
    assert not [line for line in said if "prod" in line]


def test_a_whole_production_file_is_not_joined_with_the_base() -> None:
    production = """services:
  web:
    image: acme/web:2
    ports: ['8080:80']
  proxy:
    image: nginx:1.27
    ports: ['8081:80']
"""
    assert places(production, "TC722", "TC736") == []
    joined = production.replace("    ports: ['8080:80']\n", "", 1)
    assert places(joined, "TC722") == ["TC722 compose.prod.yaml:6:13"]


def test_what_production_grants_is_judged() -> None:
    assert places("services:\n  web:\n    privileged: true\n", "TC512") == [
        "TC512 compose.prod.yaml:3:5"
    ]
