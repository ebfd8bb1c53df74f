"""Rotas, teams and contacts as people write them, and shifts to look at."""

import datetime as dt
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from services.api.schemas.calendars import Date, WeekBody, WeekView, clock_of, minutes_of
from services.api.schemas.common import Id, Moment, Name, ReadModel, StrictModel
from services.core.rotas import rules
from services.core.rotas.types import (
    ContactKind,
    Gap,
    GapReason,
    Layer,
    OverrideDraft,
    Rota,
    RotaDraft,
    Shift,
    TeamDraft,
    Week,
)

_LIN = "01936a2e-4f00-7000-8000-000000000001"
_MEI = "01936a2e-4f00-7000-8000-000000000002"
EXAMPLE: JsonDict = {
    "name": "Nights",
    "zone": "Asia/Shanghai",
    "layers": [
        {
            "name": "first",
            "member_ids": [_LIN, _MEI],
            "first_on": "2026-11-23",
            "handover": "09:00",
            "turn_days": 7,
        }
    ],
}
MAX_NOTE_CHARACTERS = 500
MAX_CONTACT_CHARACTERS = 254

Note = Annotated[str, Field(min_length=1, max_length=MAX_NOTE_CHARACTERS)]
Address = Annotated[str, Field(min_length=1, max_length=MAX_CONTACT_CHARACTERS)]
Handover = Annotated[
    str,
    Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="When turns change, local time."),
]


class LayerBody(StrictModel):
    """Members who take turns, in order; whoever is named twice has two turns of a round.

    The first turn begins on `first_on`, whose weekday is the weekday of the handover where turns
    are whole weeks. Without a `week` the layer is on duty around the clock; with one only in it.
    """

    name: Name
    member_ids: Annotated[list[Id], Field(min_length=1, max_length=rules.MOST_TURNS)]
    first_on: Date
    handover: Handover = "00:00"
    turn_days: Annotated[
        int, Field(ge=1, le=rules.MOST_TURN_DAYS, description="7 is weekly, 1 daily.")
    ] = 7
    week: WeekBody | None = None

    def to_domain(self) -> Layer:
        return Layer(
            name=self.name,
            member_ids=tuple(self.member_ids),
            first_on=self.first_on,
            handover=minutes_of(self.handover),
            turn_days=self.turn_days,
            week=_week_of(self.week),
        )


class RotaBody(StrictModel):
    """The whole rota; saving makes the next version, in force at once.

    A layer fills what those before it leave open. `cover` says when somebody has to be on call:
    gaps outside of it are none. Without one that is always.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    name: Name
    zone: Annotated[str, Field(min_length=1, max_length=64, description="As Asia/Shanghai.")]
    layers: Annotated[list[LayerBody], Field(min_length=1, max_length=rules.MOST_LAYERS)]
    cover: WeekBody | None = None

    def to_draft(self) -> RotaDraft:
        layers = tuple(layer.to_domain() for layer in self.layers)
        return RotaDraft(self.name, self.zone, layers, _week_of(self.cover))


class LayerView(ReadModel):
    name: str
    member_ids: list[UUID]
    first_on: dt.date
    handover: str
    turn_days: int
    week: WeekView | None

    @classmethod
    def of(cls, layer: Layer) -> Self:
        return cls(
            name=layer.name,
            member_ids=list(layer.member_ids),
            first_on=layer.first_on,
            handover=clock_of(layer.handover),
            turn_days=layer.turn_days,
            week=_view_of(layer.week),
        )


class RotaView(ReadModel):
    """One version of a rota."""

    id: UUID
    version: int
    name: str
    zone: str
    layers: list[LayerView]
    cover: WeekView | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, rota: Rota) -> Self:
        draft = rota.draft
        return cls(
            id=rota.id,
            version=rota.version,
            name=draft.name,
            zone=draft.zone,
            layers=[LayerView.of(layer) for layer in draft.layers],
            cover=_view_of(draft.cover),
            created_at=rota.created_at,
            updated_at=rota.updated_at,
        )


class GapView(ReadModel):
    """A stretch of a rota's cover in which nobody is on call.

    `nobody_planned`: no layer has a turn. `away`: whoever has it is away without a stand-in, or
    has left.
    """

    rota_id: UUID
    rota_name: str
    start: datetime
    end: datetime
    reason: GapReason


class WatchedRotaView(RotaView):
    """A rota with its gaps of the next 28 days, the first 20 of them. It is saved all the same."""

    gaps: list[GapView]

    @classmethod
    def watched(cls, rota: Rota, gaps: list[Gap]) -> Self:
        views = [GapView.model_validate(gap) for gap in gaps]
        return cls(**dict(RotaView.of(rota)), gaps=views)


class ShiftView(ReadModel):
    """A stretch in which the same member is on call; `member_id` is null in a gap.

    `planned_id` has the turn: where it differs, `member_id` stands in. `override_id` is of the
    override that decides, and then there is no layer.
    """

    start: datetime
    end: datetime
    member_id: UUID | None
    planned_id: UUID | None
    layer: str | None
    override_id: UUID | None


class OnCallView(ShiftView):
    """Who is on call from the moment asked for, by name; cut after 92 days."""

    name: str | None

    @classmethod
    def named(cls, shift: Shift, name: str | None) -> Self:
        return cls(**dict(ShiftView.model_validate(shift)), name=name)


class OverrideBody(StrictModel):
    """One member has the rota for a while, whoever's turn it is."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "member_id": _MEI,
                    "starts_at": "2026-12-24T09:00:00+08:00",
                    "ends_at": "2026-12-25T09:00:00+08:00",
                    "note": "Swapped with Lin",
                }
            ]
        }
    )

    member_id: Id
    starts_at: Annotated[Moment | None, Field(description="Now, when left out.")] = None
    ends_at: Moment
    note: Note | None = None

    def to_draft(self, now: datetime) -> OverrideDraft:
        return OverrideDraft(self.member_id, self.starts_at or now, self.ends_at, self.note)


class OverrideView(ReadModel):
    id: UUID
    rota_id: UUID
    member_id: UUID
    starts_at: datetime
    ends_at: datetime
    note: str | None
    created_at: datetime


class TeamBody(StrictModel):
    """Its name and all its members; an alert for a team goes to everybody in it who is there."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "Care", "member_ids": [_LIN, _MEI]}]}
    )

    name: Name
    member_ids: Annotated[list[Id], Field(max_length=rules.MOST_TEAM_MEMBERS, default_factory=list)]

    def to_draft(self) -> TeamDraft:
        return TeamDraft(self.name, tuple(self.member_ids))


class TeamView(ReadModel):
    id: UUID
    version: int
    name: str
    member_ids: list[UUID]
    created_at: datetime
    updated_at: datetime


class ContactsBody(StrictModel):
    """Where a member is reached, by channel; what is left out is taken away.

    Without `email` the member's own address is used.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"feishu": "ou_8f3c1d2e4b5a6978", "email": "lin@example.com"}]
        }
    )

    feishu: Annotated[Address | None, Field(description="An open_id, as ou_8f3c….")] = None
    dingtalk: Annotated[Address | None, Field(description="A mobile number or a user id.")] = None
    wecom: Annotated[Address | None, Field(description="A userid.")] = None
    slack: Annotated[Address | None, Field(description="A member id, as U024BE7LH.")] = None
    email: Annotated[Address | None, Field(description="One plain address.")] = None
    pagerduty: Annotated[Address | None, Field(description="A user id, as PXPGF42.")] = None

    def to_domain(self) -> dict[ContactKind, str]:
        given = {kind: getattr(self, kind) for kind in ContactKind}
        return {kind: address for kind, address in given.items() if address is not None}


class ContactsView(ReadModel):
    feishu: str | None = None
    dingtalk: str | None = None
    wecom: str | None = None
    slack: str | None = None
    email: str | None = None
    pagerduty: str | None = None

    @classmethod
    def of(cls, contacts: Mapping[ContactKind, str]) -> Self:
        return cls(**{kind.value: address for kind, address in contacts.items()})


def _week_of(body: WeekBody | None) -> Week:
    return () if body is None else body.to_domain()


def _view_of(week: Week) -> WeekView | None:
    return WeekView.of(week) if week else None
