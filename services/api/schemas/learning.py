"""How good the machine is, what a person checks of it, and what it has learnt."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from services.api.schemas.common import ReadModel, Spelled, StrictModel
from services.core.learning.types import ModelState
from services.core.triage.types import Tier

EXAMPLE: JsonDict = {"tier": "urgent", "note": "She is asking for a refund."}


class RateView(ReadModel):
    """`hits` of `checked` with the 95 % interval; null when nothing was checked."""

    hits: int
    checked: int
    rate: float | None
    low: float | None
    high: float | None


class QualityView(ReadModel):
    """`confusion[machine][person]` counts messages a person looked at, `judged` counts all.

    Corrections gather where the machine erred, so the confusion flatters nobody. `missed_urgent`
    comes from the weekly blind samples alone: of the messages called routine, the share that is
    urgent. Times `routine_judged` it estimates how many were missed.
    """

    days: int
    judged: dict[Tier, int]
    reviewed: int
    confusion: dict[Tier, dict[Tier, int]]
    agreement: float | None
    missed_urgent: RateView
    routine_judged: int


class SampleItemView(ReadModel):
    """A message to check, without what the machine said. `tier` is what a person found."""

    id: UUID
    message_id: UUID
    kind: str
    text: str | None
    occurred_at: datetime
    checked_at: datetime | None
    tier: Tier | None


class SampleWeekView(ReadModel):
    """The newest sample: `week` is its Monday (UTC), null before the first one was drawn.

    Most of it was called routine, some was not. `population` routine messages stand behind it.
    """

    week: date | None
    population: int
    checked: int
    items: list[SampleItemView]


class CheckBody(StrictModel):
    """What the message is. It is put in force like any correction."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    tier: Spelled[Tier]
    note: Annotated[str, Field(min_length=1, max_length=2_000)] | None = None


class ComparisonView(ReadModel):
    """What the shadow said beside the model in force, on live traffic.

    `moved[in force][shadow]` counts tiers. Of `corrected` messages, how many each had right.
    """

    judged: int
    agreement: float | None
    moved: dict[Tier, dict[Tier, int]]
    corrected: int
    shadow_right: int
    in_force_right: int


class ModelView(ReadModel):
    """Weights learnt by this workspace, on top of the engine of `base_version`.

    `figures` compare before and after on rows nobody learnt from; one whose `passes` is false
    cannot be promoted.
    """

    id: UUID
    number: int
    state: ModelState
    base_engine: str
    base_version: str
    lessons: int
    figures: dict[str, Any]
    created_at: datetime
    created_by: str
    promoted_at: datetime | None
    retired_at: datetime | None
    previous_id: UUID | None


class ModelDetail(ModelView):
    comparison: ComparisonView


class RolledBack(ReadModel):
    """The model that is in force now; null is the engine alone."""

    active: ModelView | None
