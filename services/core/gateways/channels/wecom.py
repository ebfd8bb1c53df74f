"""WeCom robots: markdown in the group, with the people it is about."""

import re
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import orjson
from typing_extensions import override

from services.core.gateways.channels.codes import WECOM, by_code
from services.core.gateways.channels.limits import limits_of
from services.core.gateways.channels.marking import link, unmark
from services.core.gateways.channels.port import Answer, Parcel
from services.core.gateways.channels.posting import JSON, Posting, PostingGateway, text_of
from services.core.gateways.channels.telling import Language, Telling, Told, fit, tell
from services.core.kit.http import HttpAnswer

KIND: Final = "wecom"
_USER: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")


class WeComGateway(PostingGateway):
    """The config holds `url`, the robot's address. The robot knows no signature."""

    @override
    def write(self, parcel: Parcel, now: datetime) -> Posting:
        telling = tell(parcel, default=Language.ZH, base_url=self._base_url)
        # The platform counts the bytes of the text, not those of the request.
        most = limits_of(KIND).body_bytes
        message = fit(lambda detail: write_message(telling, detail), _size, most)
        if _size(message) > most:
            message = write_message(_shorten(telling, _size(message) - most), 2)
        return Posting(text_of(parcel, "url"), orjson.dumps(message), JSON)

    @override
    def read(self, answer: HttpAnswer) -> Answer:
        return by_code(answer, WECOM)


def write_message(telling: Telling, detail: int = 0) -> dict[str, Any]:
    parts = [f"**{unmark(telling.title)}**"]
    parts += [unmark(one) for one in (telling.sentence, telling.excerpt) if one]
    parts += [unmark(line) for line in telling.lines(detail)]
    parts += [unmark(telling.repeat)] if telling.repeat else []
    parts += [" · ".join(link(label, url) for label, url in telling.links)] if telling.links else []
    mentioned = [one for person in telling.people if _USER.fullmatch(one := _contact(person))]
    parts += [" ".join(f"<@{one}>" for one in mentioned)] if mentioned else []
    return {"msgtype": "markdown", "markdown": {"content": "\n".join(parts)}}


def _size(message: dict[str, Any]) -> int:
    return len(message["markdown"]["content"].encode())


def _shorten(telling: Telling, excess: int) -> Telling:
    """Without so many bytes: of the message's words first, then of ours. Links and people stay."""
    sentence, excerpt = unmark(telling.sentence), unmark(telling.excerpt)
    kept = _cut(excerpt, excess)
    excess -= len(excerpt.encode()) - len(kept.encode())
    return replace(telling, sentence=_cut(sentence, excess), excerpt=kept)


def _cut(text: str, excess: int) -> str:
    written = text.encode()
    if excess <= 0 or not written:
        return text
    return (
        written[: max(0, len(written) - excess - len("…".encode()))].decode(errors="ignore") + "…"
    )


def _contact(person: Told) -> str:
    """Their user id; "all" would call everybody in the group."""
    contact = person.contacts.get(KIND, "")
    return "" if contact.lower().lstrip("@") == "all" else contact
