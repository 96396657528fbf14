"""Notes that a reader can follow: all that they are about is named, and an excerpt shows what is meant."""

from __future__ import annotations

import json

import pytest

from reported import reported
from tocompose.reports.text import render as terminal

TEMPLATE = """<?xml version="1.0"?>
<Container version="2">
  <Name>app</Name><Repository>acme/app:1</Repository><Network>bridge</Network>
  <Config Name="Zone" Target="{}" Type="Variable" Required="true">UTC</Config>
</Container>
"""


def test_a_line_for_many_names_those_that_its_notes_speak_for() -> None:
    services = "".join(
        f"  {name}: {{image: 'acme/{name}:1', env_file: ['../a.env']}}\n"
        for name in ("db", "web", "worker")
    )
    text = terminal(reported({"compose.yml": f"services:\n{services}"}))
    assert "db reads ../a.env" in text
    assert all(name in text.partition("TC609")[0] for name in ("web", "worker"))
    several = services.replace("'../a.env'", "'../a.env', '../b.env'")
    text = terminal(reported({"compose.yml": f"services:\n{several}"}))
    also = [line for line in text.splitlines() if line.strip().startswith("Env file")]
    assert all("web" in line and "worker" in line for line in also)


def test_no_excerpt_shows_something_else_than_is_meant() -> None:
    app = (
        '{"stack": "heroku-24", "env": {"SECRET_TOKEN": {"generator": "secret"},'
        ' "RACK_ENV": {"value": "production"}}, "stack": "heroku-22"}'
    )
    told = reported({"Procfile": "web: ./serve\n", "app.json": app})
    (said,) = [note for note in told.notes if note.code == "TC313"]
    assert said.span
    quote = told.quotes.quote(said.span)
    assert quote is None or quote.line[quote.start : quote.end].strip('"') == "stack"


@pytest.mark.parametrize("name", ["TIME_ZONE", "APP_TZ"])
def test_an_apps_own_time_zone_is_named_beside_that_of_the_system(name: str) -> None:
    told = reported({"my-app.xml": TEMPLATE.format(name)})
    (said,) = [note for note in told.notes if note.code == "TC823"]
    assert f"and {name} of the app in the compose file" in said.advice


@pytest.mark.parametrize(
    ("image", "is_told"),
    [
        ("gotenberg/gotenberg:8.34", False),
        ("gotenberg/gotenberg:8.29.1", False),
        ("gotenberg/gotenberg:8.30.0", True),
        ("gotenberg/gotenberg:8.30.1", False),
        ("gotenberg/gotenberg:8", False),
        ("chromadb/chroma:0.6.3", False),
        ("chromadb/chroma:1.0.20", True),
        ("temporalio/server:1.24", False),
        ("temporalio/server:latest", False),
        ("tootsuite/mastodon:v4.2.10", True),
        ("tootsuite/mastodon:v4.4.0", False),
    ],
)
def test_curl_is_missing_only_in_the_tags_without_it(image: str, is_told: bool) -> None:
    service = {
        "image": image,
        "healthcheck": {"test": ["CMD", "curl", "-f", "http://127.0.0.1:3000/health"]},
    }
    compose = json.dumps({"services": {"app": service}})
    codes = {note.code for note in reported({"compose.yml": compose}).notes}
    assert ("TC876" in codes) is is_told
