"""The nouns of presence: who has a case before them, and what they do with it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

# How long somebody counts as there without saying so again.
LASTS: Final = timedelta(seconds=30)


class Doing(StrEnum):
    VIEWING = "viewing"
    REPLYING = "replying"


@dataclass(frozen=True, slots=True)
class Presence:
    """`since` is when they began what they do, `until` when they no longer count as there."""

    member_id: UUID
    handle: str
    name: str
    doing: Doing
    since: datetime
    until: datetime
