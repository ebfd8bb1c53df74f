"""What is announced of messages: that one came, and what it was taken for."""

from typing import Final

from services.core.conversations.types import MessageState, Verdict
from services.core.stream.types import Fact

RECEIVED: Final = "message.received"
JUDGED: Final = "message.judged"


def message_received(state: MessageState) -> Fact:
    """`message.received`: a follower's word, heard for the first time."""
    payload = {
        "source_id": str(state.source_id),
        "channel": state.kind.value,
        "thread_id": str(state.thread_id) if state.thread_id else None,
    }
    return Fact("message.received", "message", state.id, payload)


def message_judged(state: MessageState, verdict: Verdict) -> Fact:
    """`message.judged`: by the engine and the workspace's rules; again when its text changes."""
    payload = {
        "source_id": str(state.source_id),
        "judgement_id": str(verdict.judgement_id),
        "tier": verdict.tier,
        "category": verdict.category,
        "sentiment": verdict.sentiment,
        "needs_reply": verdict.needs_reply,
    }
    return Fact("message.judged", "message", state.id, payload)
