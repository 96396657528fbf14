"""Numbers with a unit: byte sizes and durations as compose-go reads them, and how they are written back."""

from __future__ import annotations

import re

from tocompose.patterns import regex

# Docker, Compose, Java, nginx, Redis and PostgreSQL count in powers of 1024 (https://pkg.go.dev/github.com/docker/go-units).
BYTE_UNITS = {
    "": 1,
    "b": 1,
    "k": 2**10,
    "m": 2**20,
    "g": 2**30,
    "t": 2**40,
    "p": 2**50,
}
_SIZE = regex(
    r"(?P<number>\+?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,2})?)"
    r" ?(?:(?P<unit>[kmgtp])(?:i?b)?|b)?",
    re.IGNORECASE,
)
_NANOSECONDS = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,
    "μs": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
    "d": 24 * 3600 * 10**9,
    "w": 7 * 24 * 3600 * 10**9,
}
_UNIT = r"(?:ns|us|µs|μs|ms|s|m|h|d|w)"
_NUMBER = r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)"
_DURATION = regex(rf"(?P<sign>[+-]?)(?P<amounts>(?:{_NUMBER}{_UNIT})+)")
_AMOUNT = regex(rf"(?P<number>{_NUMBER})(?P<unit>{_UNIT})")


# Compose counts bytes and nanoseconds in 64 bits.
_MOST_NANOSECONDS = 2**63
_MOST_BYTES = 2**63


def is_whole_number(text: str) -> bool:
    """Whether the text is a whole number that any system can hold: up to 18 ASCII digits, which `int` always reads."""
    return text.isascii() and text.isdigit() and len(text) <= 18


def parse_byte_size(text: str) -> int | None:
    """The bytes of a size (`512m`, `1.5 GiB`, `100`), rounded down; None for what Compose refuses (`512Mi`, `-1`)."""
    match = _SIZE.fullmatch(text)
    if match is None:
        return None
    count = float(match["number"]) * BYTE_UNITS[(match["unit"] or "").lower()]
    return int(count) if count < _MOST_BYTES else None


def is_same_amount(text: str, other_text: str) -> bool:
    """Whether both state one number or size: `512m` is `512M`, `0.5` is `.50`."""
    amounts = [_amount(text), _amount(other_text)]
    return text == other_text or (None not in amounts and amounts[0] == amounts[1])


def _amount(text: str) -> float | None:
    """The number, or the whole bytes of a size with a unit."""
    match = _SIZE.fullmatch(text)
    if match is None:
        return None
    return parse_byte_size(text) if match["unit"] else float(match["number"])


def format_byte_size(count: int) -> str:
    """The bytes as Compose reads them: in whole gigabytes or megabytes (`2G`, `512M`), else in bytes."""
    for unit in ("g", "m"):
        if count and count % BYTE_UNITS[unit] == 0:
            return f"{count // BYTE_UNITS[unit]}{unit.upper()}"
    return str(count)


def parse_duration(text: str) -> int | None:
    """The nanoseconds of a duration (`1m30s`, `500ms`, `1d`); None for what Compose refuses (`30`, `1H`)."""
    if text.strip("+-") == "0":
        return 0
    match = _DURATION.fullmatch(text)
    if match is None:
        return None
    total = 0
    for amount in _AMOUNT.finditer(match["amounts"]):
        whole, _, fraction = amount["number"].partition(".")
        unit = _NANOSECONDS[amount["unit"]]
        total += int(whole or "0") * unit
        total += int(fraction or "0") * unit // 10 ** len(fraction)
    if total >= _MOST_NANOSECONDS:
        return None
    return -total if match["sign"] == "-" else total


def format_duration(nanoseconds: int) -> str:
    """The duration with the fewest units that state it exactly: `1m30s`, `500ms`, `0s`."""
    if nanoseconds == 0:
        return "0s"
    sign, remaining = ("-" if nanoseconds < 0 else ""), abs(nanoseconds)
    amounts = []
    for unit in ("h", "m", "s", "ms", "us", "ns"):
        amount, remaining = divmod(remaining, _NANOSECONDS[unit])
        if amount:
            amounts.append(f"{amount}{unit}")
    return sign + "".join(amounts)
