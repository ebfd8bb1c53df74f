"""The fold: what the cases of a thread are, in whatever order their items are handed over."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.core.cases import rules
from services.core.cases.types import Act, ActKind, Answer, Ask, CaseShape, CaseState, Episode
from services.core.sla.types import ClockKind, Pause, PauseReason
from services.core.triage.types import Tier

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
DEFAULT = rules.FoldRules(resolve_on_reply=True, reopen_within=timedelta(days=7))
BY_HAND = rules.FoldRules(resolve_on_reply=False, reopen_within=timedelta(days=7))


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def ask(
    number: int, minutes: float, tier: Tier = Tier.URGENT, *, deleted: float | None = None
) -> Ask:
    return Ask(UUID(int=number), at(minutes), tier, None if deleted is None else at(deleted))


def answer(number: int, minutes: float, *, resolves: bool | None = None) -> Answer:
    return Answer(UUID(int=1000 + number), at(minutes), resolves)


def act(
    kind: ActKind, minutes: float, *, until: float | None = None, tier: Tier | None = None
) -> Act:
    number = 2000 + int(minutes * 10)
    return Act(UUID(int=number), kind, at(minutes), None if until is None else at(until), tier)


def fold(*items: Ask | Answer | Act, by: rules.FoldRules = DEFAULT) -> list[CaseShape]:
    return rules.fold(
        [item for item in items if isinstance(item, Ask)],
        [item for item in items if isinstance(item, Answer)],
        [item for item in items if isinstance(item, Act)],
        by,
    )


def snoozed(start: float, until: float) -> Pause:
    return Pause(at(start), at(until))


def only(cases: Sequence[CaseShape]) -> CaseShape:
    (case,) = cases
    return case


def episodes(case: CaseShape) -> dict[tuple[str, int], Episode]:
    return {(episode.kind.value, episode.number): episode for episode in case.episodes}


class TestOpening:
    def test_nothing_asked_is_no_case(self) -> None:
        assert fold(answer(1, 0), act(ActKind.RESOLVE, 1)) == []

    def test_a_question_opens_a_case_with_a_response_and_a_resolution(self) -> None:
        case = only(fold(ask(1, 0)))
        assert (case.state, case.opened_at, case.unanswered) == (CaseState.OPEN, at(0), 1)
        assert set(episodes(case)) == {("first_response", 1), ("resolution", 1)}

    def test_a_second_question_joins_the_promise_that_runs(self) -> None:
        case = only(fold(ask(1, 0, Tier.ROUTINE), ask(2, 5)))
        assert len(episodes(case)["first_response", 1].asks) == 2
        assert (case.tier, case.unanswered) == (Tier.URGENT, 2)


class TestAnswering:
    def test_a_reply_settles_and_resolves(self) -> None:
        case = only(fold(ask(1, 0), answer(1, 30)))
        assert (case.state, case.resolved_at, case.answered_at) == (
            CaseState.RESOLVED,
            at(30),
            at(30),
        )
        assert {episode.settled_at for episode in case.episodes} == {at(30)}
        assert case.unanswered == 0

    def test_a_reply_before_the_question_answers_nothing(self) -> None:
        assert only(fold(answer(1, -5), ask(1, 0))).state is CaseState.OPEN

    def test_a_reply_at_the_very_moment_of_the_question_answers_it(self) -> None:
        assert only(fold(ask(1, 0), answer(1, 0))).state is CaseState.RESOLVED

    def test_a_holding_reply_leaves_the_case_answered(self) -> None:
        case = only(fold(ask(1, 0), answer(1, 30, resolves=False)))
        assert case.state is CaseState.ANSWERED
        assert episodes(case)["resolution", 1].settled_at is None

    def test_a_later_reply_may_resolve_what_was_only_answered(self) -> None:
        case = only(fold(ask(1, 0), answer(1, 30, resolves=False), answer(2, 40)))
        assert (case.state, case.resolved_at) == (CaseState.RESOLVED, at(40))

    def test_a_further_reply_on_a_resolved_case_changes_nothing(self) -> None:
        once = only(fold(ask(1, 0), answer(1, 30)))
        twice = only(fold(ask(1, 0), answer(1, 30), answer(2, 50)))
        assert once == twice

    def test_a_policy_may_leave_resolving_to_people(self) -> None:
        items = (ask(1, 0), answer(1, 30), act(ActKind.RESOLVE, 45))
        assert only(fold(*items[:2], by=BY_HAND)).state is CaseState.ANSWERED
        assert only(fold(*items, by=BY_HAND)).resolved_at == at(45)


class TestFollowUps:
    def test_a_question_after_the_reply_is_an_episode_of_its_own(self) -> None:
        case = only(fold(ask(1, 0), answer(1, 30), ask(2, 60)))
        assert (case.state, case.reopened, case.unanswered) == (CaseState.OPEN, 1, 1)
        found = episodes(case)
        assert found["next_response", 1].started_at == at(60)
        assert found["resolution", 2].started_at == at(60)
        assert found["first_response", 1].settled_at == at(30)

    def test_an_answered_case_goes_on_without_a_new_resolution(self) -> None:
        case = only(fold(ask(1, 0), answer(1, 30), ask(2, 60), by=BY_HAND))
        assert set(episodes(case)) == {
            ("first_response", 1),
            ("next_response", 1),
            ("resolution", 1),
        }

    def test_long_after_the_end_a_question_makes_a_new_case(self) -> None:
        late = 60 * 24 * 8
        first, second = fold(ask(1, 0), answer(1, 30), ask(2, late))
        assert (first.state, second.state) == (CaseState.RESOLVED, CaseState.OPEN)
        assert second.opening_message_id == UUID(int=2)


class TestWithdrawing:
    def test_the_only_question_taken_back_voids_the_case(self) -> None:
        case = only(fold(ask(1, 0, deleted=5)))
        assert (case.state, case.unanswered) == (CaseState.VOID, 0)
        assert {episode.void_reason for episode in case.episodes} == {rules.WITHDRAWN}

    def test_one_of_two_taken_back_leaves_the_other_one(self) -> None:
        case = only(fold(ask(1, 0, deleted=5), ask(2, 3, Tier.ROUTINE)))
        response = episodes(case)["first_response", 1]
        assert (case.state, case.unanswered, case.tier) == (CaseState.OPEN, 1, Tier.ROUTINE)
        assert (response.started_at, response.trigger_message_id) == (at(3), UUID(int=2))

    def test_a_question_taken_back_after_the_answer_changes_nothing(self) -> None:
        assert only(fold(ask(1, 0, deleted=50), answer(1, 30))).state is CaseState.RESOLVED

    def test_a_follow_up_taken_back_leaves_the_case_resolved(self) -> None:
        case = only(fold(ask(1, 0), answer(1, 30), ask(2, 60, deleted=70)))
        assert (case.state, case.resolved_at) == (CaseState.RESOLVED, at(70))

    def test_a_deletion_dated_before_its_question_still_counts(self) -> None:
        assert only(fold(ask(1, 10, deleted=5))).state is CaseState.VOID

    def test_after_a_void_case_a_question_opens_a_new_one(self) -> None:
        first, second = fold(ask(1, 0, deleted=5), ask(2, 10))
        assert (first.state, second.state) == (CaseState.VOID, CaseState.OPEN)

    def test_a_void_case_hears_neither_answers_nor_acts(self) -> None:
        case = only(fold(ask(1, 0, deleted=5), answer(1, 6), act(ActKind.RESOLVE, 7)))
        assert case.state is CaseState.VOID


class TestActs:
    def test_resolving_without_a_reply_voids_the_response(self) -> None:
        case = only(fold(ask(1, 0), act(ActKind.RESOLVE, 20)))
        assert case.state is CaseState.RESOLVED
        assert episodes(case)["first_response", 1].void_reason == rules.CLOSED_UNANSWERED
        assert episodes(case)["resolution", 1].void_reason is None

    def test_resolving_twice_is_resolving_once(self) -> None:
        case = only(fold(ask(1, 0), act(ActKind.RESOLVE, 20), act(ActKind.RESOLVE, 30)))
        assert case.resolved_at == at(20)

    def test_reopening_an_answered_case_starts_a_resolution(self) -> None:
        case = only(fold(ask(1, 0), answer(1, 10), act(ActKind.REOPEN, 20)))
        assert (case.state, case.reopened) == (CaseState.ANSWERED, 1)
        assert episodes(case)["resolution", 2].started_at == at(20)

    def test_reopening_a_case_closed_in_silence_renews_its_question(self) -> None:
        case = only(fold(ask(1, 0), act(ActKind.RESOLVE, 20), act(ActKind.REOPEN, 50)))
        renewed = episodes(case)["next_response", 1]
        assert (case.state, renewed.started_at, renewed.asks[0].at) == (
            CaseState.OPEN,
            at(50),
            at(50),
        )

    def test_reopening_an_open_case_changes_nothing(self) -> None:
        assert only(fold(ask(1, 0), act(ActKind.REOPEN, 5))).reopened == 0

    def test_a_corrected_tier_holds_for_the_open_promises(self) -> None:
        case = only(fold(ask(1, 0, Tier.ROUTINE), act(ActKind.RETIER, 5, tier=Tier.URGENT)))
        assert case.tier is Tier.URGENT
        assert {episode.tier_override for episode in case.episodes} == {Tier.URGENT}

    def test_a_correction_of_a_resolved_case_moves_no_promise(self) -> None:
        items = (ask(1, 0, Tier.ROUTINE), answer(1, 5), act(ActKind.RETIER, 9, tier=Tier.URGENT))
        case = only(fold(*items))
        assert case.tier is Tier.URGENT
        assert {episode.tier_override for episode in case.episodes} == {None}


class TestWaiting:
    """We asked the follower something back: what is owed stands still until somebody speaks."""

    ASKING = rules.FoldRules(
        resolve_on_reply=False, reopen_within=timedelta(days=7), pause_while_waiting=True
    )

    def pauses(self, kind: str, *items: Ask | Answer | Act) -> list[Pause]:
        return episodes(only(fold(*items, by=self.ASKING)))[kind, 1].pauses

    def waiting(self, start: float, until: float | None) -> Pause:
        return Pause(at(start), None if until is None else at(until), PauseReason.WAITING)

    def test_what_is_owed_waits_from_the_moment_we_say_so(self) -> None:
        items = ask(1, 0), answer(1, 10), act(ActKind.WAIT, 11)
        assert self.pauses("resolution", *items) == [self.waiting(11, None)]
        assert self.pauses("first_response", *items) == []

    def test_a_question_that_is_still_open_waits_too(self) -> None:
        items = ask(1, 0), act(ActKind.WAIT, 11)
        assert self.pauses("first_response", *items) == [self.waiting(11, None)]

    @pytest.mark.parametrize(
        "speaks", [ask(2, 30), answer(2, 30), act(ActKind.WAKE, 30), act(ActKind.RESOLVE, 30)]
    )
    def test_whoever_speaks_or_acts_next_ends_the_waiting(self, speaks: Ask | Answer | Act) -> None:
        items = ask(1, 0), answer(1, 10), act(ActKind.WAIT, 11), speaks
        assert self.pauses("resolution", *items) == [self.waiting(11, 30)]

    def test_a_holding_reply_alone_waits_for_nobody(self) -> None:
        assert self.pauses("resolution", ask(1, 0), answer(1, 10)) == []

    def test_a_policy_may_go_on_counting(self) -> None:
        case = only(fold(ask(1, 0), answer(1, 10), act(ActKind.WAIT, 11), by=BY_HAND))
        assert not episodes(case)["resolution", 1].pauses

    def test_a_snooze_takes_the_place_of_waiting(self) -> None:
        items = ask(1, 0), answer(1, 10), act(ActKind.WAIT, 11), act(ActKind.SNOOZE, 20, until=60)
        assert self.pauses("resolution", *items) == [self.waiting(11, 20), snoozed(20, 60)]

    def test_nothing_owed_nothing_waits(self) -> None:
        items = ask(1, 0), act(ActKind.RESOLVE, 5), act(ActKind.WAIT, 11)
        assert self.pauses("resolution", *items) == []


class TestReplyWindows:
    def window(self, case: CaseShape, number: int) -> Episode:
        return episodes(case)["reply_window", number]

    def said(self, number: int, minutes: float, *, closes: float) -> Ask:
        return replace(ask(number, minutes), window_until=at(closes))

    def test_one_that_has_closed_stays_missed_and_another_message_opens_the_next(self) -> None:
        case = only(fold(self.said(1, 0, closes=60), self.said(2, 90, closes=150)))
        assert self.window(case, 1).settled_at == at(90)
        assert (self.window(case, 2).until, self.window(case, 2).settled_at) == (at(150), None)

    def test_a_question_reopened_within_it_has_what_is_left_of_it(self) -> None:
        closed, opened = act(ActKind.RESOLVE, 10), act(ActKind.REOPEN, 20)
        case = only(fold(self.said(1, 0, closes=60), closed, opened))
        assert self.window(case, 2).until == at(60)


class TestSnoozing:
    def test_a_snooze_pauses_every_open_promise(self) -> None:
        case = only(fold(ask(1, 0), act(ActKind.SNOOZE, 10, until=60)))
        assert {tuple(episode.pauses) for episode in case.episodes} == {(snoozed(10, 60),)}
        assert rules.state_at(case, at(30)) is CaseState.SNOOZED
        assert rules.state_at(case, at(60)) is CaseState.OPEN

    def test_a_new_question_ends_a_snooze(self) -> None:
        case = only(fold(ask(1, 0), act(ActKind.SNOOZE, 10, until=60), ask(2, 30)))
        assert episodes(case)["first_response", 1].pauses == [snoozed(10, 30)]
        assert rules.state_at(case, at(40)) is CaseState.OPEN

    def test_waking_ends_a_snooze(self) -> None:
        case = only(fold(ask(1, 0), act(ActKind.SNOOZE, 10, until=60), act(ActKind.WAKE, 20)))
        assert episodes(case)["first_response", 1].pauses == [snoozed(10, 20)]

    def test_a_snooze_that_ran_out_stays_what_it_was(self) -> None:
        case = only(fold(ask(1, 0), act(ActKind.SNOOZE, 10, until=20), answer(1, 30)))
        assert episodes(case)["first_response", 1].pauses == [snoozed(10, 20)]

    def test_a_second_snooze_follows_the_first(self) -> None:
        snoozes = (act(ActKind.SNOOZE, 10, until=60), act(ActKind.SNOOZE, 20, until=90))
        case = only(fold(ask(1, 0), *snoozes))
        assert episodes(case)["first_response", 1].pauses == [snoozed(10, 20), snoozed(20, 90)]

    def test_a_snooze_woken_at_once_leaves_no_pause(self) -> None:
        case = only(fold(ask(1, 0), act(ActKind.SNOOZE, 10, until=60), answer(1, 10)))
        assert case.state is CaseState.RESOLVED
        only_moment = Act(UUID(int=2101), ActKind.WAKE, at(10))
        woken = only(fold(ask(1, 0), act(ActKind.SNOOZE, 10, until=60), only_moment))
        assert episodes(woken)["first_response", 1].pauses == []

    @pytest.mark.parametrize("until", [None, 5])
    def test_a_snooze_into_the_past_is_none(self, until: float | None) -> None:
        case = only(fold(ask(1, 0), act(ActKind.SNOOZE, 10, until=until)))
        assert case.snoozed_until is None


moments = st.integers(0, 60 * 24 * 20)
asks = st.builds(
    ask,
    st.integers(1, 12),
    moments,
    st.sampled_from([Tier.URGENT, Tier.IMPORTANT, Tier.ROUTINE]),
    deleted=st.none() | moments,
)
answers = st.builds(answer, st.integers(1, 12), moments, resolves=st.none() | st.booleans())
acts = st.builds(
    act,
    st.sampled_from(list(ActKind)),
    moments,
    until=st.none() | moments,
    tier=st.sampled_from([Tier.URGENT, Tier.ROUTINE]),
)


def identity(item: Ask | Answer | Act) -> UUID:
    return item.id if isinstance(item, Act) else item.message_id


items = st.lists(asks | answers | acts, max_size=25, unique_by=identity)


class TestAnyOrder:
    @settings(max_examples=400)
    @given(items, st.randoms(use_true_random=False))
    def test_the_order_of_hearing_does_not_matter(
        self, heard: list[Ask | Answer | Act], shuffle: Random
    ) -> None:
        shuffled = list(heard)
        shuffle.shuffle(shuffled)
        assert fold(*heard) == fold(*shuffled)

    @settings(max_examples=400)
    @given(items)
    def test_every_case_adds_up(self, heard: list[Ask | Answer | Act]) -> None:
        cases = fold(*heard)
        asked = [item.message_id for item in heard if isinstance(item, Ask)]
        assert sorted(held for case in cases for held in case.message_ids) == sorted(asked)
        for case in cases:
            running = [episode for episode in case.episodes if episode.settled_at is None]
            kinds = [episode.kind is ClockKind.RESOLUTION for episode in running]
            assert len(kinds) == len(set(kinds)), "one response and one resolution at most"
            if case.state in {CaseState.RESOLVED, CaseState.VOID}:
                assert running == []
            if case.unanswered:
                assert case.state is CaseState.OPEN
            for episode in case.episodes:
                assert episode.asks
                assert episode.settled_at is None or episode.settled_at >= episode.started_at
