"""What keeps alerts quiet, as people write it: silences, inhibitions, quiet hours."""

from datetime import datetime, timedelta
from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field, ValidationInfo, field_validator
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from services.api.schemas.common import Id, Moment, Name, ReadModel, Spelled, StrictModel
from services.core.alerts.types import AlertKind, Severity
from services.core.calendars.rules import WEEKDAYS
from services.core.conversations.types import Channel
from services.core.silences import rules
from services.core.silences.types import (
    MINUTES_OF_A_DAY,
    Conditions,
    Inhibition,
    InhibitionDraft,
    QuietHours,
    QuietSpan,
    Sameness,
    Silence,
    SilenceDraft,
    SilenceState,
    Source,
    Target,
)
from services.core.triage.types import Category, Tier

_MINUTES_OF_AN_HOUR = 60
_MOST_MINUTES = rules.LONGEST // timedelta(minutes=1)
# The whole of a group's name; our own are shorter by far.
_MOST_GROUP = 200

SILENCE: JsonDict = {
    "conditions": {"tier_at_most": "important", "channel": "comment"},
    "minutes": 120,
    "reason": "双十一直播，评论由直播间同事处理",
}
INHIBITION: JsonDict = {
    "name": "One escalation a follower",
    "source": {"severity_at_least": "escalation"},
    "target": {"severity_at_most": "warning"},
    "same": "follower",
}
QUIET_HOURS: JsonDict = {
    "zone": "Asia/Shanghai",
    "spans": [{"start": "22:00", "end": "08:00"}],
}

Group = Annotated[str, Field(min_length=1, max_length=_MOST_GROUP)]
Reason = Annotated[str, Field(min_length=1, max_length=rules.MOST_REASON)]
Start = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
End = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")]


class ConditionsBody(StrictModel):
    """Which alerts are meant: all that is given holds together. `group` is a `group_key`."""

    tier_at_most: Spelled[Tier] | None = None
    kind: Spelled[AlertKind] | None = None
    category: Spelled[Category] | None = None
    channel: Spelled[Channel] | None = None
    source_id: Id | None = None
    post_id: Id | None = None
    thread_id: Id | None = None
    follower_id: Id | None = None
    rule_id: Id | None = None
    case_id: Id | None = None
    group: Group | None = None

    def to_domain(self) -> Conditions:
        return Conditions(**{name: getattr(self, name) for name in type(self).model_fields})


class SilenceBody(StrictModel):
    """From `from` (now, when left out) until `until`, 30 days at most, nobody is told.

    Instead of `until`, `minutes` says for how long.
    Without a condition say `everything`: true. Urgent alerts are held only with `also_urgent`.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [SILENCE]})

    conditions: ConditionsBody = ConditionsBody()
    starts_at: Annotated[Moment | None, Field(alias="from")] = None
    minutes: Annotated[int, Field(ge=1, le=_MOST_MINUTES)] | None = None
    until: Annotated[Moment | None, Field(validate_default=True)] = None
    reason: Reason
    everything: bool = False
    also_urgent: bool = False

    @field_validator("until")
    @classmethod
    def _ends_in_one_way(cls, until: datetime | None, others: ValidationInfo) -> datetime | None:
        if "minutes" not in others.data:
            return until  # they are wrong, which is said of them
        minutes = others.data["minutes"]
        if until is None and minutes is None:
            raise PydanticCustomError("missing", "Say until when, or for how many minutes.")
        if until is not None and minutes is not None:
            raise ValueError("Say either until when, or for how many minutes.")
        return until

    def to_draft(self, now: datetime) -> SilenceDraft:
        starts_at = self.starts_at or now
        return SilenceDraft(
            conditions=self.conditions.to_domain(),
            starts_at=starts_at,
            ends_at=self.until or starts_at + timedelta(minutes=self.minutes or 0),
            reason=self.reason,
            everything=self.everything,
            also_urgent=self.also_urgent,
        )


class ConditionsView(ReadModel):
    tier_at_most: Tier | None
    kind: str | None
    category: Category | None
    channel: Channel | None
    source_id: UUID | None
    post_id: UUID | None
    thread_id: UUID | None
    follower_id: UUID | None
    rule_id: UUID | None
    case_id: UUID | None
    group: str | None


class SilenceView(ReadModel):
    """`ended_at` is set when somebody ended it early; `until` is then that moment too."""

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    id: UUID
    state: SilenceState
    conditions: ConditionsView
    starts_at: Annotated[datetime, Field(alias="from")]
    ends_at: Annotated[datetime, Field(alias="until")]
    reason: str
    everything: bool
    also_urgent: bool
    created_at: datetime
    created_by: str
    ended_at: datetime | None
    ended_by: str | None

    @classmethod
    def of(cls, silence: Silence, now: datetime) -> Self:
        return cls(
            id=silence.id,
            state=rules.state_of(silence, now),
            conditions=ConditionsView.model_validate(silence.conditions),
            starts_at=silence.starts_at,
            ends_at=silence.ends_at,
            reason=silence.reason,
            everything=silence.everything,
            also_urgent=silence.also_urgent,
            created_at=silence.created_at,
            created_by=silence.created_by,
            ended_at=silence.ended_at,
            ended_by=silence.ended_by,
        )


class SilencePreview(ReadModel):
    """What it would hold if it began now; `alert_ids` are the first 50 of the `matching`.

    `is_whole` is false when more alerts are firing than the 2,000 that were looked at.
    """

    matching: int
    looked_at: int
    is_whole: bool
    alert_ids: list[UUID]


class SourceBody(StrictModel):
    """Which alerts hold others back while they are open; at least one thing is said.

    `crisis` is a message that may become one, a fall of the mood, or a rule that says so.
    """

    kind: Spelled[AlertKind] | None = None
    category: Spelled[Category] | None = None
    rule_id: Id | None = None
    crisis: bool = False
    tier_at_least: Spelled[Tier] | None = None
    severity_at_least: Spelled[Severity] | None = None

    def to_domain(self) -> Source:
        return Source(**{name: getattr(self, name) for name in type(self).model_fields})


class TargetBody(StrictModel):
    """Which alerts are held back; nothing said is all of them."""

    kind: Spelled[AlertKind] | None = None
    category: Spelled[Category] | None = None
    rule_id: Id | None = None
    tier_at_most: Spelled[Tier] | None = None
    severity_at_most: Spelled[Severity] | None = None

    def to_domain(self) -> Target:
        return Target(**{name: getattr(self, name) for name in type(self).model_fields})


class InhibitionBody(StrictModel):
    """While an alert of `source` is open, those of `target` that share `same` with it wait."""

    model_config = ConfigDict(json_schema_extra={"examples": [INHIBITION]})

    name: Name
    source: SourceBody
    target: TargetBody = TargetBody()
    same: Spelled[Sameness]
    enabled: bool = True

    def to_draft(self) -> InhibitionDraft:
        source, target = self.source.to_domain(), self.target.to_domain()
        return InhibitionDraft(self.name, source, target, self.same, self.enabled)


class SourceView(ReadModel):
    kind: str | None
    category: Category | None
    rule_id: UUID | None
    crisis: bool
    tier_at_least: Tier | None
    severity_at_least: str | None


class TargetView(ReadModel):
    kind: str | None
    category: Category | None
    rule_id: UUID | None
    tier_at_most: Tier | None
    severity_at_most: str | None


class InhibitionView(ReadModel):
    """`is_built_in`: it comes with the workspace, and is switched off instead of taken away."""

    id: UUID
    name: str
    source: SourceView
    target: TargetView
    same: Sameness
    enabled: bool
    is_built_in: bool
    updated_at: datetime | None

    @classmethod
    def of(cls, inhibition: Inhibition) -> Self:
        return cls.model_validate(inhibition)


class QuietSpanBody(StrictModel):
    """From a local time to another; an end not after the start lies on the next day.

    It begins on each of `days`, on every day when they are left out.
    """

    start: Start
    end: End
    days: Annotated[list[str] | None, Field(min_length=1, max_length=len(WEEKDAYS))] = None

    def to_domain(self) -> QuietSpan:
        # A word that is no day is outside of the week, and refused by name there.
        places = {name: place for place, name in enumerate(WEEKDAYS)}
        days = sorted({places.get(day, len(WEEKDAYS)) for day in self.days or WEEKDAYS})
        # Midnight as an end is the end of the day.
        return QuietSpan(_minutes(self.start), _minutes(self.end) or MINUTES_OF_A_DAY, tuple(days))


class QuietHoursBody(StrictModel):
    """Routine alerts wait until quiet hours end, and are told then. No spans, no waiting."""

    model_config = ConfigDict(json_schema_extra={"examples": [QUIET_HOURS]})

    zone: Annotated[str, Field(min_length=1, max_length=64)]
    spans: Annotated[list[QuietSpanBody], Field(max_length=rules.MOST_SPANS)]

    def to_domain(self) -> QuietHours:
        return QuietHours(self.zone, tuple(span.to_domain() for span in self.spans))


class QuietSpanView(ReadModel):
    start: str
    end: str
    days: list[str]


class QuietHoursView(ReadModel):
    """`until` is when the quiet hours that hold now end; null when it is none of them."""

    zone: str
    spans: list[QuietSpanView]
    updated_at: datetime | None
    until: datetime | None

    @classmethod
    def of(cls, hours: QuietHours, now: datetime) -> Self:
        spans = [
            QuietSpanView(
                start=_clock(span.start),
                end=_clock(span.end),
                days=[WEEKDAYS[day] for day in span.days],
            )
            for span in hours.spans
        ]
        until = rules.quiet_until(hours, now)
        return cls(zone=hours.zone, spans=spans, updated_at=hours.updated_at, until=until)


def _minutes(written: str) -> int:
    hours, minutes = written.split(":")
    return int(hours) * _MINUTES_OF_AN_HOUR + int(minutes)


def _clock(minute: int) -> str:
    hours, minutes = divmod(minute, _MINUTES_OF_AN_HOUR)
    return f"{hours:02}:{minutes:02}"
