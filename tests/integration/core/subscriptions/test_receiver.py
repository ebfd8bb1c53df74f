"""The receiver in the documentation takes what we send, and nothing else."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.core.gateways.channels.port import Parcel
from services.core.gateways.channels.webhook import WebhookGateway
from services.core.kit.http import GuardedClient
from services.core.kit.ids import new_id
from services.core.kit.signatures import generate_secret
from services.core.subscriptions import rules

PAGE = Path(__file__).parents[4] / "docs" / "subscriptions.md"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
OLD, NEW = generate_secret(), generate_secret()


@pytest.fixture
def is_genuine() -> Any:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102 - the text of our own page is what is tried here
    return names["is_genuine"]


async def sent(*secrets: str) -> tuple[dict[str, str], bytes]:
    message = rules.build_greeting(new_id(), NOW)
    parcel = Parcel(new_id(), message, {"url": "https://example.com"}, secrets)
    async with GuardedClient() as client:
        posting = WebhookGateway(client).write(parcel, NOW)
    return dict(posting.headers), posting.body


async def test_what_we_send_is_taken_by_either_secret_of_a_rotation(is_genuine: Any) -> None:
    headers, body = await sent(NEW, OLD)
    for secret in (OLD, NEW):
        assert is_genuine(secret, headers, body, NOW.timestamp())
    assert not is_genuine(generate_secret(), headers, body, NOW.timestamp())


async def test_a_changed_body_id_or_time_is_refused(is_genuine: Any) -> None:
    headers, body = await sent(NEW)
    assert not is_genuine(NEW, headers, body + b" ", NOW.timestamp())
    for name in ("webhook-id", "webhook-timestamp", "webhook-signature"):
        assert not is_genuine(NEW, headers | {name: "1"}, body, NOW.timestamp())


async def test_what_is_replayed_after_five_minutes_is_refused(is_genuine: Any) -> None:
    headers, body = await sent(NEW)
    assert is_genuine(NEW, headers, body, (NOW + timedelta(seconds=299)).timestamp())
    for away in (timedelta(seconds=301), timedelta(seconds=-301)):
        assert not is_genuine(NEW, headers, body, (NOW + away).timestamp())
