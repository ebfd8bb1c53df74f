"""One message for many alerts: it names every one of them, the urgent ones first."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from services.core.alerts.types import Dispatch
from services.core.triage.types import Tier

DIGEST: Final = "alert.digest"
_NAMED: Final = ("severity", "kind", "purpose", "sentence", "links", "case_id", "late_by_seconds")
_TIERS: Final = [tier.value for tier in Tier]


def build_digest(dispatches: Sequence[Dispatch], *, now: datetime) -> dict[str, Any]:
    """What a channel is given for all of them; each that may have arrived before is marked.

    The tier and severity are those of the most pressing one, which comes first.
    """
    alerts = [_entry(one) for one in sorted(dispatches, key=_rank)]
    urgent = sum(one["tier"] == Tier.URGENT for one in alerts)
    message: dict[str, Any] = {
        "type": DIGEST,
        "at": now.isoformat(),
        "count": len(alerts),
        "tier": alerts[0]["tier"],
        "severity": alerts[0].get("severity"),
        "sentence": sentences_of(len(alerts), urgent),
        "alerts": alerts,
        "people": _people(dispatches),
        "links": {"alerts": "/v1/alerts?state=firing"},
    }
    if any(one.in_doubt for one in dispatches):
        message["repeat"] = True
    return message


def sentences_of(count: int, urgent: int) -> dict[str, str]:
    zh, en = f"一次告诉您 {count} 条提醒", f"{count} alerts in one message"
    if urgent:
        zh, en = f"{zh}，其中 {urgent} 条紧急", f"{en}, {urgent} of them urgent"
    return {"zh": f"{zh}。", "en": f"{en}."}


def build_closing(digest_id: UUID, count: int, *, now: datetime) -> dict[str, Any]:
    """What a channel is told when nobody of a digest of so many alerts waits any more."""
    return {
        "type": "alert.resolved",
        "at": now.isoformat(),
        "digest_id": str(digest_id),
        "count": count,
        "tier": Tier.ROUTINE.value,
        "sentence": {
            "zh": f"这一批 {count} 条提醒都已有人处理。",
            "en": f"All {count} alerts of that message are taken care of.",
        },
        "people": [],
        "links": {"alerts": "/v1/alerts?state=firing"},
    }


def _rank(dispatch: Dispatch) -> tuple[int, str]:
    message = dispatch.message
    return _TIERS.index(message["tier"]), str(message.get("due_at"))


def _entry(dispatch: Dispatch) -> dict[str, Any]:
    message = dispatch.message
    entry = {name: message[name] for name in _NAMED if message.get(name) is not None}
    entry |= {"id": str(dispatch.alert_id), "tier": message["tier"], "type": message["type"]}
    return entry | ({"repeat": True} if dispatch.in_doubt else {})


def _people(dispatches: Sequence[Dispatch]) -> list[Mapping[str, Any]]:
    """Everybody any of them is for, once."""
    people = [person for one in dispatches for person in one.message.get("people", ())]
    return list({str(person["id"]): person for person in people}.values())
