"""What a week can keep at best, and the smallest change that would help."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from services.core.calendars.timeline import Timeline
from services.core.calendars.types import Hours, Span
from services.core.sla.types import Policy, PolicyMatch, Target
from services.core.staffing import feasibility, rules
from services.core.staffing.types import Block, Feasibility, Finding, Handling, Look, Plan
from services.core.triage.types import Tier

HOUR = 3600
NOW = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)  # a Monday morning in Shanghai
QUICK = Handling(3.0, 0.6, 0)


def policy(seconds: int, **changes: Any) -> Policy:
    targets = dict.fromkeys(feasibility.TIERS, Target(seconds, seconds, seconds))
    match = PolicyMatch(channels=("comment",), tiers=(Tier.URGENT,))
    given: dict[str, Any] = {"match": match} | changes
    return Policy(
        uuid4(), 1, "one", targets, (), (), resolve_on_reply=True, reopen_within_seconds=0, **given
    )


def assess(
    owed: Policy, plan: Plan = rules.DEFAULT_PLAN, *, hours: Hours | None = None
) -> Feasibility:
    known = {owed.calendar_id: hours} if owed.calendar_id and hours else {}
    return feasibility.assess(plan, [owed], known, handling=QUICK, arrivals=(0, 28.0), now=NOW)


def only(found: Feasibility) -> Finding:
    (finding,) = found.findings
    return finding


def test_a_promise_longer_than_the_night_is_kept() -> None:
    finding = only(assess(policy(13 * HOUR)))
    assert (finding.kept, finding.short_by_seconds, finding.looks) == (True, 0, ())
    assert finding.wait_seconds == 12 * HOUR + 180


def test_one_shorter_than_the_night_fails_by_how_much_and_from_when() -> None:
    finding = only(assess(policy(12 * HOUR)))
    assert not finding.kept
    assert finding.short_by_seconds == 180
    asked = finding.asked_at
    assert asked is not None
    assert asked.astimezone(ZoneInfo("Asia/Shanghai")).time() == time(21)
    assert "3 min too long" in finding.words["en"]
    assert "21:00" in finding.words["zh"]


@pytest.mark.parametrize("hours", [2, 3, 4, 5, 7, 10, 12])
def test_the_looks_it_asks_for_would_do_and_one_less_would_not(hours: int) -> None:
    owed = policy(hours * HOUR)
    finding = only(assess(owed))
    assert finding.looks

    def with_looks(looks: tuple[Look, ...]) -> Finding:
        further = tuple(Block(look.weekdays, look.at, 1) for look in looks)
        plan = replace(rules.DEFAULT_PLAN, blocks=rules.DEFAULT_BLOCKS + further)
        return only(assess(owed, plan))

    assert with_looks(finding.looks).kept
    for place in range(len(finding.looks)):
        assert not with_looks(finding.looks[:place] + finding.looks[place + 1 :]).kept


def test_a_ten_hour_promise_needs_one_look_at_an_hour_people_are_awake() -> None:
    (look,) = only(assess(policy(10 * HOUR))).looks
    assert look == Look(6 * 60 + 55, rules.EVERY_DAY)


def test_what_no_few_looks_would_keep_asks_for_somebody_to_be_there() -> None:
    finding = only(assess(policy(20 * 60)))
    assert (finding.kept, finding.looks) == (False, ())
    assert "somebody must be there" in finding.words["en"]


def test_a_night_that_does_not_count_breaks_no_promise() -> None:
    week = (Span(9 * 60, 18 * 60),)
    office = Timeline(ZoneInfo("Asia/Shanghai"), lambda _: week)
    finding = only(assess(policy(4 * HOUR, calendar_id=uuid4()), hours=office))
    assert finding.kept
    # From 13:30 to 17:00 and the reply; the night counts from 17:30 to 18:00 only.
    assert finding.wait_seconds == 3.5 * HOUR + 180


def test_a_public_promise_stands_beside_the_targets_of_its_channel() -> None:
    owed = policy(24 * HOUR, promised={"comment": 4 * HOUR, "dm": 24 * HOUR})
    found = {finding.promise.names: finding.kept for finding in assess(owed).findings}
    assert found == {("public",): False, ("first_response", "next_response"): True}


def test_the_longest_gaps_are_told_by_day_and_over_night() -> None:
    found = assess(policy(HOUR))
    assert found.day_gap is not None
    assert found.night_gap is not None
    assert (found.day_gap.seconds, found.night_gap.seconds) == (3.5 * HOUR, 12 * HOUR)


def test_a_team_that_is_always_there_keeps_what_is_longer_than_a_reply() -> None:
    always = Plan("UTC", (Block(rules.EVERY_DAY, 0, 24 * 60),), 3.0)
    assert only(assess(policy(180), always)).kept
    finding = only(assess(policy(179), always))
    assert (finding.kept, finding.asked_at, finding.looks) == (False, None, ())


def test_hours_needed_come_from_arrivals_and_minutes_a_reply() -> None:
    told = feasibility.weigh(rules.DEFAULT_PLAN, QUICK, 2800, 28.0)
    assert (told.needed_hours, told.planned_hours) == (35.0, 17.5)
    assert "too little" in told.words["en"]
    assert "assumed" in told.words["en"]
    measured = feasibility.weigh(rules.DEFAULT_PLAN, Handling(1.0, 0.6, 40), 2800, 28.0)
    assert "measured 40 times" in measured.words["en"]
    assert timedelta(hours=measured.needed_hours) == timedelta(minutes=700)
