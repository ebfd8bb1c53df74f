"""A made-up team for the demo: answers most cases in time, some late, and is never overrun."""

import asyncio
import contextlib
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from services.cli.demo_place import Customer
from services.cli.terminal import CommandError
from services.core.kit.clock import host_now

_LOOK_SECONDS: Final = 1.0
_ANSWERS_A_LOOK: Final = 4
# Between which shares of the time allowed cases are answered, and how many percent of them.
_HABITS: Final = {(0.15, 0.7): 62, (0.7, 1.0): 20, (1.05, 1.7): 14, (2.1, 3.0): 4}
_REPLIES: Final = (
    "抱歉让您久等了，已经帮您登记，今天内会有专人联系您。",
    "谢谢您告诉我们！详情已私信给您，请查收。",
    "Thank you for telling us. We have sent you the details in a private message.",
    "这款敏感肌可以用，建议先在耳后试一下。有问题随时找我们～",
)


class DemoTeam:
    """Reads the inbox like people do, the most urgent first, and records its replies.

    One urgent case at a time is left alone (`left_alone`), so that a ladder is seen to climb.
    """

    def __init__(self, customer: Customer, *, seed: int) -> None:
        self.answered = 0
        self.left_alone: str | None = None
        self._customer = customer
        self._rng = Random(f"team:{seed}")  # noqa: S311 - habits, not secrets
        self._plans: dict[str, datetime] = {}

    async def work(self) -> None:
        """Until cancelled. An API that is being started again is waited for."""
        import httpx

        while True:
            with contextlib.suppress(httpx.TransportError, CommandError):
                await self._look()
            await asyncio.sleep(_LOOK_SECONDS)

    def come_back(self) -> None:
        """Answer the case that was left alone; the next urgent one may be left instead."""
        if self.left_alone is not None:
            self._plans[self.left_alone] = host_now()
            self.left_alone = None

    async def _look(self) -> None:
        inbox = await self._customer.get("/v1/cases", state="open", limit=200)
        now = host_now()
        known = {case["id"]: case for case in inbox["items"] if case["next_due_at"]}
        self._leave_one_alone(known)
        self._plans = {
            case_id: self._plans.get(case_id) or self._plan(case, now)
            for case_id, case in known.items()
        }
        ripe = [
            case_id
            for case_id, moment in self._plans.items()
            if moment <= now and case_id != self.left_alone
        ]
        for case_id in ripe[:_ANSWERS_A_LOOK]:
            body = {"text": self._rng.choice(_REPLIES)}
            await self._customer.send("POST", f"/v1/cases/{case_id}/replies", body)
            self.answered += 1

    def _leave_one_alone(self, known: dict[str, Any]) -> None:
        if self.left_alone not in known:
            fresh = (one for one in known.values() if one["id"] not in self._plans)
            urgent = (one["id"] for one in fresh if one["tier"] == "urgent")
            self.left_alone = next(urgent, None)

    def _plan(self, case: dict[str, Any], now: datetime) -> datetime:
        due = datetime.fromisoformat(case["next_due_at"])
        ((earliest, latest),) = self._rng.choices(list(_HABITS), list(_HABITS.values()))
        factor = self._rng.uniform(earliest, latest)
        allowed = max(due - now, timedelta())
        return now + allowed * factor
