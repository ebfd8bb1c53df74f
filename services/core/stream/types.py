"""What a fact is: something the product says happened."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Fact:
    """Past tense, dotted: `case.opened`, `clock.missed`, `alert.raised`. Never holds a text."""

    kind: str
    subject_kind: str
    subject_id: UUID
    payload: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PublishedFact:
    """A fact with its place in the workspace's stream."""

    seq: int
    fact: Fact
    at: datetime


@dataclass(frozen=True, slots=True)
class FactPage:
    """Some facts, and the number to go on from; `more` says whether there is more already."""

    facts: list[PublishedFact]
    next_after: int
    more: bool
