"""PagerDuty's Events API v2: one incident an alert, acknowledged and resolved with it."""

from datetime import datetime
from typing import Any, Final

import orjson
from typing_extensions import override

from services.core.gateways.channels.codes import is_success, parse, unreadable
from services.core.gateways.channels.port import Answer, Parcel, Verdict
from services.core.gateways.channels.posting import (
    JSON,
    Posting,
    PostingGateway,
    by_status,
    printable,
    text_of,
)
from services.core.gateways.channels.telling import Language, tell
from services.core.kit.http import HttpAnswer

KIND: Final = "pagerduty"
ADDRESSES: Final = {
    "us": "https://events.pagerduty.com/v2/enqueue",
    "eu": "https://events.eu.pagerduty.com/v2/enqueue",
}
SUMMARY_CHARACTERS: Final = 1_024
_ACTIONS: Final = {"alert.acknowledged": "acknowledge", "alert.resolved": "resolve"}
_SEVERITIES: Final = {
    "hint": "info",
    "warning": "warning",
    "breach": "error",
    "escalation": "critical",
}


class PagerDutyGateway(PostingGateway):
    """The config holds `routing_key`, and `region` or, for a server of one's own, `url`."""

    @override
    def write(self, parcel: Parcel, now: datetime) -> Posting:
        region = str(parcel.config.get("region", "us"))
        url = parcel.config.get("url") or ADDRESSES.get(region, ADDRESSES["us"])
        return Posting(str(url), orjson.dumps(write_call(parcel, self._base_url)), JSON)

    @override
    def read(self, answer: HttpAnswer) -> Answer:
        if not is_success(answer):
            return by_status(answer)
        status = parse(answer.body).get("status")
        if status is None:
            return unreadable(answer)
        verdict = Verdict.ACCEPTED if status == "success" else Verdict.NEVER
        return Answer(answer.status_code, detail=printable(answer.body), verdict=verdict)


def dedup_key_of(parcel: Parcel) -> str:
    """The alert's own, so that a repeat and the end find their incident; else the digest's."""
    about = parcel.message.get("alert_id") or parcel.message.get("digest_id")
    return f"warmline-{about or parcel.id}"


def write_call(parcel: Parcel, base_url: str = "") -> dict[str, Any]:
    """The body. A greeting is resolved at once: a test wakes nobody."""
    telling = tell(parcel, default=Language.EN, base_url=base_url)
    action = "resolve" if telling.type == "channel.test" else _ACTIONS.get(telling.type, "trigger")
    sentence = telling.sentence or telling.title
    details = {
        "alert_id": parcel.message.get("alert_id"),
        "tier": parcel.message.get("tier"),
        "due_at": parcel.message.get("due_at"),
        "text": telling.excerpt or None,
        "people": [person.name for person in telling.people] or None,
        "alerts": [f"{entry.id}: {entry.sentence}" for entry in telling.entries] or None,
    }
    return {
        "routing_key": text_of(parcel, "routing_key"),
        "event_action": action,
        "dedup_key": dedup_key_of(parcel),
        "client": "Warmline",
        "payload": {
            "summary": f"{telling.title}: {sentence}"[:SUMMARY_CHARACTERS],
            "source": "warmline",
            "severity": _SEVERITIES.get(telling.severity, "error"),
            "timestamp": parcel.message.get("at"),
            "group": parcel.message.get("group_key"),
            "custom_details": {name: one for name, one in details.items() if one is not None},
        },
        "links": [{"href": url, "text": label} for label, url in telling.links],
    }
