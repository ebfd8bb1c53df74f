"""Facts of warning people: alerts, their channels, silences, detectors, stages, subscriptions."""

from typing import Final

from services.core.stream.catalogue import words
from services.core.stream.catalogue.shapes import (
    ID,
    MOMENT,
    OPEN,
    TEXT,
    WHOLE,
    YES_OR_NO,
    FactKind,
    Schema,
    carries,
    maybe,
)

_ALERT: Final[dict[str, Schema]] = {
    "kind": words.ALERT_KIND,
    "case_id": maybe(ID),
    "clock_id": maybe(ID),
    "clock_kind": maybe(words.CLOCK_KIND),
    "rule_id": maybe(ID),
    "message_id": maybe(ID),
    "burn_id": maybe(ID),
    "detector_firing_id": maybe(ID),
    "step": WHOLE,
    "severity": words.SEVERITY,
    "tier": words.TIER,
    "state": words.ALERT_STATE,
    "due_at": MOMENT,
}
_DEAD_LETTER: Final = carries(
    {"outbox_id": ID, "channel_id": ID, "attempts": WHOLE, "status_code": maybe(WHOLE)}
)
_CHANNEL: Final = carries({"channel_id": ID, "reason": TEXT}, optional=["reason"])
_SILENCE: Final = carries(
    {
        "starts_at": MOMENT,
        "ends_at": MOMENT,
        "everything": YES_OR_NO,
        "also_urgent": YES_OR_NO,
        "by": maybe(TEXT),
    }
)
_DETECTOR: Final = carries({"version": WHOLE, "kind": words.DETECTOR_KIND, "enabled": YES_OR_NO})
_FIRING: Final = carries({"firing_id": ID, "subject": maybe(TEXT), "figures": OPEN})
_STAGE: Final = carries({"stage": TEXT})
_SUBSCRIPTION: Final = carries(
    {"name": TEXT, "version": WHOLE, "enabled": YES_OR_NO, "reason": maybe(words.PAUSE_REASON)}
)


def _alert(verb: str, zh: str, en: str, **more: Schema) -> FactKind:
    return FactKind(f"alert.{verb}", "alert", zh, en, carries(_ALERT | more))


def _subscription(verb: str, zh: str, en: str) -> FactKind:
    return FactKind(f"subscription.{verb}", "subscription", zh, en, _SUBSCRIPTION)


FACTS: Final = (
    _alert("raised", "发出了一条提醒。", "An alert was raised."),
    _alert(
        "acknowledged",
        "有人接手了这条提醒。",
        "Somebody has it.",
        by=TEXT,
        resume_at=maybe(MOMENT),
    ),
    _alert("unacknowledged", "接手的人放手了，提醒继续升级。", "Whoever had it gave it back."),
    _alert("expired", "提醒太旧了，不再通知任何人。", "Too old to wake anybody."),
    _alert("resumed", "接手后没有下文，提醒继续升级。", "Silence after it; it climbs on."),
    _alert(
        "escalated",
        "提醒升级，通知了下一位。",
        "The alert went on to the next people.",
        position=WHOLE,
        round=WHOLE,
    ),
    _alert("renotified", "提醒又发了一次。", "The alert was sent once more.", round=WHOLE),
    _alert("resolved", "提醒结束了。", "The alert is over.", resolution=maybe(TEXT)),
    FactKind(
        "send.dead_lettered",
        "alert",
        "一条提醒没能送达，系统不再自动重试。",
        "Somebody was not told, and nobody will try again unasked.",
        _DEAD_LETTER,
    ),
    FactKind(
        "channel.paused",
        "channel",
        "一个渠道一直送不到，已暂停。",
        "Nothing gets through a channel; it rests.",
        _CHANNEL,
    ),
    FactKind("channel.resumed", "channel", "渠道恢复了。", "A channel works again.", _CHANNEL),
    FactKind("silence.created", "silence", "设了一段静音。", "A silence was made.", _SILENCE),
    FactKind("silence.ended", "silence", "静音提前结束。", "A silence was ended.", _SILENCE),
    FactKind("detector.created", "detector", "新增了一个监测。", "A detector is new.", _DETECTOR),
    FactKind("detector.changed", "detector", "监测有改动。", "A detector changed.", _DETECTOR),
    FactKind("detector.archived", "detector", "监测已停用。", "A detector is gone.", _DETECTOR),
    FactKind(
        "detector.fired",
        "detector",
        "监测发现了异常。",
        "A detector saw what it watches for.",
        _FIRING,
    ),
    FactKind("detector.cleared", "detector", "异常已过去。", "What it saw has passed.", _FIRING),
    FactKind(
        "stage.stalled",
        "stage",
        "系统有一个环节停住了，提醒可能会晚到。",
        "A stage of the product stands still: alerts may be late.",
        _STAGE,
    ),
    FactKind("stage.resumed", "stage", "停住的环节恢复了。", "The stage moves again.", _STAGE),
    _subscription("created", "新增了一个订阅。", "A subscription is new."),
    _subscription("changed", "订阅有改动。", "A subscription changed."),
    _subscription("archived", "订阅已删除。", "A subscription is gone."),
    _subscription("paused", "对方一直收不到，订阅已暂停。", "Its endpoint takes nothing."),
    _subscription("resumed", "订阅恢复推送。", "A subscription goes on."),
)
