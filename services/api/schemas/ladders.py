"""Ladders and climbs: whom a step tells and when, and what became of each step of an alert."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from services.api.schemas.common import Id, Name, ReadModel, Spelled, StrictModel
from services.core.alerts.climbing import Climb
from services.core.alerts.ladder_types import (
    GroupBy,
    Ladder,
    LadderDraft,
    LadderStep,
    LadderWarning,
    StepClock,
    StepOutcome,
)
from services.core.alerts.types import AlertState
from services.core.rotas.types import Audience, AudienceKind
from services.core.triage.types import Tier
from services.core.workspaces.types import Role

LONGEST_WAIT = 30 * 86_400
LADDER_EXAMPLE: JsonDict = {
    "name": "nights",
    "steps": [
        {
            "percent": 100,
            "audience": [{"kind": "assignee"}],
            "repeat_times": 2,
            "repeat_seconds": 300,
        },
        {"percent": 100, "wait_seconds": 900, "audience": [{"kind": "role", "role": "manager"}]},
        {"percent": 100, "wait_seconds": 1800, "audience": [{"kind": "everybody"}]},
    ],
    "group_by": "post",
    "group_window_seconds": 600,
}


class AudienceBody(StrictModel):
    """Whom a step is for, looked up when it is due.

    `team`, `rota` and `member` take an `id`, `role` takes a `role`, the others neither.
    """

    kind: Spelled[AudienceKind]
    id: Id | None = None
    role: Spelled[Role] | None = None

    def to_domain(self) -> Audience:
        return Audience(self.kind, self.id, self.role)


class StepBody(StrictModel):
    """From this percent of a promise's time on: after a wait, these people, by these channels.

    No channels means all that are enabled, no audience that nobody in particular is named. Waits
    count from the raising of the alert, by the wall or in the working time of the policy's
    calendar. A step is told once and then `repeat_times` more, `repeat_seconds` apart.
    """

    percent: Annotated[int, Field(ge=0, le=1_000)]
    channel_ids: Annotated[list[Id], Field(max_length=50, default_factory=list)]
    wait_seconds: Annotated[int, Field(ge=0, le=LONGEST_WAIT)] = 0
    clock: Spelled[StepClock] = StepClock.WALL
    audience: Annotated[list[AudienceBody], Field(max_length=20, default_factory=list)]
    repeat_times: Annotated[int, Field(ge=0, le=100)] = 0
    repeat_seconds: Annotated[int, Field(ge=0, le=86_400)] = 0
    only_in_hours: bool = False
    min_tier: Spelled[Tier] | None = None
    fallback_channel_id: Id | None = None

    def to_domain(self) -> LadderStep:
        return LadderStep(
            self.percent,
            tuple(dict.fromkeys(self.channel_ids)),
            wait_seconds=self.wait_seconds,
            clock=self.clock,
            audience=tuple(dict.fromkeys(one.to_domain() for one in self.audience)),
            repeat_times=self.repeat_times,
            repeat_seconds=self.repeat_seconds,
            only_in_hours=self.only_in_hours,
            min_tier=self.min_tier,
            fallback_channel_id=self.fallback_channel_id,
        )


Steps = Annotated[list[StepBody], Field(min_length=1, max_length=20)]
Window = Annotated[int, Field(ge=1, le=86_400)]


class LadderBody(StrictModel):
    """Below its first step a ladder tells nobody; the alert is there all the same.

    With `group_by`, an alert is not told while another of its group was told in the last
    `group_window_seconds`: it is raised, and says with whom it was told together.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [LADDER_EXAMPLE]})

    name: Name
    steps: Steps
    group_by: Spelled[GroupBy] | None = None
    group_window_seconds: Window | None = None

    def to_draft(self) -> LadderDraft:
        steps = tuple(step.to_domain() for step in self.steps)
        return LadderDraft(self.name, steps, self.group_by, self.group_window_seconds)


class GroupingBody(StrictModel):
    by: Spelled[GroupBy]
    window_seconds: Window


class LadderPatch(StrictModel):
    """What is left out, or null, stays as it is; steps are replaced as a whole.

    `grouping` sets by what alerts are told together; `ungroup` has each told alone.
    """

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"steps": [{"percent": 80, "channel_ids": []}]}]}
    )

    name: Name | None = None
    steps: Steps | None = None
    grouping: GroupingBody | None = None
    ungroup: bool = False


class AudienceView(ReadModel):
    kind: AudienceKind
    id: UUID | None
    role: Role | None


class StepView(ReadModel):
    percent: int
    channel_ids: list[UUID]
    wait_seconds: int
    clock: StepClock
    audience: list[AudienceView]
    repeat_times: int
    repeat_seconds: int
    only_in_hours: bool
    min_tier: Tier | None
    fallback_channel_id: UUID | None


class LadderView(ReadModel):
    id: UUID
    name: str
    version: int
    steps: list[StepView]
    group_by: GroupBy | None
    group_window_seconds: int | None
    created_at: datetime
    updated_at: datetime


class LadderWarningView(ReadModel):
    """Something that was kept and was perhaps not meant; `pointer` is into the body."""

    pointer: str
    code: str
    detail: str


class SavedLadderView(LadderView):
    """`warnings` say what of it was perhaps not meant; it is saved all the same."""

    warnings: list[LadderWarningView]

    @classmethod
    def saved(cls, ladder: Ladder, warnings: Sequence[LadderWarning]) -> Self:
        shown = LadderView.model_validate(ladder).model_dump()
        found = [LadderWarningView.model_validate(one).model_dump() for one in warnings]
        return cls.model_validate({**shown, "warnings": found})


class StepDoneView(ReadModel):
    """`explained`: nobody was told, and `reason` says why.

    `detail` has the people and channels, how far the circle was widened because nobody was there,
    or what kept it quiet. `late_by_seconds` is how late this step itself was done.
    """

    position: int
    round: int
    outcome: StepOutcome
    reason: str | None
    detail: dict[str, Any]
    due_at: datetime
    done_at: datetime
    late_by_seconds: int


class StepAheadView(ReadModel):
    """A step that will come at `due_at`, unless somebody acknowledges or ends the alert."""

    position: int
    round: int
    due_at: datetime


class ClimbView(ReadModel):
    """An alert on its ladder. `steps` are its rungs by position, as they were when it was raised.

    `resume_at` is until when an acknowledgement keeps it at rest; null with an acknowledged alert
    means until it is over. `ahead` is empty when nobody else will be told.
    """

    alert_id: UUID
    state: AlertState
    resume_at: datetime | None
    steps: list[StepView]
    done: list[StepDoneView]
    ahead: list[StepAheadView]

    @classmethod
    def of(cls, climb: Climb) -> Self:
        return cls(
            alert_id=climb.alert.id,
            state=climb.alert.state,
            resume_at=climb.alert.resume_at,
            steps=[StepView.model_validate(one) for one in climb.steps],
            done=[StepDoneView.model_validate(one) for one in climb.done],
            ahead=[
                StepAheadView(position=one.position, round=one.round, due_at=one.at)
                for one in climb.ahead
            ],
        )
