"""Sizes and durations are read as docker compose reads them, and written so that it reads them back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import oracles
from syntax import composed
from tocompose.syntax import units

SIZES = [
    *("1k", "1 k", "1kb", "1KiB", "1ki", "512Mi", "1e", "1e3", "1.5g", "-1", "1tb", "1p", "1pib"),
    *(" 1k", "1k ", "1..5k", "1.k", ".5k", "1  k", "b", "1b", "1bb", "512", "", "+1"),
]  # fmt: skip
DURATIONS = [
    *("1d", "1w", "0", "5", "1.5h", "500ms", "1us", "1µs", "1m30s", ".5s", "5.s", "-1s", "+1s", "1H"),
    *("10ns", "1d2h", "", "s", "1 s", "1s ", "-0", "1.5.5s", "1h1h"),
]  # fmt: skip


@pytest.mark.oracle
@oracles.unless_oracles
def test_sizes_are_those_of_compose() -> None:
    read = composed.accepted({"shm_size": text} for text in SIZES)
    for text, service in zip(SIZES, read, strict=True):
        size = None if service is None else int(service["shm_size"])
        assert units.parse_byte_size(text) == size, text


@pytest.mark.oracle
@oracles.unless_oracles
def test_durations_are_those_of_compose() -> None:
    read = composed.accepted({"stop_grace_period": text} for text in DURATIONS)
    for text, service in zip(DURATIONS, read, strict=True):
        parsed = units.parse_duration(text)
        assert (parsed is None) == (service is None), text
        if service is not None and parsed is not None:
            assert units.parse_duration(service["stop_grace_period"]) == parsed, text


@given(st.integers(min_value=0, max_value=2**53))
def test_a_size_comes_back(count: int) -> None:
    assert units.parse_byte_size(units.format_byte_size(count)) == count


@given(st.integers(min_value=-(10**18), max_value=10**18))
def test_a_duration_comes_back(nanoseconds: int) -> None:
    assert units.parse_duration(units.format_duration(nanoseconds)) == nanoseconds


@pytest.mark.parametrize(
    ("count", "text"), [(3 * 2**30, "3G"), (2**20, "1M"), (1000, "1000"), (0, "0")]
)
def test_sizes_have_the_unit_that_people_write(count: int, text: str) -> None:
    assert units.format_byte_size(count) == text


def test_durations_have_the_units_that_people_write() -> None:
    assert units.format_duration(90 * 10**9) == "1m30s"
    assert units.format_duration(1_500_000_000) == "1s500ms"


def test_whole_numbers_are_short_ascii() -> None:
    assert units.is_whole_number("007")
    assert not any(map(units.is_whole_number, ("", "-1", "1.0", "٣", "9" * 19)))
