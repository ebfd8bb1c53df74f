from dataclasses import replace
from uuid import UUID

import pytest

from services.core.sla.checking import find_faults, find_warnings, takes_all_of
from services.core.sla.rules import DEFAULT_DRAFT, DEFAULT_TARGETS, HOUR
from services.core.sla.types import Policy, PolicyDraft, PolicyMatch, Step, Target
from services.core.triage.types import Tier

SOURCE, POST = UUID(int=1), UUID(int=2)


def policy(number: int, draft: PolicyDraft, *, is_default: bool = False) -> Policy:
    return Policy(
        id=UUID(int=number),
        version=1,
        name=draft.name,
        targets=draft.targets,
        response_steps=draft.response_steps,
        resolution_steps=draft.resolution_steps,
        resolve_on_reply=True,
        reopen_within_seconds=0,
        is_default=is_default,
        channel_targets=draft.channel_targets,
        promised=draft.promised,
        calendar_id=draft.calendar_id,
        match=draft.match,
        position=draft.position,
    )


def quick(**changes: object) -> PolicyDraft:
    targets = dict.fromkeys(DEFAULT_TARGETS, Target(HOUR, HOUR, 2 * HOUR))
    return replace(PolicyDraft("Quick", targets), **changes)  # type: ignore[arg-type] - in tests


def warned(policy_: Policy, *others: Policy) -> list[tuple[str, str]]:
    return [(each.code, each.pointer) for each in find_warnings(policy_, others)]


@pytest.mark.parametrize(
    ("wide", "narrow", "expected"),
    [
        (PolicyMatch(), PolicyMatch(channels=("dm",)), True),
        (PolicyMatch(channels=("dm",)), PolicyMatch(), False),
        (PolicyMatch(channels=("dm",)), PolicyMatch(channels=("dm", "comment")), False),
        (PolicyMatch(channels=("dm", "comment")), PolicyMatch(channels=("dm",)), True),
        (PolicyMatch(tiers=(Tier.URGENT,)), PolicyMatch(channels=("dm",)), False),
    ],
)
def test_a_match_takes_all_of_another_when_each_condition_does(
    wide: PolicyMatch, narrow: PolicyMatch, expected: bool
) -> None:
    assert takes_all_of(wide, narrow) is expected


def test_the_published_text_is_the_default_policys_unless_a_policy_has_its_own() -> None:
    default = policy(1, replace(DEFAULT_DRAFT, promised={"dm": HOUR // 2}), is_default=True)
    loose = policy(2, quick(match=PolicyMatch(channels=("dm",))))
    own = policy(3, quick(match=PolicyMatch(channels=("dm",)), promised={"dm": 2 * HOUR}))
    assert len(warned(loose, default)) == 6
    assert warned(own, default) == []


def test_a_looser_target_of_one_channel_is_pointed_at_in_its_place() -> None:
    slow = {"dm": {Tier.URGENT: Target(3 * HOUR, HOUR, 4 * HOUR)}}
    found = policy(1, quick(channel_targets=slow, promised={"dm": 2 * HOUR}))
    assert warned(found) == [
        ("looser_than_promised", "/channel_targets/dm/urgent/first_response_seconds")
    ]


def test_working_time_is_not_compared_with_a_text_in_plain_hours() -> None:
    found = policy(1, quick(promised={"dm": 60}, calendar_id=UUID(int=9)))
    assert warned(found) == []


def test_a_warning_before_the_question_is_said_and_one_behind_it_is_not() -> None:
    early = (Step(offset_seconds=-HOUR), Step(100))
    assert warned(policy(1, quick(response_steps=early))) == [
        ("step_before_start", "/response_steps/0")
    ]
    assert (
        warned(policy(1, quick(response_steps=(Step(offset_seconds=60 - HOUR), Step(100))))) == []
    )
    assert warned(policy(1, quick(resolution_steps=early))) == []


def test_the_default_policy_shadows_nobody_and_is_shadowed_by_nobody() -> None:
    default = policy(1, DEFAULT_DRAFT, is_default=True)
    assert warned(policy(2, quick()), default) == []
    assert "never_matches" not in dict(warned(default, policy(2, quick(position=1))))


def test_a_post_of_another_source_contradicts_the_sources_of_a_match() -> None:
    match = PolicyMatch(source_ids=(UUID(int=8),), post_ids=(POST,))
    (fault,) = find_faults(quick(match=match), {POST: SOURCE})
    assert (fault.pointer, fault.code) == ("/match/post_ids/0", "contradiction")
    assert find_faults(quick(match=replace(match, source_ids=(SOURCE,))), {POST: SOURCE}) == []


def test_a_step_beyond_ten_times_the_time_is_refused_in_minutes_too() -> None:
    at_the_edge = (Step(100), Step(offset_seconds=9 * HOUR))
    beyond = (Step(100), Step(offset_seconds=9 * HOUR + 60))
    assert find_faults(quick(response_steps=at_the_edge), {}) == []
    (fault,) = find_faults(quick(response_steps=beyond), {})
    assert (fault.pointer, fault.code) == ("/response_steps/1", "too_far")
