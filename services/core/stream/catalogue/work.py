"""Facts of the daily work: cases, promises, messages, bursts and rules that met a message."""

from typing import Final

from services.core.stream.catalogue import words
from services.core.stream.catalogue.shapes import (
    ID,
    MOMENT,
    WHOLE,
    YES_OR_NO,
    FactKind,
    carries,
    maybe,
)

_CASE: Final = carries(
    {
        "state": words.CASE_STATE,
        "tier": words.TIER,
        "category": words.CATEGORY,
        "channel": words.CHANNEL,
        "source_id": ID,
        "next_due_at": maybe(MOMENT),
    }
)
_ASSIGNED: Final = carries({"member_id": maybe(ID)})
_CLOCK: Final = carries(
    {"case_id": ID, "kind": words.CLOCK_KIND, "tier": words.TIER, "due_at": MOMENT}
)
_LABELS: Final = carries({"tier": words.TIER, "category": words.CATEGORY})
_CORRECTED: Final = carries({"judgement_id": ID, "from": _LABELS, "to": _LABELS})
_RECEIVED: Final = carries({"source_id": ID, "channel": words.CHANNEL, "thread_id": maybe(ID)})
_JUDGED: Final = carries(
    {
        "source_id": ID,
        "judgement_id": ID,
        "tier": words.TIER,
        "category": words.CATEGORY,
        "sentiment": words.SENTIMENT,
        "needs_reply": YES_OR_NO,
    }
)
_BURST: Final = carries({"post_id": ID, "cases": WHOLE})
_PRESENCE: Final = carries({"member_id": ID, "doing": maybe(words.DOING)})
_RAN: Final = carries({"rule_id": ID, "version": WHOLE, "outcome": words.RUN_OUTCOME})


def _case(verb: str, zh: str, en: str) -> FactKind:
    return FactKind(f"case.{verb}", "case", zh, en, _CASE)


def _clock(verb: str, zh: str, en: str) -> FactKind:
    return FactKind(f"clock.{verb}", "clock", zh, en, _CLOCK)


def _burst(verb: str, zh: str, en: str) -> FactKind:
    return FactKind(f"burst.{verb}", "burst", zh, en, _BURST)


FACTS: Final = (
    _case("opened", "有人在等回复，开了一个新工单。", "Somebody waits for an answer."),
    _case("open", "工单重新打开了。", "The case is open again."),
    _case("answered", "工单里的问题都已回复。", "Everything asked in the case is answered."),
    _case("snoozed", "工单暂缓处理，到点会回来。", "The case rests until a time that was set."),
    _case("resolved", "工单已解决。", "The case is resolved."),
    _case("void", "工单作废：里面已没有需要回复的内容。", "Nothing in the case needs an answer."),
    _case(
        "changed",
        "工单的级别、类别或截止时间变了。",
        "Its tier, category, due time or messages changed.",
    ),
    FactKind(
        "case.assigned",
        "case",
        "工单交给了某位同事，或不再属于任何人。",
        "The case was given to a member, or to nobody.",
        _ASSIGNED,
    ),
    _clock("running", "一项时限开始或继续计时。", "A promise began to count, or counts on."),
    _clock("paused", "一项时限暂停计时。", "A promise stands still."),
    _clock("met", "在时限内做到了。", "A promise was kept."),
    _clock("missed", "时限已过，还没有做到。", "A promise was broken."),
    _clock("void", "这项时限不再需要。", "A promise is no longer asked for."),
    FactKind(
        "message.received",
        "message",
        "来了一条新消息。只有被订阅时才发布。",
        "Somebody wrote. Announced only while a subscription asks for it.",
        _RECEIVED,
    ),
    FactKind(
        "message.judged",
        "message",
        "系统判断了一条消息。只有被订阅时才发布。",
        "A message was judged. Announced only while a subscription asks for it.",
        _JUDGED,
    ),
    FactKind(
        "message.corrected",
        "message",
        "有人更正了系统对一条消息的判断。",
        "A person corrected how a message was judged.",
        _CORRECTED,
    ),
    _burst("opened", "同一条笔记下，多人在问同一个问题。", "Many ask the same under one post."),
    _burst("joined", "又有人问了同一个问题。", "More people asked the same."),
    _burst("answered", "一次回复了所有相同的问题。", "All who asked the same were answered."),
    FactKind(
        "presence.changed",
        "case",
        "有同事打开了工单、开始写回复，或者离开了（`doing` 为空）。",
        "A member opened the case, began to reply, or left (`doing` is null).",
        _PRESENCE,
    ),
    FactKind("rule.ran", "message", "一条规则遇到了一条消息。", "A rule met a message.", _RAN),
)
