"""What presence announces."""

from uuid import UUID

from services.core.presence.types import Doing
from services.core.stream.types import Fact


def presence_changed(case_id: UUID, member_id: UUID, doing: Doing | None) -> Fact:
    """Somebody came, does something else, or (`doing` null) left. Renewing says nothing."""
    detail = {"member_id": str(member_id), "doing": doing.value if doing else None}
    return Fact("presence.changed", "case", case_id, detail)
