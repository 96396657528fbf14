"""Passwords that are parts of addresses: what their values may be made of."""

from __future__ import annotations

from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocompose.exporters.address_variables import AddressUse
from tocompose.model import EnvVariable, Service, Stack

URL, RAW = "postgres://app:${PW:?set PW in .env}@db:5432/app", "${PW:?set PW in .env}"


def use_of(*values: str) -> AddressUse:
    environment = tuple(
        EnvVariable(name=f"V{index}", value=value) for index, value in enumerate(values)
    )
    service = Service(name="web", environment=environment)
    return AddressUse(Stack(name="shop", services=(service,)))


@given(st.text(max_size=12))
def test_what_an_address_takes_means_the_same_as_it_is(value: str) -> None:
    """The server reads the value as it is, and its client what the address decodes to."""
    if use_of(URL, RAW).accepts("PW", value):
        assert unquote(value) == value == quote(value, safe="")
    if use_of(URL).accepts("PW", value):
        assert not set(value) & set("@:/?#[] ")


@pytest.mark.parametrize(
    ("values", "accepted", "refused"),
    [
        ((URL, RAW), "plain-1", "new%40pw"),
        ((URL,), "new%40pw", "new@pw"),
        ((URL,), "plain-1", "50%"),
        ((RAW,), "new@pw'$", ""),
    ],
)
def test_the_use_decides(values: tuple[str, ...], accepted: str, refused: str) -> None:
    use = use_of(*values)
    assert use.accepts("PW", accepted)
    assert bool(use.rule_for("PW")) == (URL in values)
    assert not refused or not use.accepts("PW", refused)
