"""Facts as they are read: the same shape in the live stream, in lists and in webhooks."""

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from services.api.schemas.common import ReadModel
from services.core.stream.catalogue.shapes import FactKind
from services.core.stream.types import FactPage, PublishedFact


class FactView(ReadModel):
    """Something that happened. `payload` is as the catalogue says for its kind."""

    seq: int
    kind: str
    subject_kind: str
    subject_id: UUID
    payload: dict[str, Any]
    at: datetime

    @classmethod
    def of(cls, published: PublishedFact) -> Self:
        fact = published.fact
        return cls(
            seq=published.seq,
            kind=fact.kind,
            subject_kind=fact.subject_kind,
            subject_id=fact.subject_id,
            payload=fact.payload,
            at=published.at,
        )


class FactsView(ReadModel):
    """Ask again with `after=next_after`: at once while there is `more`, after a while otherwise."""

    items: list[FactView]
    next_after: int
    more: bool

    @classmethod
    def of(cls, page: FactPage) -> Self:
        items = [FactView.of(published) for published in page.facts]
        return cls(items=items, next_after=page.next_after, more=page.more)


class FactSentence(ReadModel):
    zh: str
    en: str


class FactKindView(ReadModel):
    """What is promised of a kind. `payload_schema` is JSON Schema."""

    kind: str
    subject_kind: str
    sentence: FactSentence
    since: str
    payload_schema: dict[str, Any]

    @classmethod
    def of(cls, one: FactKind) -> Self:
        return cls(
            kind=one.kind,
            subject_kind=one.subject_kind,
            sentence=FactSentence(zh=one.zh, en=one.en),
            since=one.since,
            payload_schema=dict(one.schema),
        )
