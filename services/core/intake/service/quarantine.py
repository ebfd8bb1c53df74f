"""What was given up on is listed with its reason, and let go again by whoever mended the cause."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from services.core.audit import service as audit
from services.core.audit.types import AuditEntry
from services.core.intake import quarantine
from services.core.intake.service.journal import QUEUE
from services.core.intake.service.sources import get_source
from services.core.kit import ids
from services.core.kit.errors import InvalidInputError, NotFoundError
from services.core.kit.stretches import Stretch
from services.core.kit.uow import UnitOfWork

MAX_RELEASED: Final = 500
# A delivery has at most so many events: enough rows for one more delivery than is released.
_SCANNED: Final = (MAX_RELEASED + 1) * 500
_FIRST, _END = UUID(int=0), UUID(int=2**128 - 1)


@dataclass(frozen=True, slots=True)
class QuarantinedEntry:
    """`reason` is a code or the name of an exception, never a text from outside."""

    delivery_id: UUID
    position: int
    source_id: UUID
    external_id: str
    type: str
    occurred_at: datetime
    received_at: datetime
    attempts: int
    reason: str


@dataclass(frozen=True, slots=True)
class Range:
    """What was received in [since, until), of one source or of all."""

    source_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def first(self) -> UUID:
        return ids.first_id_at(self.since) if self.since else _FIRST

    @property
    def end(self) -> UUID:
        return ids.first_id_at(self.until) if self.until else _END


class ReleaseOutcome(StrEnum):
    RELEASED = "released"
    NOTHING_QUARANTINED = "nothing_quarantined"
    NOT_FOUND = "not_found"


@dataclass(frozen=True, slots=True)
class Release:
    """What became of one delivery, and how many of its events wait again."""

    delivery_id: UUID
    outcome: ReleaseOutcome
    events: int


async def list_quarantined(
    uow: UnitOfWork, within: Range, wanted: Stretch
) -> list[QuarantinedEntry]:
    """By delivery, which is when it came, and position."""
    rows = await quarantine.list_entries(
        uow, wanted, source_id=within.source_id, first=within.first, end=within.end
    )
    return [
        QuarantinedEntry(
            delivery_id=row.delivery_id,
            position=row.position,
            source_id=row.source_id,
            external_id=row.external_id,
            type=row.type,
            occurred_at=row.occurred_at,
            received_at=row.received_at,
            attempts=row.attempts,
            reason=row.error or "",
        )
        for row in rows
    ]


async def release_deliveries(uow: UnitOfWork, delivery_ids: Sequence[UUID]) -> list[Release]:
    """Let the quarantined events of these deliveries be tried again; says for each what came of it.

    Raises NotFoundError when none of them is there, InvalidInputError beyond MAX_RELEASED.
    """
    wanted = list(dict.fromkeys(delivery_ids))
    if len(wanted) > MAX_RELEASED:
        raise InvalidInputError(f"At most {MAX_RELEASED} deliveries are released in one call.")
    known = await quarantine.list_known(uow, wanted)
    if wanted and not known:
        raise NotFoundError("delivery")
    released = await _release(uow, [one for one in wanted if one in known])
    return [_release_of(one, known, released) for one in wanted]


async def release_range(uow: UnitOfWork, within: Range) -> tuple[list[Release], bool]:
    """The same for what was received in a range, the oldest MAX_RELEASED deliveries of it.

    The second value says that more are left. Raises NotFoundError for an unknown source.
    """
    if within.source_id is not None:
        await get_source(uow, within.source_id)
    chosen = await quarantine.choose_deliveries(
        uow,
        source_id=within.source_id,
        first=within.first,
        end=within.end,
        limit=MAX_RELEASED + 1,
        scanned=_SCANNED,
    )
    some = chosen[:MAX_RELEASED]
    released = await _release(uow, some, source_id=within.source_id)
    return [_release_of(one, some, released) for one in some], len(chosen) > MAX_RELEASED


async def _release(
    uow: UnitOfWork, delivery_ids: Sequence[UUID], *, source_id: UUID | None = None
) -> dict[UUID, int]:
    released = await quarantine.release_deliveries(uow, delivery_ids, source_id=source_id)
    if released:
        uow.wake(QUEUE)
    await audit.record(
        uow,
        [
            AuditEntry("quarantine.released", "delivery", one, {"events": count})
            for one, count in sorted(released.items())
        ],
    )
    return released


def _release_of(
    delivery_id: UUID, known: Sequence[UUID] | set[UUID], released: dict[UUID, int]
) -> Release:
    if delivery_id in released:
        return Release(delivery_id, ReleaseOutcome.RELEASED, released[delivery_id])
    outcome = ReleaseOutcome.NOTHING_QUARANTINED if delivery_id in known else None
    return Release(delivery_id, outcome or ReleaseOutcome.NOT_FOUND, 0)
