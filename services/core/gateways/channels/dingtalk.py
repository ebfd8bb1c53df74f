"""DingTalk robots: markdown in the group, with the people it is about."""

import base64
import hashlib
import hmac
import re
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote_plus

import orjson
from typing_extensions import override

from services.core.gateways.channels.codes import DINGTALK, by_code
from services.core.gateways.channels.limits import limits_of
from services.core.gateways.channels.marking import link, unmark
from services.core.gateways.channels.port import Answer, Parcel
from services.core.gateways.channels.posting import JSON, Posting, PostingGateway, text_of
from services.core.gateways.channels.telling import Language, Telling, fit, tell
from services.core.kit.http import HttpAnswer

KIND: Final = "dingtalk"
_MOBILE: Final = re.compile(r"\+?[0-9-]{5,20}")
_USER: Final = re.compile(r"[A-Za-z0-9_$.-]{1,64}")


class DingTalkGateway(PostingGateway):
    """The config holds `url`, the robot's address; a secret signs where the robot wants it."""

    @override
    def write(self, parcel: Parcel, now: datetime) -> Posting:
        url = text_of(parcel, "url")
        if parcel.secrets:
            url += sign(parcel.secrets[0], int(now.timestamp() * 1000))
        telling = tell(parcel, default=Language.ZH, base_url=self._base_url)
        body = fit(
            lambda detail: orjson.dumps(write_message(telling, detail)),
            len,
            limits_of(KIND).body_bytes,
        )
        return Posting(url, body, JSON)

    @override
    def read(self, answer: HttpAnswer) -> Answer:
        return by_code(answer, DINGTALK)


def sign(secret: str, timestamp_ms: int) -> str:
    """What follows the robot's address: the time in milliseconds and its HMAC."""
    signed = f"{timestamp_ms}\n{secret}".encode()
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).digest()
    return f"&timestamp={timestamp_ms}&sign={quote_plus(base64.b64encode(digest))}"


def write_message(telling: Telling, detail: int = 0) -> dict[str, Any]:
    """Who is mentioned stands in the text and in `at`: the platform wants both."""
    mobiles, users = _contacts(telling)
    parts = [f"**{unmark(telling.title)}**"]
    parts += [unmark(one) for one in (telling.sentence, telling.excerpt) if one]
    parts += [f"- {unmark(line)}" for line in telling.lines(detail)]
    parts += [unmark(telling.repeat)] if telling.repeat else []
    parts += [" · ".join(link(label, url) for label, url in telling.links)] if telling.links else []
    parts += [" ".join(f"@{one}" for one in mobiles + users)] if mobiles + users else []
    return {
        "msgtype": "markdown",
        "markdown": {"title": unmark(telling.title), "text": "\n\n".join(parts)},
        "at": {"atMobiles": mobiles, "atUserIds": users, "isAtAll": False},
    }


def _contacts(telling: Telling) -> tuple[list[str], list[str]]:
    """Telephone numbers and user ids: a contact that looks like a number is one."""
    found = [one for person in telling.people if (one := person.contacts.get(KIND))]
    mobiles = [one for one in found if _MOBILE.fullmatch(one)]
    users = [one for one in found if one not in mobiles and _USER.fullmatch(one)]
    return mobiles, [one for one in users if one.lower() != "all"]
