"""A channel for tests and rehearsals: keeps what it was given, answers what it was told to."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable

from typing_extensions import override

from services.core.gateways.channels.port import Answer, ChannelGateway, Parcel

OK = Answer(status_code=200)


class FakeGateway(ChannelGateway):
    """Answers `answers` in order, then 200 for ever.

    Sendings that `held` picks wait until `open_gate` is called: a slow channel without a clock.
    """

    def __init__(
        self,
        answers: Iterable[Answer] = (),
        *,
        held: Callable[[Parcel], bool] | None = None,
    ) -> None:
        self.parcels: list[Parcel] = []
        self.answered: list[Parcel] = []
        self._answers = deque(answers)
        self._held = held
        self._gate = asyncio.Event()
        self._changed = asyncio.Condition()

    def open_gate(self) -> None:
        self._gate.set()

    async def wait_until(self, holds: Callable[[], bool], *, timeout_seconds: float = 10.0) -> None:
        """Wait for a condition over what came and went. Raises TimeoutError."""
        async with asyncio.timeout(timeout_seconds), self._changed:
            await self._changed.wait_for(holds)

    @override
    async def send(self, parcel: Parcel) -> Answer:
        await self._keep(self.parcels, parcel)
        if self._held is not None and self._held(parcel):
            await self._gate.wait()
        await self._keep(self.answered, parcel)
        return self._answers.popleft() if self._answers else OK

    async def _keep(self, where: list[Parcel], parcel: Parcel) -> None:
        async with self._changed:
            where.append(parcel)
            self._changed.notify_all()
