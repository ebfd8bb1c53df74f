"""The product's own lateness, as its operators and its users may see it."""

from datetime import datetime
from typing import Self
from uuid import UUID

from services.api.schemas.common import ReadModel
from services.core.alerts.lateness import LatenessReport
from services.core.alerts.types import ChannelKind
from services.core.triage.types import Tier


class ChannelLateness(ReadModel):
    """One channel and tier. Seconds are from due to sent, and times that really happened.

    `in_time` are within the objective's seconds; `overdue` wait longer than that already.
    """

    channel_id: UUID
    channel_name: str
    channel_kind: ChannelKind
    tier: Tier
    sent: int
    p50_seconds: float | None
    p99_seconds: float | None
    in_time: int
    overdue: int


class LatenessView(ReadModel):
    """`rate` is the share of urgent alerts out in time, null when there were none.

    The objective is `percent` of them within `seconds`; `met` says whether it holds.
    """

    since: datetime
    until: datetime
    percent: float
    seconds: int
    rate: float | None
    met: bool
    channels: list[ChannelLateness]

    @classmethod
    def of(cls, report: LatenessReport) -> Self:
        channels = [
            {name: getattr(row, name) for name in ChannelLateness.model_fields}
            for row in report.rows
        ]
        own = {name: getattr(report, name) for name in cls.model_fields if hasattr(report, name)}
        return cls.model_validate({**own, "channels": channels})
