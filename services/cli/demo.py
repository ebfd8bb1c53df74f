"""A demo on a running Warmline: followers who write, a team that answers, and a board to watch."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator, Coroutine, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Protocol

from typing_extensions import override

from services.cli.board import Board, Picture, alert_line, curl_line
from services.cli.demo_climb import DemoClimb
from services.cli.demo_memory import DemoMemory
from services.cli.demo_place import Customer, furnish
from services.cli.demo_team import DemoTeam
from services.cli.terminal import CommandError, run, say
from services.core.kit import signatures
from services.core.kit.clock import host_now, monotonic

if TYPE_CHECKING:
    from services.simulator.counters import Counters
    from services.simulator.receiver import WebhookReceiver

_LOOK_SECONDS: Final = 0.5
_FRAMES_A_SECOND: Final = 4
_TOTALS_SECONDS: Final = 30.0
# A day of traffic, with its evening and its small crisis, goes by in so many seconds.
_DAY_SECONDS: Final = 360.0
_ALERTS_A_LOOK: Final = 50
# Begins with an urgent complaint within a second; any other number is as good a day.
LIVELY_SEED: Final = 35


class View(Protocol):
    """Where the demo is seen: a board on a terminal, or lines in a pipe."""

    def milestone(self, text: str) -> None: ...
    def alert(self, alert: dict[str, Any]) -> None: ...
    def climb(self, line: str) -> None: ...
    def looked(self, picture: Picture) -> None: ...


class OnBoard(View):
    def __init__(self, picture: Picture) -> None:
        self._picture = picture

    @override
    def milestone(self, text: str) -> None:
        self._picture.milestones.append(text)

    @override
    def alert(self, alert: dict[str, Any]) -> None:
        return  # the board shows it

    @override
    def climb(self, line: str) -> None:
        return  # in a panel of its own

    @override
    def looked(self, picture: Picture) -> None:
        return


class AsLines(View):
    """One line for each thing worth knowing, and the totals now and then."""

    def __init__(self) -> None:
        self._next_totals = monotonic() + _TOTALS_SECONDS

    @override
    def milestone(self, text: str) -> None:
        say(text)

    @override
    def alert(self, alert: dict[str, Any]) -> None:
        say(alert_line(alert))

    @override
    def climb(self, line: str) -> None:
        say(line)

    @override
    def looked(self, picture: Picture) -> None:
        if monotonic() < self._next_totals:
            return
        self._next_totals = monotonic() + _TOTALS_SECONDS
        opened = picture.summary.get("open", {})
        say(
            f"so far: {picture.accepted} events accepted, {opened.get('total', 0)} cases open "
            f"({opened.get('urgent', 0)} urgent), {picture.answered} replies given, "
            f"{picture.verified} webhooks verified"
        )


class Watch:
    """Looks at the API twice a second and tells the view what is new."""

    def __init__(self, customer: Customer, picture: Picture, view: View) -> None:
        self._customer = customer
        self._picture = picture
        self._view = view
        self._since = host_now()
        self._seen: set[str] = set()
        self._is_triaged = False

    async def look_on(self) -> None:
        """Until cancelled. An API that is being started again is waited for."""
        import httpx

        while True:
            with contextlib.suppress(httpx.TransportError, CommandError):
                await self._look()
            self._view.looked(self._picture)
            await asyncio.sleep(_LOOK_SECONDS)

    async def _look(self) -> None:
        picture = self._picture
        if not self._is_triaged:
            await self._look_for_a_judgement()
        found = await self._customer.get("/v1/alerts", limit=_ALERTS_A_LOOK)
        self._note_alerts(found["items"])
        picture.summary = await self._customer.get("/v1/summary")
        picture.skew = datetime.fromisoformat(picture.summary["as_of"]) - host_now()
        picture.cases = (await self._customer.get("/v1/cases", limit=20))["items"]

    async def _look_for_a_judgement(self) -> None:
        newest = (await self._customer.get("/v1/messages", limit=1))["items"]
        if newest and _moment(newest[0], "received_at") >= self._since + self._picture.skew:
            self._is_triaged = newest[0]["judgement"] is not None
        if self._is_triaged:
            seconds = self._picture.seconds_running()
            self._view.milestone(f"first event triaged after {seconds:.1f} s")

    def _note_alerts(self, newest_first: list[dict[str, Any]]) -> None:
        picture = self._picture
        picture.alerts.clear()
        picture.alerts.extend(newest_first[: picture.alerts.maxlen])
        for alert in reversed(newest_first):
            if alert["id"] in self._seen or _moment(alert, "fired_at") < self._since + picture.skew:
                continue
            if not self._seen:
                seconds = picture.seconds_running()
                self._view.milestone(f"first alert after {seconds:.1f} s")
            self._seen.add(alert["id"])
            self._view.alert(alert)


async def run_demo(
    url: str,
    memory: DemoMemory,
    stop: asyncio.Event,
    *,
    began: float,
    rate: float = 1.0,
    seed: int = LIVELY_SEED,
) -> None:
    """Show the demo until `stop` is set. `began` is the monotonic moment seconds count from.

    Raises:
        CommandError: the API refuses what the demo needs.
    """
    from services.simulator.corpus import BRAND_IN_TEXTS
    from services.simulator.platform import SimulatedPlatform

    picture = Picture(url, memory.key, lambda: monotonic() - began)
    async with Customer(url, memory.key) as customer, _receiver(memory) as receiver:
        await furnish(customer, memory, receiver.url, BRAND_IN_TEXTS)
        platform = SimulatedPlatform(
            url,
            memory.source_id,
            memory.source_secret,
            seed=seed,
            rate=rate,
            cycle_seconds=_DAY_SECONDS,
        )
        team = DemoTeam(customer, seed=seed)

        def note(counters: "Counters") -> None:
            picture.accepted, picture.duplicates = counters.accepted, counters.duplicates
            picture.refused, picture.answered = counters.failed, team.answered
            picture.verified = len(receiver.accepted)
            picture.unverified = len(receiver.refusals)

        with _shown(picture) as view:
            watch = Watch(customer, picture, view)
            climb = DemoClimb(customer, picture, team, receiver, view.climb)
            async with _meanwhile(watch.look_on(), climb.look_on(), team.work()):
                await platform.run(stop, note)


@contextlib.asynccontextmanager
async def _meanwhile(*endless: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Let these run beside the block, and end them with it."""
    tasks = [asyncio.create_task(each) for each in endless]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def show_demo(*, url: str, key: str, rate: float, seed: int) -> None:
    """`warmline demo`."""
    run(_show_until_told(url, DemoMemory(key=key), rate, seed))


async def _show_until_told(url: str, memory: DemoMemory, rate: float, seed: int) -> None:
    import httpx

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    try:
        await run_demo(url, memory, stop, began=monotonic(), rate=rate, seed=seed)
    except httpx.TransportError as error:
        raise CommandError(f"Nothing answers at {url}. Start it with `warmline up`.") from error


@contextlib.asynccontextmanager
async def _receiver(memory: DemoMemory) -> AsyncIterator["WebhookReceiver"]:
    """Where the demo's alerts arrive: the port of the last time if it is free, else any."""
    from services.simulator.receiver import WebhookReceiver

    memory.channel_secret = memory.channel_secret or signatures.generate_secret()
    async with contextlib.AsyncExitStack() as stack:
        receiver = WebhookReceiver([memory.channel_secret], port=memory.receiver_port)
        try:
            await stack.enter_async_context(receiver)
        except OSError:
            receiver = WebhookReceiver([memory.channel_secret])
            await stack.enter_async_context(receiver)
        memory.receiver_port = int(receiver.url.rsplit(":", 1)[1].split("/")[0])
        yield receiver


@contextlib.contextmanager
def _shown(picture: Picture) -> Iterator[View]:
    if not sys.stdout.isatty():
        say(f"Try: {curl_line(picture.url, picture.key)}")
        yield AsLines()
        return
    from rich.console import Console
    from rich.live import Live

    with Live(
        Board(picture),
        console=Console(),
        refresh_per_second=_FRAMES_A_SECOND,
        vertical_overflow="crop",
        transient=True,
    ):
        yield OnBoard(picture)


def _moment(item: dict[str, Any], name: str) -> datetime:
    return datetime.fromisoformat(item[name])
