"""What robots, PagerDuty and Alertmanager are really sent: signed, escaped, to the right ones."""

import base64
import hashlib
import hmac
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from services.core.alerts.types import ChannelKind
from services.core.gateways.channels.limits import limits_of
from services.core.gateways.channels.wiring import open_gateways
from tests.support.parcels import ALERT_ID, FIRING, digest
from tests.support.platforms import ACCEPTS, ROUTING_KEY, parcel_for
from tests.support.sinks import sink


async def sent(
    kind: ChannelKind, message: dict[str, Any], *secrets: str, path: str = "/robot?access_token=t"
) -> tuple[str, dict[str, str], Any]:
    """The request line, the headers and the JSON of what a platform was sent."""
    gateways = open_gateways(
        allow_private_addresses=True, timeout_seconds=5, base_url="https://desk.example/"
    )
    async with sink(ACCEPTS[kind]) as server, gateways as opened:
        url = f"http://127.0.0.1:{server.port}{path}"
        answer = await opened[kind].send(parcel_for(kind, url, message, *secrets))
    assert answer.failure is None, answer
    ((headers, body),) = server.requests
    return headers[":request"].split()[1], headers, json.loads(body)


def hmac_of(key: bytes, said: bytes) -> str:
    return base64.b64encode(hmac.new(key, said, hashlib.sha256).digest()).decode()


async def test_a_card_for_feishu_is_signed_and_calls_only_whom_it_means() -> None:
    _, _, body = await sent(ChannelKind.FEISHU, FIRING, "robot-secret")
    assert body["sign"] == hmac_of(f"{body['timestamp']}\nrobot-secret".encode(), b"")
    card = body["card"]
    assert (body["msg_type"], card["header"]["template"]) == ("interactive", "red")
    marked = [
        one["text"]["content"]
        for one in card["elements"]
        if one["tag"] == "div" and one["text"]["tag"] == "lark_md"
    ]
    assert marked == ["<at id=ou_123></at>"]
    words = card["elements"][0]["text"]
    assert words["tag"] == "plain_text"
    assert "有人还在等 ＠all <!channel>" in words["content"]
    assert "\u202e" not in words["content"]
    assert "\n" not in words["content"]
    buttons = card["elements"][-1]["actions"]
    assert [one["url"] for one in buttons] == [
        "https://desk.example/a/1?s=(x)",
        "https://desk.example/v1/cases/1",
    ]


async def test_a_card_without_a_secret_has_no_signature() -> None:
    _, _, body = await sent(ChannelKind.FEISHU, FIRING)
    assert set(body) == {"msg_type", "card"}


async def test_a_markdown_for_dingtalk_is_signed_in_its_address() -> None:
    path, _, body = await sent(ChannelKind.DINGTALK, FIRING, "SECrobot")
    asked = {name: one[0] for name, one in parse_qs(urlsplit(path).query).items()}
    signed = f"{asked['timestamp']}\nSECrobot".encode()
    assert (asked["access_token"], asked["sign"]) == ("t", hmac_of(b"SECrobot", signed))
    assert len(asked["timestamp"]) == 13
    assert body["at"] == {"atMobiles": ["13800001111"], "atUserIds": [], "isAtAll": False}
    text = body["markdown"]["text"]
    assert "＠all ＜!channel＞ ＜at id=all＞" in text
    assert "［x］(http://evil.example) ＊＊b＊＊" in text
    assert "[我来处理](https://desk.example/a/1?s=%28x%29)" in text
    assert text.endswith("@13800001111")


async def test_a_markdown_for_wecom_calls_only_whom_it_means() -> None:
    _, _, body = await sent(ChannelKind.WECOM, FIRING)
    text = body["markdown"]["content"]
    assert text.splitlines()[-1] == "<@lin>"
    assert text.count("<") == 1
    assert "@all" not in text


async def test_blocks_for_slack_are_escaped_and_call_only_whom_they_mean() -> None:
    _, _, body = await sent(ChannelKind.SLACK, FIRING)
    raw = json.dumps(body)
    assert "<!channel>" not in raw
    assert "&lt;!channel&gt;" in body["blocks"][1]["text"]["text"]
    assert "&lt;!channel&gt;" in body["text"]
    marked = [one["text"] for one in body["blocks"] if one["type"] == "section"]
    marked = [one["text"] for one in marked if one["type"] == "mrkdwn"]
    assert marked[0] == "<@U0123>"
    assert "<https://desk.example/a/1?s=(x)|I have it>" in marked[1]
    assert "javascript" not in raw


@pytest.mark.parametrize(
    ("type_", "action"),
    [
        ("alert.firing", "trigger"),
        ("alert.renotify", "trigger"),
        ("alert.escalated", "trigger"),
        ("alert.corrected", "trigger"),
        ("alert.acknowledged", "acknowledge"),
        ("alert.resolved", "resolve"),
        ("channel.test", "resolve"),
    ],
)
async def test_an_incident_of_pagerduty_lives_as_its_alert_does(type_: str, action: str) -> None:
    _, _, body = await sent(ChannelKind.PAGERDUTY, FIRING | {"type": type_})
    assert (body["event_action"], body["dedup_key"]) == (action, f"warmline-{ALERT_ID}")
    assert (body["routing_key"], body["payload"]["severity"]) == (ROUTING_KEY, "error")
    assert body["links"][0] == {"href": "https://desk.example/a/1?s=(x)", "text": "I have it"}
    assert len(body["payload"]["summary"]) <= 1024


async def test_the_end_of_an_alert_has_the_labels_of_its_beginning() -> None:
    path, _, (fired,) = await sent(ChannelKind.ALERTMANAGER, FIRING, path="/am/")
    over = FIRING | {"type": "alert.resolved"}
    _, _, (ended,) = await sent(ChannelKind.ALERTMANAGER, over, path="/am")
    assert path == "/am/api/v2/alerts"
    assert fired["labels"] == ended["labels"]
    assert fired["labels"]["alert_id"] == ALERT_ID
    assert ended["endsAt"] < fired["endsAt"]
    assert ended["startsAt"] <= ended["endsAt"]


@pytest.mark.parametrize(
    "kind",
    [
        ChannelKind.FEISHU,
        ChannelKind.DINGTALK,
        ChannelKind.WECOM,
        ChannelKind.SLACK,
        ChannelKind.PAGERDUTY,
        ChannelKind.ALERTMANAGER,
    ],
)
@pytest.mark.parametrize("count", [1, 40, 150])
async def test_a_digest_names_every_alert_within_its_limits(kind: ChannelKind, count: int) -> None:
    message = digest(count)
    _, headers, body = await sent(kind, message)
    raw = json.dumps(body)
    for alert in message["alerts"]:
        # By its random end, which no two share.
        assert alert["id"][-8:] in raw
    size = int(headers["content-length"])
    if kind is ChannelKind.WECOM:
        size = len(body["markdown"]["content"].encode())
    assert size <= limits_of(kind).body_bytes
    if kind is ChannelKind.SLACK:
        assert len(body["blocks"]) <= 50
        assert all(len(one["text"]["text"]) <= 3000 for one in body["blocks"])


@pytest.mark.parametrize("kind", [ChannelKind.FEISHU, ChannelKind.DINGTALK, ChannelKind.WECOM])
async def test_urgent_alerts_come_first_in_a_digest(kind: ChannelKind) -> None:
    message = digest(3)
    _, _, body = await sent(kind, message)
    raw = json.dumps(body)
    places = [raw.index(alert["id"]) for alert in message["alerts"]]
    routine, urgent, important = places
    assert urgent < important < routine


@pytest.mark.parametrize(
    "kind", [ChannelKind.FEISHU, ChannelKind.DINGTALK, ChannelKind.WECOM, ChannelKind.SLACK]
)
async def test_what_may_have_arrived_before_is_marked(kind: ChannelKind) -> None:
    _, _, once = await sent(kind, FIRING)
    _, _, again = await sent(kind, FIRING | {"repeat": True})
    assert "may repeat" not in json.dumps(once)
    assert "可能重复 / may repeat" in json.dumps(again, ensure_ascii=False)


async def test_a_robot_speaks_the_language_it_is_told() -> None:
    kind = ChannelKind.FEISHU
    gateways = open_gateways(allow_private_addresses=True, timeout_seconds=5)
    said = []
    async with sink(ACCEPTS[kind]) as server, gateways as opened:
        for language in ("zh", "en", "both", "xx"):
            await opened[kind].send(parcel_for(kind, server.url, FIRING, language=language))
        said = [
            json.loads(body)["card"]["header"]["title"]["content"] for _, body in server.requests
        ]
    assert said == ["超时", "Breach", "超时 / Breach", "超时"]


@pytest.mark.parametrize("language", ["zh", "both"])
@pytest.mark.parametrize("kind", [ChannelKind.WECOM, ChannelKind.SLACK])
async def test_an_alert_with_too_many_words_loses_words_and_no_links(
    kind: ChannelKind, language: str
) -> None:
    said = {"zh": "烂" * 900 + "&" * 100, "en": "<&>" * 400}
    tokens = {name: f"/a/{name[0] * 96}" for name in ("acknowledge", "resolve", "silence")}
    message = FIRING | {"sentence": said, "text": "脸" * 300, "links": tokens}
    gateways = open_gateways(
        allow_private_addresses=True, timeout_seconds=5, base_url="https://desk.example"
    )
    async with sink(ACCEPTS[kind]) as server, gateways as opened:
        await opened[kind].send(parcel_for(kind, server.url, message, language=language))
    ((_, raw),) = server.requests
    body = json.loads(raw)
    if kind is ChannelKind.WECOM:
        content = body["markdown"]["content"]
        assert limits_of(kind).body_bytes - 8 < len(content.encode()) <= limits_of(kind).body_bytes
    else:
        content = json.dumps(body["blocks"])
        texts = [body["text"], *(one["text"]["text"] for one in body["blocks"])]
        assert max(map(len, texts)) <= 3_000
        assert len(raw) <= limits_of(kind).body_bytes
    assert all(path in content for path in tokens.values())
