"""Messages as channels get them, with everything in them that could break a text."""

from typing import Any

from services.core.kit import ids

ALERT_ID = str(ids.new_id())
# A name that tries everything: mentions of all, markup, HTML, JSON, another reading direction.
EVIL = '@all <!channel> <at id=all></at> [x](http://evil.example) **b** "}],\\ <b>&\u202eoo\r\nx'
FIRING: dict[str, Any] = {
    "type": "alert.firing",
    "at": "2026-11-21T12:00:00+00:00",
    "alert_id": ALERT_ID,
    "severity": "breach",
    "tier": "urgent",
    "group_key": "case:1",
    "due_at": "2026-11-21T12:00:00+00:00",
    "fired_at": "2026-11-21T12:00:00+00:00",
    "sentence": {"zh": f"有人还在等 {EVIL}", "en": f"Somebody is waiting {EVIL}"},
    "links": {
        "case": "/v1/cases/1",
        "acknowledge": "https://desk.example/a/1?s=(x)",
        "evil": "https://evil.example",
        "alert": "javascript:alert(1)",
    },
    "people": [
        {
            "id": "1",
            "name": "Lin",
            "because": "assignee",
            "contacts": {
                "feishu": "ou_123",
                "dingtalk": "13800001111",
                "wecom": "lin",
                "slack": "U0123",
            },
        },
        {
            "id": "2",
            "name": "@all",
            "because": "on call",
            "contacts": {"feishu": "all", "dingtalk": "@all", "wecom": "@all", "slack": "!here"},
        },
    ],
}


def digest(count: int) -> dict[str, Any]:
    tiers = ["routine", "urgent", "important"]
    alerts = [
        {
            "id": str(ids.new_id()),
            "severity": "breach",
            "tier": tiers[place % 3],
            "sentence": {"zh": f"首次回复已超时 {place} 分钟 {EVIL}", "en": f"Late {place} {EVIL}"},
            "links": {},
        }
        for place in range(count)
    ]
    return {"type": "alert.digest", "at": "2026-11-21T12:00:00+00:00", "alerts": alerts}
