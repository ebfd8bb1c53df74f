"""What is refused of a ladder, what is warned of, and how its steps are stored and read again."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from services.core.alerts.ladder_checks import find_problems, find_warnings
from services.core.alerts.ladder_types import GroupBy, Ladder, LadderStep, StepClock
from services.core.alerts.stored_steps import freeze, read_steps, write_steps
from services.core.rotas.types import Audience, AudienceKind
from services.core.triage.types import Tier
from services.core.workspaces.types import Role

CHANNEL, TEAM = UUID(int=1), UUID(int=2)
FULL = LadderStep(
    100,
    (CHANNEL,),
    wait_seconds=60,
    clock=StepClock.WORKING,
    audience=(Audience(AudienceKind.TEAM, TEAM), Audience(AudienceKind.ROLE, role=Role.MANAGER)),
    repeat_times=2,
    repeat_seconds=30,
    only_in_hours=True,
    min_tier=Tier.IMPORTANT,
    fallback_channel_id=CHANNEL,
)


def codes(*steps: LadderStep, group_by: GroupBy | None = None) -> list[str]:
    found = find_problems(
        steps,
        channel_ids={CHANNEL},
        audience_ids={TEAM},
        group_by=group_by,
        group_window_seconds=None,
    )
    return [one.code for one in found]


def test_a_full_step_is_fine() -> None:
    assert codes(FULL, LadderStep(100)) == []


@pytest.mark.parametrize(
    ("step", "code"),
    [
        (LadderStep(0, (UUID(int=9),)), "unknown_channel"),
        (LadderStep(0, fallback_channel_id=UUID(int=9)), "unknown_channel"),
        (LadderStep(0, repeat_times=1), "missing"),
        (LadderStep(0, audience=(Audience(AudienceKind.TEAM),)), "audience_id"),
        (LadderStep(0, audience=(Audience(AudienceKind.EVERYBODY, TEAM),)), "audience_id"),
        (LadderStep(0, audience=(Audience(AudienceKind.ROTA, UUID(int=9)),)), "unknown_audience"),
        (LadderStep(0, audience=(Audience(AudienceKind.ROLE),)), "audience_role"),
    ],
)
def test_what_makes_no_sense_is_refused(step: LadderStep, code: str) -> None:
    assert codes(step) == [code]


def test_the_same_step_twice_is_refused_and_a_group_without_a_window_too() -> None:
    assert codes(FULL, FULL) == ["repeated"]
    assert codes(FULL, group_by=GroupBy.POST) == ["incomplete"]


def test_what_finds_nobody_or_no_channel_is_warned_of() -> None:
    steps = (FULL, LadderStep(0, min_tier=Tier.SPAM))
    found = find_warnings(steps, reached=[False, False], enabled=[])
    assert [one.code for one in found] == [
        "nobody_there",
        "channels_off",
        "no_condition",
        "no_channel",
    ]
    assert find_warnings((FULL,), reached=[True], enabled=[CHANNEL]) == []


def test_steps_are_read_as_they_were_written_and_old_ones_as_before() -> None:
    assert read_steps(write_steps([FULL])) == (FULL,)
    old = [{"percent": 80, "channel_ids": [str(CHANNEL)]}]
    assert read_steps(old) == (LadderStep(80, (CHANNEL,)),)
    assert write_steps(read_steps(old)) == old


def test_a_frozen_ladder_says_how_it_groups() -> None:
    at = datetime(2026, 11, 21, tzinfo=UTC)
    plain = Ladder(TEAM, "plain", 1, (LadderStep(0),), at, at)
    assert "group_by" not in freeze(plain)
    grouped = Ladder(TEAM, "plain", 1, (LadderStep(0),), at, at, GroupBy.POST, 60)
    assert (freeze(grouped)["group_by"], freeze(grouped)["group_window_seconds"]) == ("post", 60)
