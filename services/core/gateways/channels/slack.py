"""Slack's incoming webhooks: blocks in a channel, with the people it is about."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

import orjson
from typing_extensions import override

from services.core.gateways.channels.codes import is_success, parse, unreadable
from services.core.gateways.channels.limits import limits_of
from services.core.gateways.channels.port import Answer, Parcel, Verdict
from services.core.gateways.channels.posting import (
    JSON,
    Posting,
    PostingGateway,
    by_status,
    printable,
    text_of,
)
from services.core.gateways.channels.telling import Language, Telling, fit, tell
from services.core.kit.http import HttpAnswer

KIND: Final = "slack"
SECTION_CHARACTERS: Final = 2_900
# What Slack takes: a section with more is refused, and everything with it.
MOST_CHARACTERS: Final = 3_000
HEADER_CHARACTERS: Final = 150
_MEMBER: Final = re.compile(r"[UW][A-Z0-9]{2,32}")
_TEAM: Final = re.compile(r"S[A-Z0-9]{2,32}")
# Refusals that pass by themselves.
_AGAIN: Final = frozenset(
    {
        "ratelimited",
        "rate_limited",
        "internal_error",
        "fatal_error",
        "service_unavailable",
        "request_timeout",
        "rollup_error",
    }
)


class SlackGateway(PostingGateway):
    """The config holds `url`, the webhook's address."""

    @override
    def write(self, parcel: Parcel, now: datetime) -> Posting:
        telling = tell(parcel, default=Language.EN, base_url=self._base_url)
        body = fit(
            lambda detail: orjson.dumps(write_message(telling, detail)),
            len,
            limits_of(KIND).body_bytes,
        )
        return Posting(text_of(parcel, "url"), body, JSON)

    @override
    def read(self, answer: HttpAnswer) -> Answer:
        """The webhook says `ok` in plain text, the API as `{"ok": true}`."""
        said = parse(answer.body)
        refusal = said.get("error") if said.get("ok") is False else None
        if refusal is not None or said.get("ok") is False:
            verdict = Verdict.AGAIN if refusal in _AGAIN else Verdict.NEVER
            return Answer(answer.status_code, detail=printable(answer.body), verdict=verdict)
        if not is_success(answer):
            return by_status(answer)
        if said.get("ok") is True or answer.body.strip() == b"ok":
            detail = printable(answer.body)
            return Answer(answer.status_code, detail=detail, verdict=Verdict.ACCEPTED)
        return unreadable(answer)


def escape(text: str) -> str:
    """The three characters by which Slack knows a mention, a link and an entity."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def write_message(telling: Telling, detail: int = 0) -> dict[str, Any]:
    """Words go as plain text; only mentions and links of our own are markup."""
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": _words(telling.title[:HEADER_CHARACTERS])}
    ]
    texts = [telling.sentence, telling.excerpt, *_sheets(telling.lines(detail))]
    blocks += [{"type": "section", "text": _words(_fitting(text))} for text in texts if text]
    mentions = " ".join(_mentions(telling))
    links = " · ".join(f"<{_address(url)}|{escape(label)}>" for label, url in telling.links)
    marked = [text for text in (mentions, links) if text]
    blocks += [{"type": "section", "text": {"type": "mrkdwn", "text": one}} for one in marked]
    if telling.repeat:
        blocks.append({"type": "context", "elements": [_words(telling.repeat)]})
    # What a notification on a telephone shows, and what is read out.
    said = f"{telling.title}: {telling.sentence}" if telling.sentence else telling.title
    fallback = _fitting(said)
    return {"text": fallback, "blocks": blocks, "unfurl_links": False, "unfurl_media": False}


def _fitting(text: str) -> str:
    """Escaped, in what a section takes: its end is left out, but never the alert for its length."""
    escaped = escape(text)
    if len(escaped) <= MOST_CHARACTERS:
        return escaped
    # No half of an entity either.
    return re.sub("&[a-z]*$", "", escaped[: MOST_CHARACTERS - 1]) + "…"


def _words(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}


def _address(url: str) -> str:
    return escape(url).replace("|", "%7C")


def _sheets(lines: Iterator[str]) -> Iterator[str]:
    """As few sections as hold all lines: their number and their length are bounded."""
    sheet = ""
    for line in lines:
        if sheet and len(escape(sheet)) + len(escape(line)) > SECTION_CHARACTERS:
            yield sheet
            sheet = ""
        sheet += f"{line}\n"
    yield sheet.rstrip()


def _mentions(telling: Telling) -> Iterator[str]:
    for person in telling.people:
        contact = person.contacts.get(KIND, "")
        if _MEMBER.fullmatch(contact):
            yield f"<@{contact}>"
        elif _TEAM.fullmatch(contact):
            yield f"<!subteam^{contact}>"
