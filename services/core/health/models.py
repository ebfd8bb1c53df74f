"""Which processes are alive, by their own word: one row each, refreshed every few seconds."""

from datetime import datetime

from sqlalchemy.orm import Mapped

from services.core.kit.db import Base, Json, Key


class ProcessRow(Base):
    """Not a tenant's row: a worker serves every workspace."""

    __tablename__ = "processes"

    id: Mapped[Key]
    kind: Mapped[str]
    host: Mapped[str]
    pid: Mapped[int]
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    report: Mapped[Json]
