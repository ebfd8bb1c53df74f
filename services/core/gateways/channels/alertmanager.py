"""Pushes to an Alertmanager one has already: it routes, groups and silences as it does the rest."""

import base64
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from typing_extensions import override

from services.core.gateways.channels.port import Parcel
from services.core.gateways.channels.posting import JSON, Posting, PostingGateway, text_of
from services.core.gateways.channels.telling import Language, Telling, plain, tell

KIND: Final = "alertmanager"
PATH: Final = "/api/v2/alerts"
# It lets go of what nobody repeats: until then an alert stands, unless its end comes first.
HOLD: Final = timedelta(days=1)
# A greeting is gone again by itself.
GREETING: Final = timedelta(minutes=1)


class AlertmanagerGateway(PostingGateway):
    """The config holds `url`, its address without the path; `token`, or `username` and `password`.

    A repeat in doubt updates the alert it may have made: its labels are its identity.
    """

    @override
    def write(self, parcel: Parcel, now: datetime) -> Posting:
        url = text_of(parcel, "url").rstrip("/")
        address = url if url.endswith(PATH) else url + PATH
        body = orjson.dumps(write_alerts(parcel, now, self._base_url))
        return Posting(address, body, {**JSON, **_authorization(parcel.config)})


def write_alerts(parcel: Parcel, now: datetime, base_url: str = "") -> list[dict[str, Any]]:
    """One entry an alert; those of a digest each under the labels they have alone."""
    message = parcel.message
    telling = tell(parcel, default=Language.BOTH, base_url=base_url)
    if telling.entries:
        return [
            _entry(
                _labels(one.id, one.severity, one.tier),
                one.sentence,
                now,
                now if one.is_over else now + HOLD,
            )
            for one in telling.entries
        ]
    identity = str(message.get("alert_id") or parcel.id)
    sentence = telling.sentence or telling.title
    labels = _labels(identity, telling.severity, plain(message.get("tier"), 64))
    entry = _entry(labels, sentence, now, _end(telling, now))
    if message.get("fired_at") and not telling.is_over:
        entry["startsAt"] = message["fired_at"]
    entry["annotations"] |= {"text": telling.excerpt} if telling.excerpt else {}
    links = dict(telling.links)
    return [entry | ({"generatorURL": next(iter(links.values()))} if links else {})]


def _end(telling: Telling, now: datetime) -> datetime:
    if telling.type == "alert.resolved":
        return now
    return now + (GREETING if telling.type == "channel.test" else HOLD)


def _labels(alert_id: str, severity: str, tier: str) -> dict[str, str]:
    """What never changes while an alert lives: with other labels its end would be another's."""
    return {
        "alertname": "Warmline",
        "alert_id": alert_id,
        "severity": severity or "none",
        "tier": tier or "none",
    }


def _entry(
    labels: dict[str, str], sentence: str, starts: datetime, ends: datetime
) -> dict[str, Any]:
    return {
        "labels": labels,
        "annotations": {"summary": sentence},
        "startsAt": min(starts, ends).isoformat(),
        "endsAt": ends.isoformat(),
    }


def _authorization(config: Mapping[str, Any]) -> dict[str, str]:
    if token := config.get("token"):
        return {"authorization": f"Bearer {token}"}
    if username := config.get("username"):
        pair = f"{username}:{config.get('password', '')}".encode()
        return {"authorization": f"Basic {base64.b64encode(pair).decode()}"}
    return {}
