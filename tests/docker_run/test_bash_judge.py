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
# What is still read in another way without a word.
OPEN = {
    "IFS splits",
    "declare integer",
    "getopts with an option",
    "read from a here-string",
    "substitution of a pipe of constants",
    "substitution of printf",
    "while read over a here-document",
    "while read with its own separator",
}


@pytest.mark.parametrize("sample", SAMPLES, ids=[sample.title for sample in SAMPLES])
def test_a_script_is_read_as_bash_runs_it(sample: Sample, tmp_path: Path) -> None:
    bash_calls, reading = recorded(sample, tmp_path), read(sample)
    found = verdict(bash_calls, reading)
    is_open = sample.title in OPEN
    assert (found == "wrong") is is_open, differences(bash_calls, reading)


def test_the_samples_are_many() -> None:
    assert len(SAMPLES) >= 140
