"""What may come with the rows of a list and with one thing, so that one call fills a screen."""

from typing import Annotated, Final

from fastapi import Query
from pydantic import BeforeValidator

from services.api.schemas.cases import CaseIncluded, CaseLine
from services.api.schemas.common import ReadModel
from services.api.schemas.messages import Follower, Judgement, Message
from services.core.board.types import CaseExtra, MessageExtra


class ListedCase(CaseLine):
    """A case in a list; `included` is null unless something was asked for with `include`."""

    included: CaseIncluded | None = None


class MessageIncluded(ReadModel):
    """What was not asked for is null, as is what is not there: who wrote it, and its case."""

    follower: Follower | None = None
    case: CaseLine | None = None


class ListedMessage(Message):
    """A message in a list; `included` is null unless something was asked for with `include`."""

    included: MessageIncluded | None = None


class MessageDetail(Message):
    """A message with every judgement ever made on it, newest first."""

    judgements: list[Judgement]
    included: MessageIncluded | None = None


def _split(sent: object) -> object:
    """Names between commas, or one a parameter."""
    if not isinstance(sent, list):
        return sent
    return list(dict.fromkeys(name for part in sent for name in str(part).split(",")))


CaseExtras = Annotated[list[CaseExtra], BeforeValidator(_split)]
MessageExtras = Annotated[list[MessageExtra], BeforeValidator(_split)]
# Of one thing: in a list, the conditions of the list say it.
_BESIDE: Final = "What else comes with it, in `included`."
BesideCase = Annotated[CaseExtras, Query(default_factory=list, max_length=3, description=_BESIDE)]
BesideMessage = Annotated[
    MessageExtras, Query(default_factory=list, max_length=2, description=_BESIDE)
]
