"""Who has which case open: a row for each, good until a moment, renewed where it stands."""

from datetime import datetime

from sqlalchemy.orm import Mapped

from services.core.kit.db import QUEUE_TABLE, Base, Key, one_of
from services.core.presence.types import Doing


class PresenceRow(Base):
    """No index on `until`: renewing must touch no index, and there is a row only for who is here.

    What ran out is cleared by whoever comes to the same case next, the rest once an hour.
    """

    __tablename__ = "presences"
    __table_args__ = (one_of("doing", Doing), {"postgresql_with": QUEUE_TABLE})

    workspace_id: Mapped[Key]
    case_id: Mapped[Key]
    member_id: Mapped[Key]
    doing: Mapped[str]
    since: Mapped[datetime]
    until: Mapped[datetime]
