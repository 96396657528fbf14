"""Dependencies that docker compose would follow for hours are left out where others say the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pytest

from tocompose.exporters.implied_order import without_implied
from tocompose.model import Dependency, Service, Stack

_HEALTHY = "service_healthy"


def stack_of(services: Mapping[str, Mapping[str, str]]) -> Stack:
    return Stack(
        name="shop",
        services=tuple(
            Service(
                name=name,
                image="x",
                depends_on=tuple(
                    Dependency(service=target, condition=condition)
                    for target, condition in waits.items()
                ),
            )
            for name, waits in services.items()
        ),
    )


def ways(stack: Stack, fixed: Mapping[str, list[str]]) -> int:
    """How many ways docker compose walks in all: a model of its search for circles."""
    edges = {
        service.name: {
            *fixed.get(service.name, ()),
            *(one.service for one in service.depends_on),
        }
        for service in stack.services
    }
    from_each = Counter[str]()
    for _ in edges:
        for name, targets in edges.items():
            from_each[name] = 1 + sum(from_each[target] for target in targets)
    return from_each.total()


def pods(count: int, beside: int) -> tuple[Stack, dict[str, list[str]]]:
    """Pods that start one after the other, each with containers that start one after the other in one network."""
    services: dict[str, dict[str, str]] = {}
    fixed: dict[str, list[str]] = {}
    for number in range(count):
        before = {f"{number - 1}-{beside}": _HEALTHY} if number else {}
        for index in range(beside + 1):
            name = f"{number}-{index}"
            services[name] = before | {
                f"{number}-{earlier}": "service_started" for earlier in range(index)
            }
            fixed[name] = [f"{number}-0"] if index else []
    return stack_of(services), fixed


def test_few_ways_stay_as_they_are() -> None:
    stack, fixed = pods(3, 1)
    assert without_implied(stack, fixed).stack == stack


def test_what_another_dependency_waits_for_is_left_out() -> None:
    stack, fixed = pods(30, 1)
    checked = without_implied(stack, fixed)
    assert not checked.notes
    waits = {
        one.name: {dep.service: dep.condition for dep in one.depends_on}
        for one in checked.stack.services
    }
    assert waits["29-0"] == {"28-1": _HEALTHY}
    assert waits["29-1"] == {"29-0": "service_started"}
    assert ways(checked.stack, fixed) < 10_000


@pytest.mark.parametrize("beside", [2, 3, 5])
def test_ways_are_few_whatever_the_number_of_pods(beside: int) -> None:
    stack, fixed = pods(40, beside)
    checked = without_implied(stack, fixed)
    assert ways(checked.stack, fixed) < 40 * beside * 20_000
    assert {one.code for one in checked.notes} == {"TC054"}
    cut = {one.subject[1] for one in checked.notes}
    assert len(cut) < 20
    assert {one.name for one in checked.stack.services if not one.depends_on} - cut == {
        "0-0"
    }


def test_a_weaker_condition_implies_no_stronger_one() -> None:
    stack, fixed = pods(30, 1)
    end = Service(
        name="end",
        image="x",
        depends_on=(
            Dependency(service="29-1"),
            Dependency(service="29-0", condition=_HEALTHY),
            Dependency(service="0-1", condition=_HEALTHY),
        ),
    )
    whole = Stack(name="shop", services=(*stack.services, end))
    checked = without_implied(whole, fixed)
    assert [one.service for one in checked.stack.services[-1].depends_on] == [
        "29-1",
        "29-0",
    ]
