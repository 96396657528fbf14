"""Quantities (`500m`, `1.5Gi`, `1e3`), exact, and how Compose writes them."""

from __future__ import annotations

from fractions import Fraction
from math import ceil

from tocompose.patterns import regex

_QUANTITY = regex(
    r"(?P<number>[+-]?(?:[0-9]{1,99}(?:\.[0-9]{0,99})?|\.[0-9]{1,99}))(?:[eE](?P<power>[+-]?[0-9]{1,2})|(?P<suffix>[a-zA-Z]{0,2}))"
)
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_COMPOSE = (("G", 30), ("M", 20))


def quantity(text: str) -> Fraction | None:
    """The exact value of a quantity; None when the text is none.

    https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
    """
    match = _QUANTITY.fullmatch(text.strip())
    if match is None:
        return None
    number, suffix = Fraction(match["number"]), match["suffix"]
    if match["power"]:
        return number * Fraction(10) ** int(match["power"])
    if suffix in _BINARY:
        return number * (1 << _BINARY[suffix])
    return number * Fraction(10) ** _DECIMAL[suffix] if suffix in _DECIMAL else None


def memory(amount: Fraction) -> str:
    """Bytes as Compose writes them, rounded up to a whole byte; its M and G are powers of 1024."""
    size = ceil(amount)
    for unit, power in _COMPOSE:
        if size and size % 2**power == 0:
            return f"{size >> power}{unit}"
    return str(size)


def decimal(amount: Fraction) -> str:
    """A number of CPUs as a decimal, to the nano-CPU that the engine counts in."""
    nano = ceil(amount * 10**9)
    text = f"{nano // 10**9}.{nano % 10**9:09d}".rstrip("0")
    return text.rstrip(".")
