"""One act on many cases over HTTP, and what came of it for each."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from services.api.schemas.cases import Note
from services.api.schemas.common import Id, Moment, ReadModel, Spelled, StrictModel
from services.core.desk.bulk import MOST_CASES, BulkAct, Outcome, Wish
from services.core.triage.types import Tier

_CASES = ["019aa2f1-7c1e-7d0a-9c55-0a4f6d0b8f11", "019aa2f1-7c1e-7d0a-9c55-0a4f6d0b8f12"]
# What belongs to which act; a note to all but these two.
_OF_ACTS = {"until": BulkAct.SNOOZE, "tier": BulkAct.RETIER, "member_id": BulkAct.ASSIGN}
_WITHOUT_NOTE = frozenset({BulkAct.ASSIGN, BulkAct.WAKE})


class BulkBody(StrictModel):
    """The same for each case.

    `assign` takes `member_id` (null takes it from everybody), `snooze` takes `until`, `retier`
    takes `tier`; all but `assign` and `wake` may have a `note`.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"case_ids": [*_CASES], "act": "resolve", "note": "Answered in the story."}
            ]
        }
    )

    case_ids: Annotated[list[Id], Field(min_length=1, max_length=MOST_CASES)]
    act: Spelled[BulkAct]
    member_id: Id | None = None
    until: Moment | None = None
    tier: Spelled[Tier] | None = None
    note: Note | None = None

    @model_validator(mode="after")
    def _require_what_the_act_takes(self) -> Self:
        for name, act in _OF_ACTS.items():
            if self.act is not act and name in self.model_fields_set:
                raise ValueError(f"`{name}` belongs to `{act}`.")
        if self.act is BulkAct.ASSIGN and "member_id" not in self.model_fields_set:
            raise ValueError("`assign` takes a `member_id`; null takes the cases from everybody.")
        if self.act is BulkAct.SNOOZE and self.until is None:
            raise ValueError("`snooze` takes `until`.")
        if self.act is BulkAct.RETIER and self.tier in {None, Tier.SPAM}:
            raise ValueError("`retier` takes a `tier`; spam is owed nothing: resolve instead.")
        if self.act in _WITHOUT_NOTE and self.note is not None:
            raise ValueError(f"`{self.act}` keeps no note.")
        return self

    def to_wish(self) -> Wish:
        until: datetime | None = self.until
        return Wish(self.act, self.member_id, until, self.tier, self.note)


class BulkRefusal(ReadModel):
    """The `code` and `detail` that the single call would be refused with."""

    code: str
    detail: str


class BulkOutcome(ReadModel):
    """`ok` is false where `problem` says why; `changed` is false where it was so before."""

    case_id: UUID
    ok: bool
    changed: bool
    problem: BulkRefusal | None = None

    @classmethod
    def of(cls, outcome: Outcome) -> Self:
        refusal = outcome.refusal
        problem = BulkRefusal(code=refusal.code, detail=refusal.detail) if refusal else None
        return cls(
            case_id=outcome.case_id, ok=refusal is None, changed=outcome.changed, problem=problem
        )


class BulkDone(ReadModel):
    """In the order of the ids sent, each once."""

    done: int
    refused: int
    items: list[BulkOutcome]
