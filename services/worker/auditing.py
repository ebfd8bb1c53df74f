"""Watches the workers from outside their queues: over a connection of its own, by its own task.

What stands still is named in the log, on the stream, in the metrics and in /readyz. The heartbeat's
address is told that all is well, and only while it is: whoever listens there notices silence too.
"""

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from services.core.health import rules
from services.core.health import service as health
from services.core.health.types import AuditLimits, Verdict
from services.core.kit import failpoints
from services.core.kit.clock import monotonic
from services.core.kit.db import ConnectionLimits, create_engine
from services.core.kit.errors import DomainError, UnavailableError
from services.core.kit.http import GuardedClient, OutgoingError
from services.core.kit.uow import Database
from services.core.settings import Settings

log = structlog.get_logger(__name__)

# A look that takes longer has failed: the database answers each of its statements within 2 s.
LOOK_SECONDS: Final = 15.0
PING_SECONDS: Final = 5.0
LIMITS: Final = ConnectionLimits(
    statement_timeout_ms=2_000, lock_timeout_ms=1_000, idle_in_transaction_timeout_ms=10_000
)
HTTP_OK, HTTP_OK_END = 200, 300

Told = Callable[[Verdict | None], None]


def open_audited(settings: Settings) -> Database:
    """One connection beside all pools; close it. Raises SystemExit when no database is named."""
    if settings.database.url is None:
        raise SystemExit("The auditor needs WARMLINE__DATABASE__URL.")
    engine = create_engine(
        settings.database.url.get_secret_value(),
        limits=LIMITS,
        pool_size=1,
        acquire_timeout=2.0,
        application_name="warmline-auditor",
    )
    return Database(engine)


def limits_of(settings: Settings) -> AuditLimits:
    return AuditLimits(settings.audit.interval_seconds, settings.audit.stall_seconds)


async def audit(
    settings: Settings,
    stop: asyncio.Event,
    *,
    after: asyncio.Event | None = None,
    told: Told | None = None,
) -> None:
    """Look every `audit.interval_seconds` until told to stop; a look that fails is no word.

    `after` is waited for first, an interval at most: the worker's own first heartbeat. `told`
    hears of each look, with None for one that failed.
    """
    if after is not None:
        await _wait(after, settings.audit.interval_seconds)
    database = open_audited(settings)
    client = GuardedClient(
        allow_private=settings.alerts.allow_private_addresses, timeout_seconds=PING_SECONDS
    )
    auditor = _Auditor(settings, database, client)
    try:
        while not stop.is_set():
            verdict = await auditor.look()
            if told is not None:
                told(verdict)
            await _wait(stop, settings.audit.interval_seconds)
    finally:
        await client.aclose()
        await database.close()


async def look_once(settings: Settings) -> Verdict:
    """One look, for a command. Raises UnavailableError when the database cannot say in time."""
    database = open_audited(settings)
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            return await health.look(database, limits_of(settings))
    except TimeoutError as error:
        raise UnavailableError("The database does not say how things stand.") from error
    finally:
        await database.close()


class _Auditor:
    """What one loop remembers: when it last told the heartbeat's address."""

    def __init__(self, settings: Settings, database: Database, client: GuardedClient) -> None:
        self._settings = settings
        self._limits = limits_of(settings)
        self._database = database
        self._client = client
        self._pinged: float | None = None

    async def look(self) -> Verdict | None:
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                if __debug__:
                    await failpoints.reach("auditor.look")
                verdict = await health.look(self._database, self._limits)
        except (UnavailableError, TimeoutError, OSError) as error:
            log.error("auditor.look_failed", error=type(error).__name__)  # noqa: TRY400 - no trace
            return None
        except Exception:
            log.exception("auditor.look_failed")
            return None
        _say(verdict)
        if verdict.well:
            await self._ping()
        return verdict

    async def _ping(self) -> None:
        """Tell the heartbeat's address that all is well, and write down that it heard."""
        url = self._settings.audit.heartbeat_url
        due = self._pinged is None or (
            monotonic() - self._pinged >= self._settings.audit.heartbeat_seconds
        )
        if url is None or not due:
            return
        try:
            answer = await self._client.post(url.get_secret_value(), content=b"", headers={})
            if not HTTP_OK <= answer.status_code < HTTP_OK_END:
                log.warning("auditor.ping_refused", status=answer.status_code)
                return
            self._pinged = monotonic()
            await health.note_ping(self._database)
        except (DomainError, OutgoingError) as error:
            log.warning("auditor.ping_failed", error=type(error).__name__)


def _say(verdict: Verdict) -> None:
    """Every look names what stands still: a log that is read from its end needs no memory."""
    stages = rules.by_stage(verdict.stalls)
    for stage, stalls in stages.items():
        log.error(
            "stage.stalled",
            stage=stage,
            seconds=round(max(stall.seconds for stall in stalls)),
            places=[stall.place for stall in stalls if stall.place],
        )
    for stage in verdict.ended:
        log.info("stage.resumed", stage=stage)


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
