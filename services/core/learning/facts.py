"""What learning announces."""

from uuid import UUID

from services.core.learning.types import Labels, Model
from services.core.stream.types import Fact


def message_corrected(message_id: UUID, judgement_id: UUID, was: Labels, now: Labels) -> Fact:
    """`message.corrected`: a person's judgement is in force from here on."""
    payload = {
        "judgement_id": str(judgement_id),
        "from": {"tier": was.tier.value, "category": was.category.value},
        "to": {"tier": now.tier.value, "category": now.category.value},
    }
    return Fact("message.corrected", "message", message_id, payload)


def model_changed(verb: str, model: Model) -> Fact:
    """`model.trained`, `model.promoted`, `model.retired`."""
    payload = {"number": model.number, "state": model.state.value, "lessons": model.lessons}
    return Fact(f"model.{verb}", "model", model.id, payload)
