"""Keep what people say of messages, learn from it, and tell how good the machine is."""

from services.core.learning.service.correcting import Corrected, correct, list_by_people

__all__ = ["Corrected", "correct", "list_by_people"]
