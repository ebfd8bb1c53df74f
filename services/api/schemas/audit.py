"""Which acts of the trail are asked for, and what counting its chain again came to."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.api.schemas.common import Moment, ReadModel
from services.api.schemas.sorting import AuditSort
from services.core.audit.types import AuditFilter, Flaw, Verification


class AuditQuery(BaseModel):
    """Conditions on the trail; all given ones hold together."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    actor: Annotated[
        str | None, Field(max_length=100, description="The id of a key, a member, a command.")
    ] = None
    action: Annotated[
        str | None, Field(max_length=100, description="How it begins: `alert.`, `case.assigned`.")
    ] = None
    subject_kind: Annotated[str | None, Field(max_length=100, description="`case`, `alert`.")] = (
        None
    )
    subject_id: Annotated[
        str | None, Field(max_length=100, description="Only acts on this thing.")
    ] = None
    since: Annotated[Moment | None, Field(alias="from", description="Not before.")] = None
    until: Annotated[Moment | None, Field(alias="to", description="Before.")] = None
    sort: AuditSort = AuditSort.NEWEST

    def to_filter(self) -> AuditFilter:
        return AuditFilter(
            actor_id=self.actor,
            action=self.action,
            subject_kind=self.subject_kind,
            subject_id=self.subject_id,
            since=self.since,
            until=self.until,
        )


class VerificationView(ReadModel):
    """`holds`: every row is as it was written.

    Else `flaw` is the first that is not (`changed`, `missing`, `cut_off`), at place `flaw_seq`.

    `unsealed` rows are too young to have a place. Note `last_hash` elsewhere: who can write the
    whole database could write a whole chain. `is_whole` is false after 100,000 rows; the command
    `warmline audit verify` counts on.
    """

    holds: bool
    is_whole: bool
    checked: int
    last_seq: int
    last_hash: str
    unsealed: int
    flaw: Flaw | None
    flaw_seq: int | None
    flaw_id: UUID | None

    @classmethod
    def of(cls, found: Verification) -> Self:
        return cls(
            holds=found.flaw is None,
            is_whole=found.is_whole,
            checked=found.checked,
            last_seq=found.last_seq,
            last_hash=found.last_hash.hex(),
            unsealed=found.unsealed,
            flaw=found.flaw,
            flaw_seq=found.flaw_seq,
            flaw_id=found.flaw_id,
        )
