"""The secret that signs a workspace's links: whoever has such a link may do what it says."""

from datetime import datetime

from sqlalchemy import LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from services.core.kit.db import Base, Key


class LinkSecretRow(Base):
    """Made when the first link is needed. Another one makes every link before it worthless."""

    __tablename__ = "link_secrets"

    workspace_id: Mapped[Key]
    secret: Mapped[bytes] = mapped_column(LargeBinary())
    version: Mapped[int]
    created_at: Mapped[datetime]
