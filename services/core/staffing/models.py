"""The plan of a workspace: when the team looks."""

from datetime import datetime

from sqlalchemy.orm import Mapped

from services.core.kit.db import Base, Json, Key


class StaffingPlanRow(Base):
    """One row a workspace; without one the plan of the handbook stands."""

    __tablename__ = "staffing_plans"

    workspace_id: Mapped[Key]
    version: Mapped[int]
    definition: Mapped[Json]
    updated_at: Mapped[datetime]
    updated_by: Mapped[str]
