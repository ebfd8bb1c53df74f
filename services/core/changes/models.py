"""Hours in which something changed, written beside the change and read once by who sums up days."""

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from services.core.kit.db import QUEUE_TABLE, Base, Key


class ChangedHourRow(Base):
    """Only ever added and taken away: two writers of one hour never wait for each other."""

    __tablename__ = "changed_hours"
    __table_args__ = (
        Index("ix_changed_hours_noted", "noted_at"),
        {"postgresql_with": QUEUE_TABLE},
    )

    workspace_id: Mapped[Key]
    id: Mapped[Key]
    hour: Mapped[datetime]
    noted_at: Mapped[datetime]
