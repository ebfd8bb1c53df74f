"""What counting the trail's chain again came to."""

from typing import Self
from uuid import UUID

from services.api.schemas.common import ReadModel
from services.core.audit.types import Flaw, Verification


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
