"""The demo's ladder: one case at a time that nobody answers, until somebody presses the link."""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from services.cli.climbs import Rung, as_line, read_rungs
from services.cli.terminal import CommandError

if TYPE_CHECKING:
    from services.cli.board import Picture
    from services.cli.demo_place import Customer
    from services.cli.demo_team import DemoTeam
    from services.simulator.receiver import WebhookReceiver

_LOOK_SECONDS: Final = 0.5
_BREACH: Final = 100
# So long the last step stands before the team comes to its senses without being told.
_SHAME: Final = timedelta(seconds=12)


class DemoClimb:
    """Follows the alert of the case the team leaves alone, as its receiver was told of it."""

    def __init__(
        self,
        customer: "Customer",
        picture: "Picture",
        team: "DemoTeam",
        receiver: "WebhookReceiver",
        tell: Callable[[str], None],
    ) -> None:
        self._customer = customer
        self._picture = picture
        self._team = team
        self._receiver = receiver
        self._tell = tell
        self._read = 0
        self._alert_id = ""
        self._told: list[Rung] = []
        self._state = ""

    async def look_on(self) -> None:
        """Until cancelled. An API that is being started again is waited for."""
        import httpx

        while True:
            with contextlib.suppress(httpx.TransportError, CommandError):
                await self._look()
            await asyncio.sleep(_LOOK_SECONDS)

    async def _look(self) -> None:
        if not self._alert_id:
            self._find_one()
        if self._alert_id:
            await self._follow()

    def _find_one(self) -> None:
        arrived = self._receiver.accepted
        for request in arrived[self._read :]:
            said = request.json()["data"]
            is_one = said.get("percent", 0) >= _BREACH and said["type"] == "alert.firing"
            if is_one and said["case_id"] == self._team.left_alone:
                self._alert_id, self._told, self._state = said["alert_id"], [], "firing"
                self._picture.link = self._picture.url + said["links"]["acknowledge"]
                self._tell(f"ladder: nobody answers case {said['case_id'][-8:]}, an alert climbs")
                self._tell(f"ladder: acknowledge it here: {self._picture.link}")
                break
        self._read = len(arrived)

    async def _follow(self) -> None:
        climb = await self._customer.get(f"/v1/alerts/{self._alert_id}/steps")
        rungs = self._picture.rungs = read_rungs(climb)
        for rung in rungs:
            if rung.done_at is not None and rung not in self._told:
                self._told.append(rung)
                self._tell(f"ladder: {as_line(rung, len(rungs))}")
        if climb["state"] != self._state:
            self._turn(climb)
        elif not climb["ahead"] and self._has_stood(climb):
            self._team.come_back()

    def _turn(self, climb: dict[str, Any]) -> None:
        self._state = self._picture.climb_state = climb["state"]
        self._tell(f"ladder: {self._state}, nobody else is told")
        self._team.come_back()
        if self._state != "acknowledged":
            self._alert_id = ""
            self._picture.link = ""

    def _has_stood(self, climb: dict[str, Any]) -> bool:
        last = max(datetime.fromisoformat(one["done_at"]) for one in climb["done"])
        return self._picture.now() - last > _SHAME
