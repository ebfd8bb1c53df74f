"""What a message is taken for, by whom and why; and what a person says it is."""

from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from services.api.schemas.common import ReadModel, Spelled, StrictModel
from services.api.schemas.messages import Judgement
from services.core.learning.types import Correction
from services.core.triage.types import Category, Sentiment, Tier

EXAMPLE: JsonDict = {"category": "complaint", "note": "She asks for her money back."}


class CorrectionBody(StrictModel):
    """What the message is; leave out what the judgement has right.

    A category brings its tier, a pressing tier brings a reply; `spam` false makes it routine.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    tier: Spelled[Tier] | None = None
    category: Spelled[Category] | None = None
    sentiment: Spelled[Sentiment] | None = None
    needs_reply: bool | None = None
    spam: bool | None = None
    note: Annotated[str, Field(min_length=1, max_length=2_000)] | None = None

    def to_correction(self) -> Correction:
        return Correction(**dict(self))


class Judgements(ReadModel):
    """`in_force` is the judgement the message is taken for; `policy_version` that of its promise.

    `reasons` of a judgement point into the text as it was when it was judged.
    """

    message_id: UUID
    in_force: UUID | None
    case_id: UUID | None
    policy_id: UUID | None
    policy_version: int | None
    judgements: list[Judgement]
