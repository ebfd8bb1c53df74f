"""The closed lists facts speak in, spelled as they are sent; tests hold them to the features'."""

from typing import Final

from services.core.stream.catalogue.shapes import one_of

TIER: Final = one_of("urgent", "important", "routine", "spam")
CATEGORY: Final = one_of(
    "complaint",
    "product_question",
    "negative_feedback",
    "pr_crisis",
    "follower_question",
    "partnership",
    "feedback",
    "mention",
    "general",
    "praise",
    "casual",
    "spam",
)
SENTIMENT: Final = one_of("positive", "neutral", "negative")
CHANNEL: Final = one_of("comment", "dm", "mention")
CASE_STATE: Final = one_of("open", "answered", "snoozed", "resolved", "void")
CLOCK_KIND: Final = one_of("first_response", "next_response", "resolution", "reply_window")
ALERT_KIND: Final = one_of("promise", "rule", "budget_burn", "detector")
ALERT_STATE: Final = one_of("firing", "acknowledged", "resolved", "expired")
SEVERITY: Final = one_of("hint", "warning", "breach", "escalation")
DOING: Final = one_of("viewing", "replying")
RUN_OUTCOME: Final = one_of("applied", "held", "stopped", "looping", "muted")
MODEL_STATE: Final = one_of("shadow", "active", "retired", "rejected")
STANDSTILL_REASON: Final = one_of("out_of_office", "outage")
DETECTOR_KIND: Final = one_of(
    "sentiment_dip",
    "volume_spike",
    "silence",
    "mass_unfollow",
    "keyword_surge",
    "failing_signatures",
    "rota_gap",
    "stuck_stage",
)
PAUSE_REASON: Final = one_of("gone", "failing")
