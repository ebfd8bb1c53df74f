"""What search answers: a message, follower or case, and where in its text the question stands."""

from typing import Literal

from pydantic import Field

from services.api.schemas.cases import CaseLine
from services.api.schemas.common import ReadModel
from services.api.schemas.messages import Follower, Message


class Highlight(ReadModel):
    """`start` and `end` count code points of the field as it is given here, half open."""

    field: Literal["text", "handle", "name"]
    start: int
    end: int


class Hit(ReadModel):
    """`kind` says what was found. A case comes with the newest of its messages that says it."""

    kind: Literal["message", "follower", "case"]
    message: Message | None
    follower: Follower | None
    case: CaseLine | None
    highlights: list[Highlight] = Field(examples=[[{"field": "text", "start": 4, "end": 6}]])
