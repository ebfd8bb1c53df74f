"""The pages of channels show what is really sent, word for word but for what "…" stands for."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import orjson
import pytest

from services.core.actions import service as actions
from services.core.alerts import rules
from services.core.alerts.types import Alert, AlertState, ChannelKind, Purpose, Severity
from services.core.gateways.channels.letters import write_letter
from services.core.gateways.channels.port import Parcel
from services.core.gateways.channels.posting import PostingGateway
from services.core.gateways.channels.telling import Language, tell
from services.core.gateways.channels.wiring import open_gateways
from services.core.kit import signatures
from services.core.rotas.types import Person
from services.core.sla.types import ClockKind
from services.core.triage.types import Tier

DOCS: Final = Path(__file__).parents[3] / "docs"
NOON: Final = datetime(2026, 11, 21, 12, tzinfo=UTC)
PAGES: Final = {
    ChannelKind.FEISHU: "channels/feishu.md",
    ChannelKind.DINGTALK: "channels/dingtalk.md",
    ChannelKind.WECOM: "channels/wecom.md",
    ChannelKind.SLACK: "channels/slack.md",
    ChannelKind.PAGERDUTY: "channels/pagerduty.md",
    ChannelKind.ALERTMANAGER: "channels/alertmanager.md",
    ChannelKind.WEBHOOK: "alerts.md",
}
AT: Final = {"": "## As sent", "alerts.md": "### What a webhook receives"}
AN_ID: Final = UUID("01936b1f-7c1e-7d0a-9c55-0a4f6d0b8f11")
LIN: Final = Person(
    AN_ID,
    "Lin",
    {"feishu": "ou_123", "dingtalk": "13800001111", "wecom": "lin", "slack": "U0123"},
    "assignee",
)
ALERT: Final = Alert(
    id=AN_ID,
    case_id=AN_ID,
    clock_id=AN_ID,
    clock_kind=ClockKind.FIRST_RESPONSE,
    step=100,
    generation=1,
    severity=Severity.BREACH,
    tier=Tier.URGENT,
    state=AlertState.FIRING,
    group_key=f"case:{AN_ID}",
    fire_at=NOON - timedelta(minutes=5),
    fired_at=NOON,
    due_at=NOON - timedelta(minutes=5),
    ladder={},
)


def parcel(kind: ChannelKind) -> Parcel:
    """An urgent first reply five minutes overdue, for one person, with one link."""
    message = rules.build_message(ALERT, Purpose.FIRING, now=NOON, resolution=None, people=(LIN,))
    secrets: tuple[str, ...] = ()
    if kind is ChannelKind.WEBHOOK:
        secrets = (signatures.generate_secret(),)
        links = actions.links_of(ALERT, workspace_id=AN_ID, secret=b"key", now=NOON)
        message["links"] |= links
        message["people"][0]["contacts"] = {"slack": "U0123"}
    else:
        message |= {"links": {"acknowledge": "https://desk.example/a/1"}}
    if kind in {ChannelKind.FEISHU, ChannelKind.DINGTALK}:
        secrets = ("SECrobot",)
    config = {"url": "https://robot.example/hook?access_token=t", "routing_key": "k" * 32}
    return Parcel(UUID(int=7), message, config, secrets)


def shown(page: str) -> Any:
    """The first JSON below the heading."""
    text = (DOCS / page).read_text(encoding="utf-8")
    _, _, below = text.partition(AT.get(page, AT[""]))
    found = re.search(r"```json\n(.*?)```", below, re.DOTALL)
    assert found is not None, page
    return json.loads(found[1].replace("<alert id>", "…"))


def differences(page: Any, sent: Any, where: str = "") -> list[str]:
    """Where what is sent is not what the page shows."""
    if isinstance(page, dict) and isinstance(sent, dict):
        missing = [f"{where}/{name} is on one side only" for name in page.keys() ^ sent.keys()]
        both = page.keys() & sent.keys()
        return missing + [
            one for name in both for one in differences(page[name], sent[name], f"{where}/{name}")
        ]
    if isinstance(page, list) and isinstance(sent, list) and len(page) == len(sent):
        pairs = enumerate(zip(page, sent, strict=True))
        return [one for at, pair in pairs for one in differences(*pair, f"{where}/{at}")]
    if isinstance(page, str) and isinstance(sent, str):
        pattern = ".*".join(re.escape(part) for part in page.split("…"))
        return [] if re.fullmatch(pattern, sent, re.DOTALL) else [f"{where}: {page} / {sent}"]
    return [] if page == sent else [f"{where}: {page} / {sent}"]


@pytest.mark.parametrize("kind", PAGES)
async def test_a_page_shows_what_is_sent(kind: ChannelKind) -> None:
    gateways = open_gateways(
        allow_private_addresses=False, timeout_seconds=5, base_url="https://desk.example"
    )
    async with gateways as opened:
        gateway = opened[kind]
        assert isinstance(gateway, PostingGateway)
        body = orjson.loads(gateway.write(parcel(kind), NOON).body)
    assert differences(shown(PAGES[kind]), body) == []


def test_the_page_of_letters_shows_their_heading() -> None:
    one = replace(parcel(ChannelKind.EMAIL), config={})
    telling = tell(one, default=Language.BOTH)
    letter = write_letter(
        one, telling, sender="a@desk.example", recipients=["b@desk.example"], now=NOON
    )
    text = (DOCS / "channels/email.md").read_text(encoding="utf-8")
    (subject, *lines) = text.partition("```\nSubject: ")[2].partition("```")[0].splitlines()
    plain = letter.get_body(("plain",))
    assert plain is not None
    assert differences(subject, str(letter["Subject"])) == []
    for line in lines:
        assert any(not differences(line, said) for said in plain.get_content().splitlines()), line
    assert letter["Message-ID"] == f"<{one.id}@desk.example>"
