"""The tests' oracle answers as Traefik's own code did; so does what decides which expressions Go compiles."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tocompose.prove.traefik_rules import Request, chosen
from tocompose.traefik.rules import is_foreign

JOBS: list[dict[str, Any]] = json.loads(
    Path(__file__).with_name("traefik_answers.json").read_text()
)["jobs"]
# Go took `(?<name>…)` up with version 1.22; the answers were given by an older one.
NEWER = {"(?<n>a)"}


def labels(rules: list[tuple[str, str, int]]) -> dict[str, str]:
    found = {f"traefik.http.routers.{name}.rule": rule for name, rule, _ in rules}
    return found | {
        f"traefik.http.routers.{name}.priority": str(rank)
        for name, _, rank in rules
        if rank
    }


def test_the_oracle_chooses_as_traefik_does() -> None:
    count = 0
    for job in JOBS:
        for host, path, method, headers, query, real in job.get("requests", ()):
            asked = Request(host, path, method, headers, query)
            assert (chosen(labels(job["rules"]), asked) or "") == real, (
                job["rules"],
                asked,
            )
            count += 1
    assert count > 2500


def test_the_oracle_refuses_what_traefik_refuses() -> None:
    refused = [job for job in JOBS if job.get("refused")]
    assert len(refused) >= 6
    for job in refused:
        with pytest.raises(ValueError):
            chosen(labels(job["rules"]), Request())


@pytest.mark.parametrize(
    ("pattern", "refused"),
    [
        pair
        for job in JOBS
        for pair in job.get("patterns", {}).items()
        if pair[0] not in NEWER
    ],
)
def test_expressions_that_go_refuses(pattern: str, refused: bool) -> None:
    assert is_foreign(pattern) is refused
