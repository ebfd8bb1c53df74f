"""What alerts say in a workspace: its own templates, and whether messages' words may leave."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Mapped, mapped_column

from services.core.kit.db import Base, Json


class AlertTextsRow(Base):
    """One a workspace; without it the product's own sentences are said."""

    __tablename__ = "alert_texts"

    workspace_id: Mapped[UUID] = mapped_column(primary_key=True)
    # By purpose, then by language.
    templates: Mapped[Json]
    message_text_leaves: Mapped[bool] = mapped_column(server_default=text("false"))
    version: Mapped[int]
    updated_at: Mapped[datetime]
