"""Questions many people ask under one post, and the one answer to them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from services.api.schemas.common import Id, Moment, ReadModel, StrictModel
from services.core.cases.types import CaseState
from services.core.desk.bursts import PublicAnswer
from services.core.triage.types import Tier

EXAMPLE: JsonDict = {
    "case_ids": ["0193a6f0-0000-7000-8000-000000000001"],
    "text": "姐妹们久等啦，这支 129 元，主页可以直接下单～",
}


class BurstView(ReadModel):
    """`text` is the first question's, null once it was deleted. `waiting` of `size` still wait."""

    id: UUID
    post_id: UUID
    source_id: UUID
    text: str | None
    size: int
    waiting: int
    next_due_at: datetime | None
    started_at: datetime
    last_at: datetime
    answered_at: datetime | None


class BurstCaseView(ReadModel):
    """One person's question: a case of its own, with clocks of its own."""

    case_id: UUID
    message_id: UUID
    text: str | None
    handle: str | None
    similarity: float
    asked_at: datetime
    state: CaseState
    tier: Tier
    waiting: bool
    next_due_at: datetime | None


class BurstDetail(BurstView):
    """A burst with its first 500 cases, the first who asked first."""

    cases: list[BurstCaseView]


class AnswerBody(StrictModel):
    """One answer given in public, and the cases it answers: those on the list and no others."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    case_ids: Annotated[list[Id], Field(min_length=1, max_length=500)]
    text: Annotated[str, Field(min_length=1, max_length=10_000)]
    occurred_at: Moment | None = None
    external_id: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    member_id: Id | None = None
    resolves: bool | None = None

    def to_answer(self) -> PublicAnswer:
        return PublicAnswer(
            self.text, self.occurred_at, self.external_id, self.member_id, self.resolves
        )


class AnswerRecorded(ReadModel):
    """`untouched` are cases on the list in which nobody waited any more."""

    answered: list[UUID]
    untouched: list[UUID]
    burst: BurstDetail
