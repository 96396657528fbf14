"""What `--fix` leaves alone: conditions that are stated, comments, what is ignored; and where it edits fragments."""

from __future__ import annotations

import yaml

from tocompose.check import RuleSelection, repair
from tocompose.project import Memory

CHECKED = "    healthcheck: {test: [CMD, 'true']}\n"


def repaired(text: str, selection: RuleSelection | None = None) -> str:
    """The compose file afterwards."""
    project = Memory({"compose.yaml": text.encode()})
    result = repair(project, (), "", selection or RuleSelection())
    assert result is not None
    files = {file.path: file.content.decode() for file in result.files}
    return files.get("compose.yaml", text)


def test_a_condition_that_is_stated_stays() -> None:
    text = (
        "services:\n  web:\n    image: acme/web:1\n    depends_on:\n"
        "      db: {condition: service_started}\n  db:\n    image: postgres:16\n" + CHECKED
    )
    web = yaml.safe_load(repaired(text))["services"]["web"]
    assert web["depends_on"] == {"db": {"condition": "service_started"}}


def test_comments_stay_on_their_entries() -> None:
    text = (
        "services:\n  web:\n    image: acme/web:1\n    depends_on: # in this order\n"
        "      # the data\n      - db # for orders\n      - cache # for sessions\n"
        "  db:\n    image: postgres:16\n"
        + CHECKED
        + "  cache:\n    image: redis:7\n"
        + CHECKED
    )
    lines = [line.strip() for line in repaired(text).split("\n")]
    assert "depends_on: # in this order" in lines
    assert lines[lines.index("# the data") + 1] == "db: # for orders"
    assert "cache: # for sessions" in lines
    web = yaml.safe_load(repaired(text))["services"]["web"]
    assert {edge["condition"] for edge in web["depends_on"].values()} == {"service_healthy"}


def test_a_fragment_is_edited_where_it_stands() -> None:
    text = (
        "x-app: &app\n  image: acme/web:1\n  depends_on:\n    - db # for orders\n"
        "services:\n  web:\n    <<: *app\n    restart: always\n"
        "  worker:\n    <<: *app\n    restart: always\n"
        "  db:\n    image: postgres:16\n" + CHECKED
    )
    new_text = repaired(text)
    assert new_text.count("depends_on") == 1 and "    db: # for orders\n" in new_text
    services = yaml.safe_load(new_text)["services"]
    for name in ("web", "worker"):
        assert services[name]["depends_on"]["db"]["condition"] == "service_healthy"


def test_what_is_ignored_stays() -> None:
    text = (
        "services:\n  web: # tocompose: ignore[TC707] by hand\n    image: acme/web:1\n"
        "  api:\n    image: acme/api:1\n"
    )
    services = yaml.safe_load(repaired(text))["services"]
    assert "restart" not in services["web"] and "restart" in services["api"]
    chosen = repaired(text, RuleSelection(ignore=("TC707",)))
    assert "restart" not in chosen and "max-size" in chosen
