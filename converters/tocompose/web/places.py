"""Places to work at, of which the lightest of those who wait gets the next one."""

from __future__ import annotations

import asyncio
import heapq
from itertools import count


class WorkPlaces:
    """So many places; who comes first is first only among those of the same weight."""

    def __init__(self, number: int) -> None:
        self._free = number
        self._order = count()
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []

    async def take(self, weight: int) -> None:
        """Waits for a place."""
        if self._free > 0:
            self._free -= 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (weight, next(self._order), turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                # The place was given in the moment in which its taker left.
                self.give_back()
            raise

    def give_back(self) -> None:
        """Gives a place to the lightest of those who wait still, or keeps it free."""
        while self._waiting:
            *_, turn = heapq.heappop(self._waiting)
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1
