"""The workspace at a glance."""

from datetime import datetime

from services.api.schemas.common import ReadModel


class ByTier(ReadModel):
    total: int
    urgent: int
    important: int
    routine: int
    spam: int


class ByState(ReadModel):
    open: int
    answered: int
    snoozed: int


class Share(ReadModel):
    """`rate` is met / (met + missed), null when neither happened."""

    met: int
    missed: int
    rate: float | None


class ByKind(ReadModel):
    first_response: Share
    next_response: Share
    resolution: Share


class Attainment(ReadModel):
    """Of the promises due today those decided so far; `overall` is of the responses."""

    overall: Share
    by_kind: ByKind


class Today(ReadModel):
    start: datetime
    end: datetime
    answered: int
    attainment: Attainment


class Backlog(ReadModel):
    """Accepted events not processed yet."""

    pending: int
    oldest_age_seconds: float | None


class SummaryView(ReadModel):
    """`open` counts cases not resolved; `unanswered` those of them in which somebody waits.

    `due_soon` counts promises due within two hours, `breached` those overdue and still
    unanswered.
    """

    as_of: datetime
    open: ByTier
    open_by_state: ByState
    due_soon: ByTier
    breached: ByTier
    unanswered: int
    answered_today: int
    today: Today
    alerts_firing: int
    backlog: Backlog
