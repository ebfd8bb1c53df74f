"""A digest names every alert, the urgent first, and marks each that may have come before."""

from typing import Any

from services.core.alerts.digests import build_digest
from services.core.alerts.types import ChannelKind, Dispatch
from services.core.kit import ids
from tests.support.alerts import NOON

WORKSPACE, CHANNEL = ids.new_id(), ids.new_id()
LIN = {"id": "1", "name": "Lin", "contacts": {}, "because": "assignee"}


def dispatch(tier: str, *, in_doubt: bool = False, **message: Any) -> Dispatch:
    return Dispatch(
        workspace_id=WORKSPACE,
        outbox_id=ids.new_id(),
        alert_id=ids.new_id(),
        channel_id=CHANNEL,
        token=1,
        attempt=1,
        in_doubt=in_doubt,
        channel_kind=ChannelKind.WEBHOOK,
        channel_config={},
        message={"type": "alert.firing", "tier": tier, "severity": "breach", **message},
    )


def test_every_alert_is_named_and_the_urgent_come_first() -> None:
    members = [dispatch("routine"), dispatch("urgent"), dispatch("important")]
    digest = build_digest(members, now=NOON)
    assert (digest["type"], digest["count"], digest["tier"]) == ("alert.digest", 3, "urgent")
    assert [one["tier"] for one in digest["alerts"]] == ["urgent", "important", "routine"]
    assert {one["id"] for one in digest["alerts"]} == {str(one.alert_id) for one in members}
    assert digest["sentence"]["en"] == "3 alerts in one message, 1 of them urgent."
    assert digest["sentence"]["zh"] == "一次告诉您 3 条提醒，其中 1 条紧急。"


def test_doubt_is_marked_for_each_it_is_about() -> None:
    sure, unsure = dispatch("routine"), dispatch("routine", in_doubt=True)
    digest = build_digest([sure, unsure], now=NOON)
    marked = {one["id"]: one.get("repeat", False) for one in digest["alerts"]}
    assert marked == {str(sure.alert_id): False, str(unsure.alert_id): True}
    assert digest["repeat"] is True
    assert "repeat" not in build_digest([sure, sure], now=NOON)


def test_people_of_several_alerts_are_named_once() -> None:
    members = [dispatch("routine", people=[LIN]), dispatch("routine", people=[LIN])]
    digest = build_digest(members, now=NOON)
    assert digest["people"] == [LIN]
    assert digest["sentence"]["en"] == "2 alerts in one message."
