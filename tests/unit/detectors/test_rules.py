"""A detector goes off by its law, never without volume, never twice within its cool-down."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.core.alerts.types import Severity
from services.core.detectors import rules
from services.core.detectors.types import (
    Change,
    Detector,
    DetectorDraft,
    DetectorKind,
    Due,
    Episode,
    Figure,
    Figures,
    Judged,
    Step,
)
from services.core.kit import ids
from services.core.triage.types import Tier

NOW = datetime(2026, 11, 20, 12, 30, 41, 5, tzinfo=UTC)
TICK = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)
LONG_AGO = TICK - timedelta(days=400)
Kind = DetectorKind


def draft(kind: DetectorKind, **changes: Any) -> DetectorDraft:
    values: dict[str, Any] = {
        "name": "Mine",
        "kind": kind,
        "threshold": 20,
        "window_minutes": 60,
        "minimum": 10,
        "cool_down_minutes": 60,
        "severity": Severity.WARNING,
        "tier": Tier.URGENT,
    }
    return DetectorDraft(**(values | changes))


def judged(one: DetectorDraft, now: Figure, weeks: Sequence[Figure] = ()) -> Judged:
    return rules.judge(one, Figures(now, tuple(weeks), LONG_AGO), TICK)


@pytest.mark.parametrize(
    ("now", "weeks", "fires"),
    [
        # 40 % against 20 %: twenty points more, as asked.
        (Figure(20, 8), [Figure(20, 4)] * 4, True),
        (Figure(20, 7), [Figure(20, 4)] * 4, False),
        # Too few now, too few before, nothing at all.
        (Figure(9, 9), [Figure(20, 0)] * 4, False),
        (Figure(20, 20), [Figure(2, 0)] * 4, False),
        (Figure(), [Figure()] * 4, False),
        (Figure(20, 20), [Figure()] * 4, False),
    ],
)
def test_sentiment_dips_by_points_above_the_usual_share(
    now: Figure, weeks: list[Figure], fires: bool
) -> None:
    assert judged(draft(Kind.SENTIMENT_DIP), now, weeks).fires is fires


def test_a_dip_tells_both_shares() -> None:
    found = judged(draft(Kind.SENTIMENT_DIP), Figure(30, 10), [Figure(40, 4)] * 4)
    assert (found.value, found.usual, found.total, found.hits) == (33.33, 10.0, 30, 10)


@pytest.mark.parametrize(
    ("now", "before", "fires"),
    [
        (30, [10, 10, 10, 10], True),
        (29, [10, 10, 10, 10], False),
        # One storm among the weeks does not hide another.
        (30, [10, 10, 10, 900], True),
        # What never happened is unusual once there is enough of it.
        (10, [0, 0, 0, 0], True),
        (9, [0, 0, 0, 0], False),
    ],
)
@pytest.mark.parametrize("kind", [Kind.VOLUME_SPIKE, Kind.MASS_UNFOLLOW])
def test_a_spike_is_so_many_times_the_middle_week(
    kind: DetectorKind, now: int, before: list[int], fires: bool
) -> None:
    weeks = [Figure(each) for each in before]
    assert judged(draft(kind, threshold=3), Figure(now), weeks).fires is fires


@pytest.mark.parametrize(
    ("now", "before", "threshold", "fires"),
    [
        (0, [10, 12, 14, 10], 0, True),
        (1, [10, 12, 14, 10], 0, False),
        (1, [10, 12, 14, 10], 10, True),
        # Not busy at this hour: a holiday and a quiet night among the weeks.
        (0, [10, 0, 0, 10], 0, False),
        (0, [0, 0, 0, 0], 50, False),
    ],
)
def test_silence_is_heard_only_where_it_is_usually_busy(
    now: int, before: list[int], threshold: float, fires: bool
) -> None:
    one = draft(Kind.SILENCE, threshold=threshold)
    assert judged(one, Figure(now), [Figure(each) for each in before]).fires is fires


@pytest.mark.parametrize(
    "kind", [Kind.KEYWORD_SURGE, Kind.FAILING_SIGNATURES, Kind.ROTA_GAP, Kind.STUCK_STAGE]
)
def test_a_plain_count_needs_no_weeks_before(kind: DetectorKind) -> None:
    one = draft(kind, threshold=5, minimum=10)
    assert rules.judge(one, Figures(Figure(10, 5)), TICK).fires
    assert not rules.judge(one, Figures(Figure(10, 4)), TICK).fires
    assert not rules.judge(one, Figures(Figure(9, 5)), TICK).fires


def test_nothing_is_compared_before_all_weeks_are_known() -> None:
    one = draft(Kind.VOLUME_SPIKE, threshold=3, window_minutes=60)
    needed = TICK - timedelta(weeks=4, hours=1)
    for since, fires in ((needed, True), (needed + rules.MINUTE, False), (None, False)):
        figures = Figures(Figure(30), (Figure(10),) * 4, since)
        assert rules.judge(one, figures, TICK).fires is fires
    assert rules.reach(draft(Kind.KEYWORD_SURGE)) == timedelta(hours=1)


def test_a_spike_without_weeks_has_nothing_usual() -> None:
    assert judged(draft(Kind.VOLUME_SPIKE, threshold=3), Figure(30)).usual == 0


def test_a_look_is_judged_at_the_last_full_minute() -> None:
    assert rules.tick_of(NOW) == TICK


@pytest.mark.parametrize(("window", "minutes"), [(5, 1), (60, 1), (119, 1), (1_440, 24)])
def test_a_long_window_is_looked_at_less_often(window: int, minutes: int) -> None:
    one = draft(Kind.VOLUME_SPIKE, window_minutes=window)
    ticks = [TICK + place * rules.MINUTE for place in range(240)]
    turns = [tick for tick in ticks if rules.is_turn(one, tick)]
    assert len(turns) == 240 // minutes
    assert {after - before for before, after in pairwise(turns)} == {minutes * rules.MINUTE}


def test_a_step_begins_ends_and_rests() -> None:
    one = draft(Kind.KEYWORD_SURGE, cool_down_minutes=60)

    def step(*, fires: bool, going_on: bool = False, ended: timedelta | None = None) -> Step:
        last = None if ended is None else TICK - ended
        return rules.next_step(one, fires=fires, going_on=going_on, last_ended_at=last, tick=TICK)

    assert step(fires=True) is Step.BEGIN
    assert step(fires=True, going_on=True) is Step.NOTHING
    assert step(fires=False, going_on=True) is Step.END
    assert step(fires=False) is Step.NOTHING
    assert step(fires=True, ended=timedelta(minutes=59)) is Step.NOTHING
    assert step(fires=True, ended=timedelta(minutes=60)) is Step.BEGIN


def test_a_series_counts_any_window_and_nothing_outside_itself() -> None:
    counted = [(TICK, Figure(2, 1)), (TICK + rules.MINUTE, Figure(3, 0))]
    outside = [(TICK - rules.MINUTE, Figure(9, 9)), (TICK + timedelta(hours=1), Figure(9, 9))]
    series = rules.lay_out(TICK, 60, counted + outside)
    hour = timedelta(hours=1)
    assert series.between(TICK, TICK + rules.MINUTE) == Figure(2, 1)
    assert series.between(TICK - hour, TICK + hour) == Figure(5, 1)
    assert series.between(TICK - 3 * hour, TICK - 2 * hour) == Figure()
    assert series.between(TICK + 2 * hour, TICK + 3 * hour) == Figure()


def test_an_empty_past_fires_nothing() -> None:
    for kind in DetectorKind:
        one = draft(kind, threshold=rules.LAWS[kind].least, minimum=0)
        series = rules.lay_out(TICK - timedelta(weeks=5), 5 * 7 * 24 * 60, [])
        ticks = [TICK - place * rules.MINUTE for place in range(180, 0, -1)]
        assert rules.replay(one, series, LONG_AGO, ticks) == []


MINUTES = st.dictionaries(
    st.integers(0, 359),
    st.integers(0, 30).flatmap(lambda total: st.tuples(st.just(total), st.integers(0, total))),
    max_size=80,
)


@settings(max_examples=30, deadline=None)
@given(
    minutes=MINUTES,
    kind=st.sampled_from([kind for kind, law in rules.LAWS.items() if law.replays]),
    threshold=st.floats(0.0, 40.0),
    minimum=st.integers(0, 40),
    cool_down=st.integers(0, 120),
    window=st.integers(5, 180),
)
def test_whatever_happened_it_keeps_its_cool_down_and_its_minimum(
    *,
    minutes: dict[int, tuple[int, int]],
    kind: DetectorKind,
    threshold: float,
    minimum: int,
    cool_down: int,
    window: int,
) -> None:
    one = draft(
        kind,
        threshold=threshold,
        minimum=minimum,
        cool_down_minutes=cool_down,
        window_minutes=window,
    )
    # Usually fifteen a minute for an hour, at the same time of each week.
    usual = [
        (TICK - week * rules.WEEK + place * rules.MINUTE, Figure(15, 1))
        for week in range(1, 5)
        for place in range(60, 120)
    ]
    lived = [(TICK + place * rules.MINUTE, Figure(*each)) for place, each in minutes.items()]
    start = TICK - timedelta(weeks=5)
    series = rules.lay_out(start, 6 * 7 * 24 * 60, usual + lived)
    ticks = [TICK + place * rules.MINUTE for place in range(400)]
    episodes = rules.replay(one, series, LONG_AGO, ticks)
    for before, after in pairwise(episodes):
        assert before.ended_at is not None
        assert after.started_at - before.ended_at >= cool_down * rules.MINUTE
        assert after.started_at > before.ended_at or cool_down == 0
    for episode in episodes:
        volume = episode.usual if kind is Kind.SILENCE else episode.total
        assert volume is not None
        assert volume >= minimum


@pytest.mark.parametrize("kind", list(DetectorKind))
def test_a_threshold_lies_within_its_law(kind: DetectorKind) -> None:
    law = rules.LAWS[kind]
    words = ("烂脸",) if kind is Kind.KEYWORD_SURGE else ()
    for threshold in (law.least, law.most):
        assert list(rules.problems(draft(kind, threshold=threshold, words=words))) == []
    for threshold in (law.least - 0.5, law.most + 1, float("nan"), float("inf"), -1.0):
        (problem,) = rules.problems(draft(kind, threshold=threshold, words=words))
        assert (problem.pointer, problem.code) == ("/threshold", "out_of_range")


def test_a_field_a_kind_does_not_look_at_is_refused() -> None:
    stage = draft(Kind.STUCK_STAGE, threshold=60, source_id=ids.new_id(), words=("烂脸",))
    assert [problem.pointer for problem in rules.problems(stage)] == ["/source_id", "/words"]
    surge = draft(Kind.KEYWORD_SURGE, rule_id=ids.new_id(), post_id=ids.new_id())
    assert list(rules.problems(surge)) == []
    (problem,) = rules.problems(replace(surge, rule_id=None))
    assert problem.pointer == "/words"


def test_what_a_workspace_begins_with_is_valid_and_only_the_line_is_watched_at_once() -> None:
    assert [list(rules.problems(one)) for one in rules.DEFAULTS] == [[]] * len(rules.DEFAULTS)
    assert {one.kind for one in rules.DEFAULTS if one.enabled} == rules.SAFE_AT_ONCE
    assert {one.kind for one in rules.DEFAULTS} == set(DetectorKind) - {Kind.KEYWORD_SURGE}


def due(kind: DetectorKind, looked_at: datetime | None = None, **changes: Any) -> Due:
    one = Detector(ids.new_id(), 1, draft(kind, **changes), LONG_AGO, LONG_AGO)
    return Due(ids.new_id(), one, TICK, looked_at)


def minutes_before(tick: datetime, *minutes: int) -> tuple[datetime, ...]:
    return tuple(tick - timedelta(minutes=each) for each in minutes)


@pytest.mark.parametrize(
    ("looked_at", "tick", "missed"),
    [
        # Nobody ever looked, or a clock was set back: only this minute.
        (None, TICK, ()),
        (TICK + timedelta(hours=1), TICK, ()),
        (TICK - timedelta(minutes=1), TICK, ()),
        (TICK - timedelta(minutes=4), TICK, minutes_before(TICK, 3, 2, 1)),
        (TICK - timedelta(days=3), TICK, minutes_before(TICK, *range(359, 0, -1))),
    ],
)
def test_turns_nobody_took_are_made_up_for_some_hours_back(
    looked_at: datetime | None, tick: datetime, missed: tuple[datetime, ...]
) -> None:
    found = rules.take_turn(due(Kind.VOLUME_SPIKE, looked_at), None)
    assert found is not None
    assert (found.tick, found.missed) == (tick, missed)


def test_nothing_is_made_up_for_from_before_a_change() -> None:
    late = due(Kind.VOLUME_SPIKE, TICK - timedelta(hours=1))
    changed = replace(late.detector, updated_at=TICK - timedelta(seconds=90))
    found = rules.take_turn(replace(late, detector=changed), None)
    assert found is not None
    assert found.missed == minutes_before(TICK, 1)
    now = replace(late.detector, updated_at=NOW)
    assert rules.take_turn(replace(late, detector=now), None) is None


def test_a_minute_is_looked_at_once_and_a_long_window_at_its_turns() -> None:
    assert rules.take_turn(due(Kind.VOLUME_SPIKE, TICK), None) is None
    # Six minutes between two looks: 12:30 is a turn, and so was 12:24.
    slow = due(Kind.VOLUME_SPIKE, TICK - timedelta(minutes=8), window_minutes=360)
    found = rules.take_turn(slow, None)
    assert found is not None
    assert (found.tick, found.missed) == (TICK, minutes_before(TICK, 6))
    between = replace(slow, tick=TICK + timedelta(minutes=1), looked_at=TICK)
    assert rules.take_turn(between, None) is None


def test_what_looks_at_the_present_looks_once_however_long_it_was_away() -> None:
    gap = due(Kind.ROTA_GAP, TICK - timedelta(hours=3), window_minutes=1_440)
    # Its own turn went by while nobody looked.
    later = replace(gap, tick=TICK + timedelta(minutes=5))
    assert rules.take_turn(later, timedelta(hours=2)) == later
    assert rules.take_turn(replace(gap, looked_at=TICK), None) is None


@pytest.mark.parametrize(
    ("waits", "minutes_ago"),
    [
        (None, 0),
        (timedelta(seconds=119), 0),
        (timedelta(minutes=30), 30),
        # Whatever waits for longer is not waited for.
        (timedelta(days=1), 360),
    ],
)
def test_what_still_waits_to_be_taken_in_is_waited_for(
    waits: timedelta | None, minutes_ago: int
) -> None:
    silence = due(Kind.SILENCE, TICK - timedelta(hours=7))
    found = rules.take_turn(silence, waits)
    if minutes_ago == 360:
        assert found is None
    else:
        assert found is not None
        assert found.tick == TICK - timedelta(minutes=minutes_ago)
    # Refusals are counted at the door.
    refused = rules.take_turn(due(Kind.FAILING_SIGNATURES, TICK - timedelta(hours=7)), waits)
    assert refused is not None
    assert refused.tick == TICK


def test_looks_in_a_row_go_on_from_what_was_known() -> None:
    surge = draft(Kind.KEYWORD_SURGE, threshold=3, minimum=0, window_minutes=5)
    start = TICK - timedelta(minutes=60)
    series = rules.lay_out(start, 60, [(start + timedelta(minutes=30), Figure(5, 5))])
    ticks = [start + timedelta(minutes=step) for step in range(1, 61)]
    going_on = list(rules.steps(surge, series, LONG_AGO, ticks, going_on=True))
    assert [(one.step, (one.tick - start).seconds // 60) for one in going_on] == [(Step.END, 1)]
    fresh = list(rules.steps(surge, series, LONG_AGO, ticks))
    assert [(one.step, (one.tick - start).seconds // 60) for one in fresh] == [
        (Step.BEGIN, 31),
        (Step.END, 36),
    ]
    (episode,) = rules.episodes_of([Change(Step.END, start, fresh[0].judged), *fresh], "s")
    assert (episode.started_at, episode.ended_at) == (fresh[0].tick, fresh[1].tick)
    assert rules.judged_of(episode) == fresh[0].judged


def test_of_what_was_over_by_the_time_it_was_seen_the_last_is_told() -> None:
    def episode(minute: int, lasts: int | None, subject: str = "") -> Episode:
        began = TICK + timedelta(minutes=minute)
        ended = None if lasts is None else began + timedelta(minutes=lasts)
        return Episode(began, ended, subject, 1.0, None, 1, 1)

    first, second, on = episode(0, 5), episode(30, 5), episode(40, None, "a")
    also_on = episode(20, None, "b")
    assert rules.to_tell([second, first]) == [second]
    assert rules.to_tell([on, first, also_on]) == [also_on, on]
    assert rules.to_tell([]) == []


def test_it_is_late_from_five_minutes_on() -> None:
    assert rules.is_late(TICK - timedelta(minutes=5), TICK)
    assert not rules.is_late(TICK - timedelta(minutes=4), TICK)
