"""What `--fix` changes: it adds what is missing, keeps every other line, and never makes `up` fail."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from findings import FINDINGS, STACK
from judges import needs_compose, run_config
from tocompose.check import audit, repair
from tocompose.project import Folder, Memory
from tocompose.writing import plan, write

LEGACY = """\
# the shop, do not touch without Ann
version: "3.8"

services:
    web:   # the app
        image: acme/web:${TAG}
        depends_on: [db, cache]   # both
        environment:
            - DATABASE_PASSWORD=hunter22
        command: |
            run # not a comment

            more
    # the db
    db:
        image: postgres:16
        ports: ["5432:5432"]
    cache: {image: "redis:7"}
    api: &api
        image: python:3.12
        depends_on:
        - db
        restart: always
    api2:
        <<: *api
        hostname: two
    # trailing
networks:
    default:
"""


def repaired(text: str, **more: str) -> dict[str, str]:
    """The files that change."""
    files = {
        "docker-compose.yml": text,
        **{name.replace("_", "."): content for name, content in more.items()},
    }
    found = repair(Memory({name: content.encode() for name, content in files.items()}))
    assert found is not None
    return {item.path: item.content.decode() for item in found.files}


DISCARDED = """\
services:
  web:
    image: acme/web:1
    network_mode: MODE
    ports:
      - "80:80"  # the site
      - "443:443"
    hostname: web
  api: {image: "acme/api:1", network_mode: host, ports: ["80:80"]}
"""


@pytest.mark.parametrize("mode", ["host", "none"])
def test_ports_that_docker_discards_go(mode: str) -> None:
    text = repaired(DISCARDED.replace("MODE", mode))["docker-compose.yml"]
    services = yaml.safe_load(text)["services"]
    assert "ports" not in services["web"] and services["web"]["hostname"] == "web"
    assert "# the site" in text  # no comment is lost
    assert services["api"]["ports"] == ["80:80"]  # of a map in one line nothing is changed


@pytest.mark.parametrize("mode", ["bridge", "service:api", "${MODE}"])
def test_ports_that_may_be_published_stay(mode: str) -> None:
    text = repaired(DISCARDED.replace("MODE", mode))["docker-compose.yml"]
    assert yaml.safe_load(text)["services"]["web"]["ports"] == ["80:80", "443:443"]


def test_ports_of_another_file_than_the_mode_stay() -> None:
    text = DISCARDED.replace("    network_mode: MODE\n", "")
    files = {
        "docker-compose.yml": text.encode(),
        "docker-compose.override.yml": b"services: {web: {network_mode: host}}\n",
    }
    found = repair(Memory(files))
    assert found is not None
    content = {item.path: item.content.decode() for item in found.files}
    assert '"443:443"' in content.get("docker-compose.yml", text)


def test_what_is_missing_is_added_and_the_rest_stays() -> None:
    text = repaired(LEGACY)["docker-compose.yml"]
    body = yaml.safe_load(text)
    web, db = body["services"]["web"], body["services"]["db"]
    assert "version" not in body
    assert (
        web["restart"] == db["restart"] == "unless-stopped"
        and body["services"]["api"]["restart"] == "always"
    )
    assert db["healthcheck"]["test"][1].startswith("pg_isready -h 127.0.0.1")
    assert text.count("max-size") == 1 and text.count("logging: *logging") == 4
    kept = iter(text.splitlines())
    changed = (
        'version: "3.8"',
        "        depends_on: [db, cache]   # both",
        "        depends_on:",
        "        - db",
    )
    for line in LEGACY.splitlines():
        assert line in changed or line in kept, line
    assert "        # both\n        depends_on:\n" in text


def test_nobody_waits_for_the_health_of_what_was_not_changed() -> None:
    web = yaml.safe_load(repaired(LEGACY)["docker-compose.yml"])["services"]["web"]
    conditions = {name: item["condition"] for name, item in web["depends_on"].items()}
    assert conditions == {"cache": "service_started", "db": "service_healthy"}
    found = repair(Memory({"docker-compose.yml": LEGACY.encode()}))
    assert found is not None and [
        str(item.subject) for item in found.notes if item.code == "TC778"
    ] == ["services.cache"]


def test_a_dependency_that_a_variable_names_stays_in_its_list() -> None:
    text = (
        "services:\n  a:\n    image: acme/a:1\n    depends_on: ['${DB}', cache]\n"
        "  cache:\n    image: redis:7\n"
    )
    assert "depends_on: ['${DB}', cache]" in repaired(text)["docker-compose.yml"]


def test_a_second_time_changes_nothing() -> None:
    first = repaired(LEGACY)
    again = repaired(first["docker-compose.yml"])
    assert "docker-compose.yml" not in again


def test_the_score_rises() -> None:
    before = audit(Memory({"docker-compose.yml": LEGACY.encode()}))
    after = audit(Memory({name: text.encode() for name, text in repaired(LEGACY).items()}))
    assert before is not None and after is not None and after.passed > before.passed + 3
    assert "TC721" not in {item.code for item in after.notes}


def test_files_beside_are_completed(tmp_path: Path) -> None:
    (tmp_path / "docker-compose.yml").write_text(LEGACY)
    (tmp_path / ".env").write_text("TAG=1\n")
    (tmp_path / ".env.example").write_text("# mine\nOTHER=1\n")
    found = repair(Folder(tmp_path))
    assert found is not None
    changes, _ = plan(found.files, tmp_path, asked=[item.path for item in found.files])
    assert {item.path for item in changes if item.is_needed} == {
        "docker-compose.yml",
        ".env.example",
        ".gitignore",
    }
    write(found.files, tmp_path, asked=[item.path for item in found.files])
    assert (
        (tmp_path / ".env.example")
        .read_text()
        .startswith("# mine\nOTHER=1\n# The source takes TAG")
    )
    assert (tmp_path / ".env").read_text() == "TAG=1\n" and (
        tmp_path / ".gitignore"
    ).read_text() == ".env\n"


def test_line_breaks_stay() -> None:
    text = repaired(LEGACY.replace("\n", "\r\n"))["docker-compose.yml"]
    assert "\r" not in text.replace("\r\n", "")


def test_broken_files_stay() -> None:
    for text in (
        "",
        "services: [",
        "a: 1\n---\nb: 2\n",
        "services: {web: {image: 'a:1'}}\n",
        "- a\n",
    ):
        assert "docker-compose.yml" not in repaired(text)


def test_a_good_file_stays() -> None:
    good = repaired(STACK)
    assert "docker-compose.yml" in good and "docker-compose.yml" not in repaired(
        good["docker-compose.yml"]
    )


VALUES = st.sampled_from(
    [
        "[a, b]",
        "{a: 1}",
        "|\n      x\n\n      # y",
        "'it'",
        "\n      - a\n      # c\n      - b",
        "\n    - a",
    ]
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.dictionaries(
                st.sampled_from(["labels", "command", "dns", "environment", "tmpfs"]),
                VALUES,
                max_size=4,
            ),
            st.sampled_from(["", "# between", "\n", "    # deep"]),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_whatever_the_layout_everything_that_was_there_is_there(
    services: list[tuple[dict[str, str], str]],
) -> None:
    text = "services:\n"
    for number, (body, between) in enumerate(services):
        text += f"  s{number}:\n    image: postgres:16\n"
        text += "".join(f"    {key}: {value}\n" for key, value in body.items()) + (
            f"{between}\n" if between else ""
        )
    text += "volumes:\n  v:\n"
    before = yaml.safe_load(text)
    after = yaml.safe_load(repaired(text)["docker-compose.yml"])
    for name, body in before["services"].items():
        assert after["services"][name].items() >= body.items()
        assert after["services"][name]["restart"] == "unless-stopped"
    assert after["volumes"] == before["volumes"]


class TestDockerCompose:
    """What docker compose accepted before, it accepts afterwards."""

    pytestmark = needs_compose

    def test_every_finding(self, tmp_path: Path) -> None:
        compared = 0
        for number, finding in enumerate(FINDINGS):
            folder = tmp_path / str(number)
            folder.mkdir()
            for name, text in finding.wrong.items():
                (folder / name).write_text(text, encoding="utf-8")
            if run_config(folder, ()).returncode == 0:
                compared += 1
                found = repair(Folder(folder))
                assert found is not None
                write(found.files, folder, asked=[item.path for item in found.files])
                done = run_config(folder, ())
                assert done.returncode == 0, (finding.code, done.stderr)
        assert compared > 20

    def test_the_legacy_file(self, tmp_path: Path) -> None:
        (tmp_path / "docker-compose.yml").write_text(repaired(LEGACY)["docker-compose.yml"])
        assert run_config(tmp_path, ()).returncode == 0
