"""Small rules of climbs: who speaks for whom, groups, and the next wider circle."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from services.core.alerts import climbing
from services.core.alerts.ladder_types import GroupBy
from services.core.alerts.types import Alert, AlertState
from services.core.triage.types import Tier
from tests.support.climbs import START, climber

ALERT = climber([{}]).alert
TOLD = replace(ALERT, id=UUID(int=5), climb_round=1)


@pytest.mark.parametrize(
    ("other", "speaks"),
    [
        (TOLD, True),
        (replace(TOLD, id=ALERT.id), False),
        (replace(TOLD, state=AlertState.RESOLVED), False),
        (replace(TOLD, state=AlertState.ACKNOWLEDGED), True),
        (replace(TOLD, step=80), False),
        (replace(TOLD, step=150), True),
        (replace(TOLD, tier=Tier.ROUTINE), False),
        (replace(TOLD, climb_round=0), False),
    ],
)
def test_only_what_is_as_loud_as_pressing_and_as_far_speaks_for_another(
    other: Alert, speaks: bool
) -> None:
    assert climbing.is_grouped(ALERT, other) is speaks


def test_a_group_is_named_by_what_an_alert_belongs_to() -> None:
    case, post, rule = UUID(int=1), UUID(int=2), UUID(int=3)

    def group(by: GroupBy | None) -> str | None:
        around = {GroupBy.POST: post, GroupBy.THREAD: None}
        return climbing.told_group_of(by, rule_id=rule, case_id=case, around=around)

    assert group(None) is None
    assert group(GroupBy.CASE) == f"case:{case}"
    assert group(GroupBy.RULE) == f"rule:{rule}"
    assert group(GroupBy.POST) == f"post:{post}"
    assert group(GroupBy.THREAD) is None
    assert group(GroupBy.FOLLOWER) is None


def test_a_step_that_finds_nobody_takes_the_next_circle_that_has_anybody() -> None:
    wider = [("moderators", ()), ("managers", ("Lin",)), ("everybody", ("Lin", "Mei"))]
    assert climbing.audience_or_wider(("Mei",), wider) == (("Mei",), None)
    assert climbing.audience_or_wider((), wider) == (("Lin",), "managers")
    assert climbing.audience_or_wider((), [("everybody", ())]) == ((), "nobody")


def test_an_alert_that_stands_nowhere_has_nothing_ahead() -> None:
    found = climber([{}])
    done = replace(found.alert, climb_at=None)
    assert climbing.ahead(done, found.steps, frozenset()) == []


def test_what_is_told_as_an_alert_rises_was_due_at_its_moment() -> None:
    found = climber([{}])
    found.alert = replace(found.alert, fire_at=START - timedelta(minutes=3))
    found.look(START)
    assert found.said == ["0 told 0.0 all late by 3"]


def test_each_occasion_is_queued_under_a_number_of_its_own() -> None:
    found = climber([{}, {"wait_seconds": 60}])
    around = climbing.Around(now=START + timedelta(minutes=1), enabled=found.enabled)
    move = climbing.decide(found.alert, found.steps, frozenset(), around)
    assert [one.sequence for one in move.told] == [0, 1000]
