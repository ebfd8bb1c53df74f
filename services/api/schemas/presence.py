"""Who has a case before them, as it is sent and shown."""

from datetime import datetime
from uuid import UUID

from pydantic import ConfigDict

from services.api.schemas.common import Id, ReadModel, Spelled, StrictModel
from services.core.presence.types import Doing


class PresenceBody(StrictModel):
    """What a member does with the case; say it again every 10 to 20 seconds.

    `member_id` may be left out by whoever signed in.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"doing": "replying", "member_id": "019aa2f1-7c1e-7d0a-9c55-0a4f6d0b8f11"}]
        }
    )

    doing: Spelled[Doing]
    member_id: Id | None = None


class PresenceView(ReadModel):
    """Somebody who has the case open; from `until` on they no longer count as there."""

    member_id: UUID
    handle: str
    name: str
    doing: Doing
    since: datetime
    until: datetime
