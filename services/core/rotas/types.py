"""The nouns of being on call: rotas and their layers, shifts, teams, and who an alert is for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from services.core.calendars.types import Span
from services.core.workspaces.types import Role

Week = tuple[tuple[Span, ...], ...]


class AudienceKind(StrEnum):
    """Whom a step of a ladder names; who that is, is looked up when the step is due."""

    ASSIGNEE = "assignee"
    STAND_IN = "stand_in"  # whoever answers for the assignee while that one is away
    TEAM = "team"
    ROLE = "role"
    ROTA = "rota"
    MEMBER = "member"
    EVERYBODY = "everybody"


class ContactKind(StrEnum):
    """Where a member is reached, by the channel that reaches there."""

    FEISHU = "feishu"
    DINGTALK = "dingtalk"
    WECOM = "wecom"
    SLACK = "slack"
    EMAIL = "email"
    PAGERDUTY = "pagerduty"


class GapReason(StrEnum):
    """Why nobody is on call."""

    NOBODY_PLANNED = "nobody_planned"
    AWAY = "away"  # whoever has the turn is away or gone, and nobody stands in


@dataclass(frozen=True, slots=True)
class Audience:
    """`id` is of the team, rota or member; `role` of the members of that role."""

    kind: AudienceKind
    id: UUID | None = None
    role: Role | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """One question: who are these audiences at that moment, for a case with that assignee?"""

    audiences: tuple[Audience, ...]
    assignee_id: UUID | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody to tell, where they are reached by channel kind, and why it is them."""

    member_id: UUID
    name: str
    contacts: Mapping[str, str]
    because: str


@dataclass(frozen=True, slots=True)
class Known:
    """An active member with everything an alert needs of them."""

    id: UUID
    name: str
    role: Role
    contacts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Layer:
    """Members who take turns, in order.

    The first turn begins on the local date `first_on` at the minute `handover`, and each lasts
    `turn_days` local days. Inside its turns a layer is on duty in `week`; an empty one is always.
    """

    name: str
    member_ids: tuple[UUID, ...]
    first_on: date
    handover: int = 0
    turn_days: int = 7
    week: Week = ()


@dataclass(frozen=True, slots=True)
class RotaDraft:
    """What somebody wants a rota to be; saving it makes the next version.

    A layer fills what those before it leave open. `cover` says when somebody has to be on call:
    outside it nobody is missed. An empty one is always.
    """

    name: str
    zone: str
    layers: tuple[Layer, ...]
    cover: Week = ()


@dataclass(frozen=True, slots=True)
class Rota:
    id: UUID
    version: int
    draft: RotaDraft
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class OverrideDraft:
    """One member has the rota from a moment to another, whoever's turn it is."""

    member_id: UUID
    starts_at: datetime
    ends_at: datetime
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Override:
    id: UUID
    rota_id: UUID
    member_id: UUID
    starts_at: datetime
    ends_at: datetime
    note: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Shift:
    """A stretch in which the same member is on call, or nobody; half open, in UTC.

    `planned_id` had the turn: another `member_id` stands in. Of an override the `layer` is None.
    """

    start: datetime
    end: datetime
    member_id: UUID | None = None
    planned_id: UUID | None = None
    layer: str | None = None
    override_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of a rota's cover in which nobody is on call."""

    rota_id: UUID
    rota_name: str
    start: datetime
    end: datetime
    reason: GapReason


@dataclass(frozen=True, slots=True)
class TeamDraft:
    name: str
    member_ids: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Team:
    """`version` counts its changes."""

    id: UUID
    name: str
    version: int
    created_at: datetime
    updated_at: datetime
    member_ids: tuple[UUID, ...] = field(default=())
