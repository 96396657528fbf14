"""The real bash judges how scripts are read: each small script asks docker for the same, or a note says where not."""

from __future__ import annotations

from pathlib import Path

import pytest

from docker_run.bash_judge import (
    Sample,
    differences,
    needs_recorder,
    read,
    recorded,
    samples,
    verdict,
)

pytestmark = needs_recorder
SAMPLES = list(samples())
# What nobody can know who does not run the script; a note says so.
NOTED = {
    "a file that is not in the tree",
    "a file that is not there",
    "a function that is never called",
    "a missing program",
    "case on an argument that is missing",
    "loop over arguments without any",
    "process substitution read by a program",
    "select by the number of arguments",
    "the last argument of the command before",
}


@pytest.mark.parametrize("sample", SAMPLES, ids=[sample.title for sample in SAMPLES])
def test_a_script_is_read_as_bash_runs_it(sample: Sample, tmp_path: Path) -> None:
    bash_calls, reading = recorded(sample, tmp_path), read(sample)
    found = verdict(bash_calls, reading)
    wanted = ("equal", "noted") if sample.title in NOTED else ("equal",)
    assert found in wanted, differences(bash_calls, reading)


def test_the_samples_are_many() -> None:
    assert len(SAMPLES) >= 390
