"""How soon a due alert leaves, what a storm of them becomes, and what a dead channel costs others.

The sinks are servers of this process: they answer at once, keep the moment of every message, or
never answer at all.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from services.core.alerts import service as alerts
from services.core.alerts.types import ChannelChange, ChannelDraft, ChannelKind
from services.core.gateways.channels.limits import limits_of
from services.core.kit.uow import Database
from tests.bench.crowd import PATIENT, Crowded, add_due, fill
from tests.bench.figures import Chapter, milliseconds, quantile
from tests.bench.place import HOST, Place, until_none

OPEN_CASES = 500_000  # each with two promises
A_SECOND = 50
SECONDS = 60.0
BURST = 50_000
URGENT_SECONDS = 10.0
DUE_SECONDS = 1.0
DEAD_FACTOR = 1.1
MINUTE = 60.0
LOCAL = {"WARMLINE__ALERTS__ALLOW_PRIVATE_ADDRESSES": "true"}

# From the due moment to the commit that proves the first attempt was begun, then to the answer.
STARTED = """
SELECT extract(epoch FROM min(t.started_at) - a.fire_at) AS started,
  extract(epoch FROM min(o.sent_at) - a.fire_at) AS sent
FROM alerts a
JOIN outbox o ON o.workspace_id = a.workspace_id AND o.alert_id = a.id AND o.channel_id = $2
JOIN send_attempts t ON t.workspace_id = o.workspace_id AND t.outbox_id = o.id
WHERE a.workspace_id = $1 AND a.step = 100 AND a.fired_at >= $3
GROUP BY a.id, a.fire_at
"""
UNSENT = """
SELECT $4::bigint - count(*) FROM alerts a
JOIN outbox o ON o.workspace_id = a.workspace_id AND o.alert_id = a.id AND o.channel_id = $2
WHERE a.workspace_id = $1 AND a.step = 100 AND a.fired_at >= $3 AND o.state = 'sent'
"""
CLOCK = "SELECT clock_timestamp()"
FIRST_DUE = "SELECT min(fire_at) FROM alerts WHERE workspace_id = $1 AND step = 100"


@dataclass(slots=True)
class Sink:
    """A chat robot's end: takes what comes and says so, or with `is_dead` says nothing at all."""

    is_dead: bool = False
    port: int = 0
    came: list[tuple[float, dict[str, Any]]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}/hook"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            (length,) = (
                int(line.split(b":")[1])
                for line in head.split(b"\r\n")
                if line.lower().startswith(b"content-length:")
            )
            body = await reader.readexactly(length)
            self.came.append((asyncio.get_running_loop().time(), json.loads(body)))
            if self.is_dead:
                await reader.read()
                return
            answer = b'{"code":0}'
            writer.write(
                b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n"
                b"content-length: %d\r\n\r\n%s" % (len(answer), answer)
            )
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def listening(*, is_dead: bool = False) -> AsyncIterator[Sink]:
    sink = Sink(is_dead)
    server = await asyncio.start_server(sink.serve, HOST, 0)
    sink.port = server.sockets[0].getsockname()[1]
    try:
        yield sink
    finally:
        server.close()


def measure(here: Place, share: float) -> Chapter:
    seconds = max(SECONDS * share, 10.0)
    chapter = Chapter(
        "Escalation",
        "Sinks are servers of the generator's process. *Due → first attempt*: moments of open "
        f"cases come due evenly, {A_SECOND} a second for {seconds:.0f} s, and one worker of the "
        "product tells a webhook; the end is the commit that says the attempt began. *Dead "
        "channel*: the same again, with a second webhook that takes every alert and never "
        "answers. *Storm*: all in one second, for a robot with Feishu's limits; a single is a "
        "message about one alert, a digest names as many as its body holds.",
    )
    cases = max(round(OPEN_CASES * share), 500)
    crowded = fill(here, "climbing", cases, messages_per_case=1, tiers=PATIENT)
    asyncio.run(_steady(here, crowded, seconds, chapter))
    stormy = fill(here, "storm", 500, messages_per_case=1)
    asyncio.run(_storm(here, stormy, max(round(BURST * share), 500), chapter))
    return chapter


async def _steady(here: Place, crowded: Crowded, seconds: float, chapter: Chapter) -> None:
    database = await here.open()
    async with listening() as good, listening(is_dead=True) as dead:
        hook = await _replace_console(database, crowded, ChannelKind.WEBHOOK, good)
        with here.working(1, **LOCAL):
            alone = await _tell(here, crowded, hook, "alone", seconds)
            await _add(database, crowded, "dead", ChannelKind.WEBHOOK, dead)
            beside = await _tell(here, crowded, hook, "beside", seconds)
    async with database.unit(crowded.workspace_id) as uow:
        # What still waits for the dead one shall not disturb the storm.
        for one in await alerts.list_channels(uow):
            await alerts.archive_channel(uow, one.id)
    await database.close()
    started = [one for one, _ in alone]
    chapter.add(
        f"Due → first attempt, {2 * crowded.seeded.open_cases:,} open clocks, {A_SECOND} due/s, "
        "p50 / p99",
        f"{milliseconds(quantile(started, 0.5))} / {milliseconds(quantile(started, 0.99))}",
        "p99 ≤ 1 s",
        met=quantile(started, 0.99) <= DUE_SECONDS,
    )
    before, after = (quantile([sent for _, sent in each], 0.99) for each in (alone, beside))
    chapter.add(
        "Due → sent p99 beside a dead channel ÷ without",
        f"{after / before:.2f} ({milliseconds(after)}, {milliseconds(before)})",
        f"< {DEAD_FACTOR:g}",
        met=after / before < DEAD_FACTOR,
    )


async def _tell(
    here: Place, crowded: Crowded, channel_id: UUID, name: str, seconds: float
) -> list[tuple[float, float]]:
    """Of each alert, how long after it was due its sending began, and was answered."""
    cases = round(A_SECOND * seconds)
    connection = await asyncpg.connect(here.database_url)
    since = await connection.fetchval(CLOCK)
    await add_due(here, crowded, name, cases, after=15 + cases / 1000, spread=seconds)
    places = (crowded.workspace_id, channel_id, since)
    await until_none(here.database_url, UNSENT, *places, cases, pause=0.5)
    rows = await connection.fetch(STARTED, *places)
    await connection.close()
    return [(float(row["started"]), float(row["sent"])) for row in rows]


async def _storm(here: Place, crowded: Crowded, cases: int, chapter: Chapter) -> None:
    database = await here.open()
    async with listening() as robot:
        channel = await _replace_console(database, crowded, ChannelKind.FEISHU, robot)
        connection = await asyncpg.connect(here.database_url)
        since = await connection.fetchval(CLOCK)
        await add_due(here, crowded, "burst", cases, after=20 + cases / 1000, spread=0)
        with here.working(1, **LOCAL):
            places = (crowded.workspace_id, channel, since)
            await until_none(here.database_url, UNSENT, *places, cases, pause=0.5)
        due: datetime = await connection.fetchval(FIRST_DUE, crowded.workspace_id)
        ago: timedelta = await connection.fetchval(CLOCK) - due
        began = asyncio.get_running_loop().time() - ago.total_seconds()
        await connection.close()
    await database.close()
    _judge_storm(chapter, [(at - began, _count(body)) for at, body in robot.came], cases)


def _judge_storm(chapter: Chapter, came: Sequence[tuple[float, int]], cases: int) -> None:
    """`came` has for each message when, and how many alerts it is about."""
    singles = [at for at, count in came if count == 1]
    first_digest = min((at for at, count in came if count > 1), default=float("inf"))
    first = sum(at < first_digest for at in singles)
    soon = first > 0 and max(at for at in singles[:first]) <= URGENT_SECONDS
    chapter.add(
        f"{cases:,} at once: urgent ones by themselves before any digest, the last of them",
        f"{first} after {singles[first - 1]:.1f} s" if first else "none",
        f"≤ {URGENT_SECONDS:.0f} s",
        met=soon,
    )
    busiest = max(sum(at <= other < at + MINUTE for other, _ in came) for at, _ in came)
    limit = limits_of(ChannelKind.FEISHU).per_minute
    chapter.add(
        "… messages in its busiest minute",
        f"{busiest} for {cases:,} alerts, the last told after {came[-1][0]:.0f} s in message "
        f"{len(came)}",
        f"≤ {limit:.0f}",
        met=busiest <= limit,
    )


def _count(body: dict[str, Any]) -> int:
    """How many alerts a Feishu card is about: a digest says so in its heading."""
    said = json.dumps(body, ensure_ascii=False)
    _, found, rest = said.partition("一次告诉您 ")
    return int(rest.split(" ", 1)[0]) if found else 1


async def _replace_console(
    database: Database, crowded: Crowded, kind: ChannelKind, sink: Sink
) -> UUID:
    """The sink becomes the workspace's only channel; its id."""
    async with database.unit(crowded.workspace_id) as uow:
        for one in await alerts.list_channels(uow):
            await alerts.change_channel(uow, one.id, ChannelChange(enabled=False))
    return await _add(database, crowded, "sink", kind, sink)


async def _add(
    database: Database, crowded: Crowded, name: str, kind: ChannelKind, sink: Sink
) -> UUID:
    async with database.unit(crowded.workspace_id) as uow:
        draft = ChannelDraft(name, kind, url=sink.url)
        return (await alerts.create_channel(uow, draft, allow_private=True)).id
