"""From accepted deliveries to cases, clocks and timers, against arq's empty jobs."""

import asyncio
import itertools
import os
import signal
import statistics
from time import monotonic, sleep
from uuid import UUID

import asyncpg
from arq import create_pool
from arq.connections import RedisSettings as ArqSettings

from services.core.intake import service as intake
from services.core.intake.envelope import read_envelope
from services.core.intake.records import Incoming
from services.core.intake.types import ContentKind
from services.core.subscriptions import service as subscriptions
from services.core.subscriptions.types import SubscriptionDraft, Wish
from tests.bench import trail
from tests.bench.figures import Chapter
from tests.bench.intake import BATCH, batch_requests
from tests.bench.place import Place, SignedSource, until_none

WORKERS = 2
TURNS = 3
# Fewer are gone before both have warmed up: of the last batches nobody has a second half.
ENOUGH = 6_000
TRAIL = 100_000
ARQ_QUEUE = "bench:empty"
_names = itertools.count()
PENDING = "SELECT count(*) FROM journal WHERE state = 'pending'"
# Looked for all the time: counting them all would be a tenth of the load.
ANY_PENDING = "SELECT count(*) FROM (SELECT FROM journal WHERE state = 'pending' LIMIT 1) AS first"


def measure(place: Place, share: float) -> Chapter:
    chapter = Chapter(
        "Pipeline",
        "Two worker processes are stopped, a day's mix of events is accepted in batches of 500, "
        "the workers go on, and the clock runs until no entry is pending: by then every event is "
        "journaled, judged and folded, with cases, clocks, timers, facts and audit committed. "
        "arq: the same number of jobs that do nothing, two arq workers, from their start until the "
        "queue is empty, less the time an empty run takes; once looking every 10 ms, which is the "
        "fastest it got (more jobs at once or longer reads change nothing), and once with "
        "its defaults, which look every 500 ms. All on the same cores, one after the other. Two "
        f"workers and one take turns, {TURNS} rounds, and the medians count.",
    )
    count = round(20_000 * share / BATCH) * BATCH
    ours = rate(place, count)
    theirs = _arq_rate(place, count, poll_delay=0.01)
    chapter.add(
        "Events a second through the pipeline ÷ arq's empty jobs",
        f"{ours / theirs:.2f} ({ours:,.0f}/s, arq {theirs:,.0f}/s)",
        "≥ 4",
        met=ours / theirs >= 4,
    )
    slow = _arq_rate(place, count // 4, poll_delay=0.5)
    chapter.add("… of an arq with its defaults", f"{ours / slow:.2f} (arq {slow:,.0f}/s)")
    many = max(count, ENOUGH)
    two, one = (statistics.median(each) for each in zip(*_in_turns(place, many), strict=True))
    chapter.add(
        f"Events a second of one workspace with two workers ÷ with one, {many:,} events",
        f"{two / one:.2f} ({two:,.0f}/s, {one:,.0f}/s)",
    )
    told = rate(place, count, is_heard=True)
    chapter.add(
        "Events a second where a subscription asks for every message ÷ where none does",
        f"{told / ours:.2f} ({told:,.0f}/s, {ours:,.0f}/s)",
    )
    rows = max(round(TRAIL * share), BATCH)
    verified = trail.rate(place, rows)
    chapter.add(f"Rows of the audit trail verified a second, of {rows:,}", f"{verified:,.0f}")
    return chapter


def _in_turns(place: Place, count: int) -> list[tuple[float, float]]:
    """With two workers and with one, one after the other."""
    return [(rate(place, count, workers=2), rate(place, count, workers=1)) for _ in range(TURNS)]


def rate(place: Place, count: int, *, is_heard: bool = False, workers: int = WORKERS) -> float:
    """Events a second that these workers process; their caches are warm.

    With `is_heard` somebody asked for what is said of messages, and takes nothing yet.
    """
    source = asyncio.run(place.add_source(f"pipeline-{next(_names)}"))
    if is_heard:
        asyncio.run(_subscribe(place, UUID(source.workspace_id)))
    with place.working(workers) as pids:
        asyncio.run(_accept(place, source, 2 * BATCH, "warm"))
        asyncio.run(_until_done(place))
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        waiting = asyncio.run(_accept(place, source, count, "run"))
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
        began = monotonic()
        asyncio.run(_until_done(place))
        return waiting / (monotonic() - began)


async def _subscribe(place: Place, workspace_id: UUID) -> None:
    database = await place.open()
    draft = SubscriptionDraft(
        "listener", "https://listener.example/in", Wish(("message.*",)), enabled=False
    )
    async with database.unit(workspace_id) as uow:
        await subscriptions.create_subscription(uow, draft)
    await database.close()


async def _accept(place: Place, source: SignedSource, count: int, mark: str) -> int:
    """Returns how many entries wait: what a workspace does not handle is journaled, not queued."""
    database = await place.open()
    workspace_id, source_id = UUID(source.workspace_id), UUID(source.id)
    requests = batch_requests(source, count, f"{mark}-{source.id[-12:]}")
    for number, request in enumerate(requests):
        body = request.partition(b"\r\n\r\n")[2]
        webhook_id = f"{mark}-{number}"
        envelope = read_envelope(body, content_type=ContentKind.JSON, webhook_id=webhook_id)
        incoming = Incoming(source_id, webhook_id, ContentKind.JSON, body, envelope.events)
        async with database.unit(workspace_id) as uow:
            await intake.accept(uow, [incoming])
    await database.close()
    connection = await asyncpg.connect(place.database_url)
    waiting: int = await connection.fetchval(PENDING)
    await connection.close()
    return waiting


async def _until_done(place: Place) -> None:
    await until_none(place.database_url, ANY_PENDING)


def _arq_rate(place: Place, count: int, poll_delay: float) -> float:
    empty = _arq_seconds(place, 0, poll_delay)
    return count / max(_arq_seconds(place, count, poll_delay) - empty, 0.001)


def _arq_seconds(place: Place, count: int, poll_delay: float) -> float:
    asyncio.run(_enqueue(place, count))
    began = monotonic()
    arguments = ("tests.bench.servers", "arq", str(poll_delay))
    workers = [place.start(*arguments) for _ in range(WORKERS)]
    while any(worker.poll() is None for worker in workers):
        sleep(0.01)
    return monotonic() - began


async def _enqueue(place: Place, count: int) -> None:
    redis = await create_pool(ArqSettings.from_dsn(place.redis_url))
    for _ in range(count):
        await redis.enqueue_job("nothing", _queue_name=ARQ_QUEUE)
    await redis.aclose()
