"""Take what may be sent now: each channel's share of it, with an attempt on record for each."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from services.core.alerts.buckets import INCIDENTS, buckets_of
from services.core.alerts.facts import send_dead_lettered
from services.core.alerts.repository import claiming, digests
from services.core.alerts.service.raising import ALERTS_QUEUE
from services.core.alerts.types import ChannelKind, Dispatch, OutboxState, Outcome, SendResult
from services.core.kit import ids
from services.core.kit.figures import FIGURES
from services.core.kit.uow import Database, UnitOfWork
from services.core.stream import service as stream
from services.core.stream.types import Fact

# Longer than any sending may take, so that nobody else begins what is still on its way.
LEASE: Final = timedelta(seconds=30)
MAX_ATTEMPTS: Final = 10
# Sendings at a time to one channel: a slow one fills its own seats and no others.
WIDTH: Final = 12


@dataclass(frozen=True, slots=True)
class SendLimits:
    """What bounds a claim besides the channels' own limits.

    `storm_per_minute` is from how many alerts on they go together, where a workspace says nothing.
    """

    width: int = WIDTH
    max_attempts: int = MAX_ATTEMPTS
    storm_per_minute: int = 60


USUAL: Final = SendLimits()


async def claim_dispatches(
    database: Database,
    limit: int,
    *,
    width: int = WIDTH,
    busy: Mapping[UUID, int] | None = None,
    max_attempts: int = MAX_ATTEMPTS,
    storm_per_minute: int = USUAL.storm_per_minute,
) -> list[Dispatch]:
    """Take due rows of any workspace, fairly over these, urgent first; the lease is 30 s.

    After the commit each has an attempt on record. `busy` says how many messages this process is
    sending to a channel already, `limit` how many messages to take: rows of one `digest_id` are
    one. A row that used up its attempts without ending any dies here.
    """
    with FIGURES.claiming(ALERTS_QUEUE) as took:
        async with database.system() as uow:
            rows = await claiming.claim(
                uow,
                limit=limit,
                width=width,
                busy=busy or {},
                lease=LEASE,
                max_attempts=max_attempts,
                buckets=buckets_of(list(ChannelKind)),
                storm_per_minute=storm_per_minute,
                drifts=database.clock.drifts,
            )
            await _announce_dead(uow, [row for row in rows if row.state == OutboxState.DEAD])
            alive = [row for row in rows if row.state == OutboxState.PENDING]
            named = await _name_digests(uow, alive)
        took.append(len(rows))
    return [replace(_read(row), digest_id=named.get(row.id)) for row in alive]


async def _announce_dead(uow: UnitOfWork, rows: Sequence[Row[Any]]) -> None:
    """One statement for each workspace, however many rows of a digest died together."""
    by_workspace: dict[UUID, list[Fact]] = defaultdict(list)
    for row in rows:
        fact = send_dead_lettered(_read(row), SendResult(Outcome.IN_DOUBT))
        by_workspace[row.workspace_id].append(fact)
    for workspace_id, facts in by_workspace.items():
        await stream.announce(replace(uow, workspace_id=workspace_id), facts)


async def _name_digests(uow: UnitOfWork, rows: Sequence[Row[Any]]) -> dict[UUID, UUID]:
    """The digest of each row that goes out with others; the same rows make the same id again."""
    together: dict[UUID, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        if row.together:
            together[row.channel_id].append(row)
    named = []
    for channel_id, members in together.items():
        if len(members) > 1:
            digest_id = ids.derived_id("digest", channel_id, *sorted(row.id for row in members))
            named += [(row, digest_id) for row in members]
    if named:
        await claiming.name_digests(uow, named)
        opened = [
            (row.workspace_id, digest_id, row.channel_id)
            for row, digest_id in named
            if row.kind in INCIDENTS
        ]
        if opened:
            await digests.add_open(uow, opened)
    return {row.id: digest_id for row, digest_id in named}


def _read(row: Row[Any]) -> Dispatch:
    return Dispatch(
        workspace_id=row.workspace_id,
        outbox_id=row.id,
        alert_id=row.alert_id,
        channel_id=row.channel_id,
        token=row.token,
        attempt=row.attempts,
        in_doubt=row.in_doubt,
        channel_kind=ChannelKind(row.kind),
        channel_config=row.config,
        message=row.message,
        channel_secrets=tuple(one for one in (row.secret, row.old_secret) if one),
        queued_at=row.created_at,
        knocks=row.probing,
        request_id=row.request_id,
    )
