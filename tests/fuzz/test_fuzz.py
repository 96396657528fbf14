"""A short run of every fuzzer: no reader, importer or exporter may fall over a mutated real input.

A longer run: `python -m tests.fuzz --minutes 60`. A finding is repeated with `--target NAME --only NUMBER`.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzz.mutation import NASTY
from fuzz.running import attempt, fuzz, limited
from fuzz.targets import TARGETS, Target

INPUTS = 20
# Where an importer looks for its source.
PATHS = {
    "docker_run": "run.sh",
    "pasted": "run.sh",
    "kubernetes": "app.yaml",
    "procfile": "Procfile",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(TARGETS))
def test_mutated_real_inputs(name: str) -> None:
    outcome = fuzz(TARGETS[name], iter(range(INPUTS)))
    assert outcome.tried == INPUTS
    assert not [(item.number, item.place, item.fault) for item in outcome.findings]


_text = st.lists(
    st.sampled_from(NASTY)
    | st.text(max_size=12)
    | st.sampled_from(["\n", "  ", ": ", " "]),
    max_size=30,
)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(TARGETS))
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(parts=_text)
def test_any_text(name: str, parts: list[str]) -> None:
    files = {
        PATHS.get(name, "docker-compose.yml"): "".join(parts).encode(
            "utf-8", "surrogatepass"
        )
    }
    assert attempt(TARGETS[name], 0, files) is None


def test_a_fault_and_a_hang_are_findings() -> None:
    def hangs(files: dict[str, bytes]) -> object:
        with limited(0.05):
            while True:
                pass

    def falls(files: dict[str, bytes]) -> object:
        return files["none"]

    for run, kind in ((hangs, "Hang"), (falls, "KeyError")):
        outcome = fuzz(Target("yaml", run, TARGETS["yaml"].starts), iter(range(3)))
        assert outcome.tried == 3 and [
            item.fault.partition(":")[0] for item in outcome.findings
        ] == [kind]
