"""What may come with the rows of a list, so that a screen is filled by one call."""

from typing import Annotated

from pydantic import BeforeValidator

from services.api.schemas.cases import CaseLine, Clock
from services.api.schemas.common import ReadModel
from services.api.schemas.messages import Follower, Message
from services.core.board.types import CaseExtra, MessageExtra


class CaseIncluded(ReadModel):
    """What was not asked for is null, as is what is not there.

    `clocks` are the newest 20 promises in order of time, `last_message` whatever was said last by
    either side.
    """

    clocks: list[Clock] | None = None
    follower: Follower | None = None
    last_message: Message | None = None


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


def _split(sent: object) -> object:
    """Names between commas, or one a parameter."""
    if not isinstance(sent, list):
        return sent
    return list(dict.fromkeys(name for part in sent for name in str(part).split(",")))


CaseExtras = Annotated[list[CaseExtra], BeforeValidator(_split)]
MessageExtras = Annotated[list[MessageExtra], BeforeValidator(_split)]
