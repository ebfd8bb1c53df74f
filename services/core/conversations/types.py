"""The nouns of what people say and where."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID


class Channel(StrEnum):
    """Where an exchange takes place."""

    COMMENT = "comment"
    DM = "dm"
    MENTION = "mention"


class ItemKind(StrEnum):
    """What a message is. A reply is the brand's, wherever it was written."""

    COMMENT = "comment"
    DM = "dm"
    MENTION = "mention"
    REPLY = "reply"


class Direction(StrEnum):
    INBOUND = "in"
    OUTBOUND = "out"


@dataclass(frozen=True, slots=True)
class Spoken:
    """One inbound message whose text is in force, ready to be judged."""

    message_id: UUID
    kind: ItemKind
    text: str
    content_rank: str
    tags_brand: tuple[str, ...]
    attributes: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Touched:
    """A thread something happened in, and the earliest moment that changed."""

    thread_id: UUID
    since: datetime
