"""What keeping quiet announces."""

from services.core.silences.types import Silence
from services.core.stream.types import Fact


def silence_changed(verb: str, silence: Silence) -> Fact:
    """`silence.created` or `silence.ended`. Its reason is a text and stays with it."""
    detail = {
        "starts_at": silence.starts_at.isoformat(),
        "ends_at": silence.ends_at.isoformat(),
        "everything": silence.everything,
        "also_urgent": silence.also_urgent,
        "by": silence.ended_by or silence.created_by,
    }
    return Fact(f"silence.{verb}", "silence", silence.id, detail)
