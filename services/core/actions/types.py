"""The nouns of acting from outside: what a link lets somebody do, and to what."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID


class Action(StrEnum):
    """What one link does; each does one thing."""

    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"
    ASSIGN = "assign"
    SILENCE = "silence"


class Linked(Protocol):
    """What of an alert a link needs; `alerts.types.Alert` is one.

    A protocol, because alerts write links and not the other way round.
    """

    @property
    def id(self) -> UUID: ...
    @property
    def case_id(self) -> UUID | None: ...


@dataclass(frozen=True, slots=True)
class Link:
    """One act on one alert, for whom it was made, and until when it may be done.

    Without a `person_id` it was sent to several people: whoever has it may act, under the name
    they give.
    """

    workspace_id: UUID
    alert_id: UUID
    action: Action
    person_id: UUID | None
    expires_at: datetime
