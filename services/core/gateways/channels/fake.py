"""A channel for tests and rehearsals: keeps what it was given, answers what it was told to."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable

from typing_extensions import override

from services.core.gateways.channels.port import Answer, ChannelGateway, Parcel

OK = Answer(status_code=200)


class FakeGateway(ChannelGateway):
    """Answers `answers` in order, then 200 for ever.

    `gate`, when given, holds every sending the predicate picks until `open_gate` is called: a slow
    channel without a clock.
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

    def will_answer(self, *answers: Answer) -> None:
        self._answers.extend(answers)

    def open_gate(self) -> None:
        self._gate.set()

    @override
    async def send(self, parcel: Parcel) -> Answer:
        self.parcels.append(parcel)
        if self._held is not None and self._held(parcel):
            await self._gate.wait()
        self.answered.append(parcel)
        return self._answers.popleft() if self._answers else OK
