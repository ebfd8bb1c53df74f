"""Feishu and Lark robots: a card in the group, with buttons and the people it is about."""

import base64
import hashlib
import hmac
import re
from datetime import datetime
from typing import Any, Final

import orjson
from typing_extensions import override

from services.core.gateways.channels.codes import FEISHU, by_code
from services.core.gateways.channels.limits import limits_of
from services.core.gateways.channels.port import Answer, Parcel
from services.core.gateways.channels.posting import JSON, Posting, PostingGateway, text_of
from services.core.gateways.channels.telling import Language, Telling, fit, tell
from services.core.kit.http import HttpAnswer

KIND: Final = "feishu"
_COLOURS: Final = {
    "hint": "blue",
    "warning": "orange",
    "breach": "red",
    "escalation": "carmine",
}
# Ids of people as the platform makes them; whatever else would be read as markup.
_PERSON: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


class FeishuGateway(PostingGateway):
    """The config holds `url`, the robot's address; a secret signs where the robot wants it."""

    @override
    def write(self, parcel: Parcel, now: datetime) -> Posting:
        default = Language.EN if "larksuite" in text_of(parcel, "url") else Language.ZH
        telling = tell(parcel, default=default, base_url=self._base_url)
        signature = sign(parcel.secrets[0], int(now.timestamp())) if parcel.secrets else {}

        def build(detail: int) -> bytes:
            card = write_card(telling, detail)
            return orjson.dumps({**signature, "msg_type": "interactive", "card": card})

        body = fit(build, len, limits_of(KIND).body_bytes)
        return Posting(text_of(parcel, "url"), body, JSON)

    @override
    def read(self, answer: HttpAnswer) -> Answer:
        return by_code(answer, FEISHU)


def sign(secret: str, timestamp: int) -> dict[str, str]:
    """The HMAC of nothing under time and secret, as the platform has it."""
    digest = hmac.new(f"{timestamp}\n{secret}".encode(), b"", hashlib.sha256).digest()
    return {"timestamp": str(timestamp), "sign": base64.b64encode(digest).decode()}


def write_card(telling: Telling, detail: int = 0) -> dict[str, Any]:
    """All words as plain text, which the platform does not read as markup."""
    texts = [telling.sentence, telling.excerpt, *telling.lines(detail), telling.repeat]
    elements = [_text(text) for text in texts if text]
    elements += _mentions(telling) + _buttons(telling)
    colour = "green" if telling.is_over else _COLOURS.get(telling.severity, "blue")
    return {
        "config": {"wide_screen_mode": True},
        "header": {"title": _words(telling.title), "template": colour},
        "elements": elements or [_text(telling.title)],
    }


def _words(text: str) -> dict[str, str]:
    return {"tag": "plain_text", "content": text}


def _text(text: str) -> dict[str, Any]:
    return {"tag": "div", "text": _words(text)}


def _mentions(telling: Telling) -> list[dict[str, Any]]:
    found = (person.contacts.get(KIND, "") for person in telling.people)
    # "all" would call everybody in the group.
    known = [one for one in found if _PERSON.fullmatch(one) and one.lower() != "all"]
    if not known:
        return []
    content = " ".join(f"<at id={one}></at>" for one in known)
    return [{"tag": "div", "text": {"tag": "lark_md", "content": content}}]


def _buttons(telling: Telling) -> list[dict[str, Any]]:
    actions = [
        {"tag": "button", "text": _words(label), "url": url, "type": "default"}
        for label, url in telling.links
    ]
    return [{"tag": "action", "actions": actions}] if actions else []
