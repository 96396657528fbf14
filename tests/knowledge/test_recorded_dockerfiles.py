"""The table of images says what the images' own Dockerfiles say, as it was recorded with repository, file and commit.

`recorded_dockerfiles.json` was read from the repositories from 2026-11-28 to 30, without the readers of the package.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tocompose.knowledge.images import image_facts

RECORDED: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parent / "recorded_dockerfiles.json").read_text("utf-8")
)
# Volumes of what may be lost, or is only mounted over: nothing is put there.
WITHOUT_DATA = frozenset(
    ("/opt/sonarqube/temp", "/etc/kafka/secrets", "/transcode", "/var/lib/kafka/data")
)
# What runs on a runtime decides about its ports; the user of InfluxDB 1 came with one of its last tags.
RUNTIMES = frozenset(("php:8.3-apache", "php:8.3-fpm"))
USER_BY_TAG = frozenset(("influxdb:1.11",))
ROOT = ("", "root", "0", "0:0")


@pytest.mark.parametrize("image", RECORDED)
def test_ports(image: str) -> None:
    facts, recorded = image_facts(image), RECORDED[image]
    assert facts is not None
    exposed = {port for port in recorded["ports"] if "/udp" not in port}
    assert image in RUNTIMES or exposed <= set(facts.ports)


@pytest.mark.parametrize("image", RECORDED)
def test_volumes_hold_data(image: str) -> None:
    facts, recorded = image_facts(image), RECORDED[image]
    assert facts is not None
    paths = [data.path for data in facts.data]
    for volume in set(recorded["volumes"]) - WITHOUT_DATA:
        assert facts.kind == "job" or any(
            f"{volume}/".startswith(f"{path}/") or f"{path}/".startswith(f"{volume}/")
            for path in paths
        )


@pytest.mark.parametrize("image", RECORDED)
def test_the_programs_are_its_own(image: str) -> None:
    facts, recorded = image_facts(image), RECORDED[image]
    assert facts is not None
    if facts.entrypoint and recorded["entrypoint"]:
        assert recorded["entrypoint"] in facts.entrypoint
    if facts.server is not None and recorded["command"]:
        assert recorded["command"] in facts.server


@pytest.mark.parametrize("image", RECORDED)
def test_the_health_check_is_known(image: str) -> None:
    facts, recorded = image_facts(image), RECORDED[image]
    assert facts is not None
    assert facts.has_healthcheck is recorded["healthcheck"]


@pytest.mark.parametrize("image", RECORDED)
def test_the_user_is_known(image: str) -> None:
    facts, recorded = image_facts(image), RECORDED[image]
    assert facts is not None
    if recorded["user"] != "?" and image not in USER_BY_TAG:
        assert (facts.user is None) is (recorded["user"] in ROOT)


def test_there_are_enough_of_them() -> None:
    assert len(RECORDED) >= 60
    assert all(row["commit"] and row["file"] for row in RECORDED.values())
