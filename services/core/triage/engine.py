"""The first engine: named cues, weighed and explained."""

from functools import lru_cache

from services.core.triage.types import (
    Category,
    Classifier,
    Decision,
    Language,
    MessageKind,
    Sentiment,
    Tier,
    TriageInput,
)


class CueClassifier:
    engine = "cues"
    engine_version = "0"

    def judge(self, message: TriageInput) -> Decision:
        text = message.text
        category = Category.MENTION if message.kind is MessageKind.MENTION else Category.GENERAL
        if "退款" in text or "refund" in text.lower():
            category = Category.COMPLAINT
        tier = {Category.COMPLAINT: Tier.URGENT, Category.MENTION: Tier.IMPORTANT}.get(
            category, Tier.ROUTINE
        )
        return Decision(
            tier,
            category,
            Sentiment.NEUTRAL,
            True,
            Language.ZH,
            0.0,
            False,
            0.1,
            (),
            None,
            None,
            (),
            self.engine,
            self.engine_version,
            "0",
        )


@lru_cache(maxsize=1)
def load_classifier() -> Classifier:
    return CueClassifier()
