"""The places at which requests are worked on."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from tocompose.web.places import WorkPlaces


@given(
    number=st.integers(1, 3),
    weights=st.lists(st.integers(0, 3), min_size=1, max_size=12),
    leaving=st.sets(st.integers(0, 11)),
)
def test_no_place_is_lost_and_none_is_given_twice(
    number: int, weights: list[int], leaving: set[int]
) -> None:
    """However many come and go, at most so many are in, and all places are free in the end."""
    inside, most = 0, 0

    async def stay(places: WorkPlaces, weight: int) -> None:
        nonlocal inside, most
        await places.take(weight)
        inside += 1
        most = max(most, inside)
        try:
            await asyncio.sleep(0)
        finally:
            inside -= 1
            places.give_back()

    async def run() -> None:
        places = WorkPlaces(number)
        tasks = [asyncio.ensure_future(stay(places, weight)) for weight in weights]
        await asyncio.sleep(0)
        for index in leaving & set(range(len(tasks))):
            tasks[index].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for _ in range(number):
            await asyncio.wait_for(places.take(0), 1)

    asyncio.run(run())
    assert most <= number


def test_the_lightest_is_next() -> None:
    order: list[int] = []

    async def run() -> None:
        places = WorkPlaces(1)
        await places.take(0)

        async def wait(weight: int) -> None:
            await places.take(weight)
            order.append(weight)
            places.give_back()

        tasks = [asyncio.ensure_future(wait(weight)) for weight in (5, 1, 9, 1)]
        await asyncio.sleep(0)
        places.give_back()
        await asyncio.gather(*tasks)

    asyncio.run(run())
    assert order == [1, 1, 5, 9]
