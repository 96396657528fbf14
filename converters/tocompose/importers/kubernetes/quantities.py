"""Quantities (`500m`, `1.5Gi`, `1e3`) in billionths, the least that Kubernetes counts, and how Compose writes them."""

from __future__ import annotations

from tocompose.patterns import regex
from tocompose.syntax.units import format_byte_size

_QUANTITY = regex(
    r"(?P<number>[+-]?(?:[0-9]{1,99}(?:\.[0-9]{0,99})?|\.[0-9]{1,99}))(?:[eE](?P<power>[+-]?[0-9]{1,2})|(?P<suffix>[a-zA-Z]{0,2}))"
)
_DECIMAL = {
    "n": -9,
    "u": -6,
    "m": -3,
    "": 0,
    "k": 3,
    "M": 6,
    "G": 9,
    "T": 12,
    "P": 15,
    "E": 18,
}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}


# One, in billionths.
ONE = 10**9


def parse_quantity(text: str) -> int | None:
    """The value of a quantity in billionths, rounded up as Kubernetes does; None when the text is none.

    https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
    """
    match = _QUANTITY.fullmatch(text.strip())
    if match is None:
        return None
    whole, _, fraction = match["number"].partition(".")
    suffix = match["suffix"] or ""
    if suffix not in _BINARY and suffix not in _DECIMAL:
        return None
    power = (
        9
        - len(fraction)
        + (int(match["power"]) if match["power"] else _DECIMAL.get(suffix, 0))
    )
    amount = int(whole + fraction) << _BINARY.get(suffix, 0)
    return amount * 10**power if power >= 0 else rounded_up(amount, 10**-power)


def rounded_up(amount: int, divisor: int) -> int:
    """The quotient, rounded up to a whole number."""
    return -(-amount // divisor)


def compose_memory(amount: int) -> str:
    """Bytes as Compose writes them, rounded up to a whole byte."""
    return format_byte_size(rounded_up(amount, ONE))


def compose_cpus(amount: int) -> str:
    """A number of CPUs as a decimal, to the nano-CPU that the engine counts in."""
    return f"{amount // ONE}.{amount % ONE:09d}".rstrip("0").rstrip(".")
