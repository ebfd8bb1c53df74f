"""How far each sandbox lives ahead of everybody else."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Mapped

from services.core.kit.db import Base, Key


class SandboxClockRow(Base):
    """A workspace is a sandbox if it has a row here, which it gets when it is made or never."""

    __tablename__ = "sandbox_clocks"

    workspace_id: Mapped[Key]
    ahead: Mapped[timedelta]
    moved_at: Mapped[datetime]
