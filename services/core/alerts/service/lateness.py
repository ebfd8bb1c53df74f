"""Tell how late the product itself has been."""

from datetime import timedelta

from services.core.alerts.lateness import (
    USUAL_PERCENT,
    USUAL_SECONDS,
    Lateness,
    LatenessReport,
    judge_lateness,
)
from services.core.alerts.repository.lateness import read_lateness
from services.core.alerts.types import ChannelKind
from services.core.kit.uow import UnitOfWork
from services.core.triage.types import Tier


async def get_lateness(
    uow: UnitOfWork,
    window: timedelta,
    *,
    percent: float = USUAL_PERCENT,
    seconds: int = USUAL_SECONDS,
) -> LatenessReport:
    """By channel and tier, over what was sent within the window up to now, in everybody's time."""
    since = uow.real_now - window
    rows = tuple(
        Lateness(
            channel_id=row.id,
            channel_name=row.name,
            channel_kind=ChannelKind(row.kind),
            tier=Tier(row.tier),
            sent=row.sent,
            p50_seconds=None if row.p50 is None else float(row.p50),
            p99_seconds=None if row.p99 is None else float(row.p99),
            in_time=row.in_time,
            overdue=row.overdue,
        )
        for row in await read_lateness(uow, since=since, seconds=seconds)
    )
    rate, met = judge_lateness(rows, percent)
    return LatenessReport(since, uow.real_now, percent, seconds, rate, met, rows)
