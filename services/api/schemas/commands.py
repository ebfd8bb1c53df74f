"""A line somebody said in a chat, and what is to be said back."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field

from services.api.schemas.common import Id, ReadModel, StrictModel
from services.core.commands.rules import MOST_CHARACTERS
from services.core.commands.types import Reply, Verb


class CommandBody(StrictModel):
    """`member_id` is who said it, on the word of whoever forwards it; acts are theirs then."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"text": "ack 3f9a 30m 正在处理"}]})

    text: Annotated[str, Field(min_length=1, max_length=MOST_CHARACTERS)]
    member_id: Id | None = None


class SentenceView(ReadModel):
    zh: str
    en: str


class ReplyView(ReadModel):
    """`code` is `done`, or why nothing was: `not_found`, `ambiguous`, `unknown_verb`, ….

    `sentence` is made to be said back as it is.
    """

    code: str
    sentence: SentenceView
    verb: Verb | None
    alert_id: UUID | None

    @classmethod
    def of(cls, reply: Reply) -> Self:
        return cls(
            code=reply.code,
            sentence=SentenceView(**reply.sentence),
            verb=reply.verb,
            alert_id=reply.alert_id,
        )
