"""Laying a rota out, against a reference that asks at every quarter of an hour who has it."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.core.calendars.types import Absence, Span
from services.core.rotas.turns import Attendance, find_gaps, lay_out
from services.core.rotas.types import Gap, GapReason, Layer, Override, Rota, RotaDraft, Shift, Week

LIN, MEI, TAO, WEN = (UUID(int=number) for number in range(1, 5))
TEAM = (LIN, MEI, TAO, WEN)
STEP = timedelta(minutes=15)
MONDAY = date(2026, 11, 23)
DAYS: Week = ((Span(540, 1260),),) * 5 + ((), ())
ZONES = ("Asia/Shanghai", "America/New_York", "Europe/London", "Pacific/Apia", "Asia/Kathmandu")
# Nights in which a clock goes on, goes back, or a day is skipped, and an ordinary one.
ODD = (
    datetime(2026, 3, 7, 18, tzinfo=UTC),
    datetime(2026, 10, 31, 18, tzinfo=UTC),
    datetime(2026, 3, 28, 18, tzinfo=UTC),
    datetime(2026, 10, 24, 18, tzinfo=UTC),
    datetime(2011, 12, 29, 12, tzinfo=UTC),
    datetime(2026, 11, 22, 15, tzinfo=UTC),
)


def shanghai(day: int, hour: int = 0, minute: int = 0) -> datetime:
    """November 2026; the 23rd is a Monday."""
    moment = datetime(2026, 11, day, hour, minute, tzinfo=ZoneInfo("Asia/Shanghai"))
    return moment.astimezone(UTC)


def weekly(*members: UUID, name: str = "first", handover: int = 540, week: Week = ()) -> Layer:
    return Layer(name, members or (LIN, MEI), MONDAY, handover, 7, week)


def rota(*layers: Layer, zone: str = "Asia/Shanghai", cover: Week = ()) -> Rota:
    draft = RotaDraft("Nights", zone, layers or (weekly(),), cover)
    return Rota(UUID(int=99), 1, draft, ODD[0], ODD[0])


def override(member: UUID, start: datetime, end: datetime) -> Override:
    return Override(UUID(int=50), UUID(int=99), member, start, end, None, start)


def everybody(*absences: Absence) -> Attendance:
    return Attendance(absences, TEAM)


def members(shifts: Iterable[Shift]) -> list[tuple[UUID | None, datetime]]:
    return [(shift.member_id, shift.end) for shift in shifts]


def test_turns_change_at_the_handover_of_the_local_day() -> None:
    found = lay_out(rota(), [], everybody(), shanghai(24), shanghai(30, 12))
    assert members(found) == [(LIN, shanghai(30, 9)), (MEI, shanghai(30, 12))]


def test_before_its_first_turn_a_layer_has_nobody() -> None:
    found = lay_out(rota(), [], everybody(), shanghai(22), shanghai(24))
    assert members(found) == [(None, shanghai(23, 9)), (LIN, shanghai(24))]


def test_a_turn_of_yesterday_lasts_until_todays_handover() -> None:
    daily = replace(weekly(LIN, MEI, TAO), turn_days=1)
    found = lay_out(rota(daily), [], everybody(), shanghai(25, 8), shanghai(25, 10))
    assert members(found) == [(MEI, shanghai(25, 9)), (TAO, shanghai(25, 10))]


def test_the_night_the_clocks_go_back_is_an_hour_longer() -> None:
    layer = Layer("first", (LIN, MEI), date(2026, 10, 31), 0, 1)
    new_york = rota(layer, zone="America/New_York")
    start = datetime(2026, 10, 31, 4, tzinfo=UTC)
    found = lay_out(new_york, [], everybody(), start, start + timedelta(hours=72))
    assert [shift.end - shift.start for shift in found[:2]] == [
        timedelta(hours=24),
        timedelta(hours=25),
    ]


def test_a_layer_fills_what_those_before_it_leave_open() -> None:
    days, nights = weekly(LIN, week=DAYS), weekly(TAO, name="nights")
    found = lay_out(rota(days, nights), [], everybody(), shanghai(23, 9), shanghai(24, 10))
    assert [(shift.layer, shift.member_id, shift.end) for shift in found] == [
        ("first", LIN, shanghai(23, 21)),
        ("nights", TAO, shanghai(24, 9)),
        ("first", LIN, shanghai(24, 10)),
    ]


def test_an_override_goes_before_every_layer_and_says_so() -> None:
    one = override(WEN, shanghai(24), shanghai(25))
    found = lay_out(rota(), [one], everybody(), shanghai(23, 12), shanghai(26))
    assert members(found) == [(LIN, shanghai(24)), (WEN, shanghai(25)), (LIN, shanghai(26))]
    assert (found[1].override_id, found[1].layer) == (one.id, None)


def test_an_override_outside_the_range_is_not_seen() -> None:
    one = override(WEN, shanghai(10), shanghai(11))
    assert members(lay_out(rota(), [one], everybody(), shanghai(24), shanghai(25))) == [
        (LIN, shanghai(25))
    ]


def test_a_stand_in_answers_for_whoever_is_away_and_only_so_long() -> None:
    away = Absence(LIN, TAO, shanghai(24), shanghai(25))
    found = lay_out(rota(), [], everybody(away), shanghai(23, 12), shanghai(26))
    assert members(found) == [(LIN, shanghai(24)), (TAO, shanghai(25)), (LIN, shanghai(26))]
    assert found[1].planned_id == LIN


def test_stand_ins_that_are_away_themselves_are_passed_by() -> None:
    days = shanghai(24), shanghai(25)
    away = Absence(LIN, TAO, *days), Absence(TAO, WEN, *days)
    assert members(lay_out(rota(), [], everybody(*away), *days)) == [(WEN, days[1])]


def test_stand_ins_in_a_circle_are_nobody() -> None:
    days = shanghai(24), shanghai(25)
    away = Absence(LIN, TAO, *days), Absence(TAO, LIN, *days)
    assert members(lay_out(rota(), [], everybody(*away), *days)) == [(None, days[1])]


def test_whoever_is_away_without_a_stand_in_leaves_it_to_the_next_layer() -> None:
    away = Absence(LIN, None, shanghai(24), shanghai(25))
    two = rota(weekly(LIN), weekly(TAO, name="second"))
    found = lay_out(two, [], everybody(away), shanghai(24), shanghai(26))
    assert members(found) == [(TAO, shanghai(25)), (LIN, shanghai(26))]


def test_a_member_who_left_is_a_gap_that_names_them() -> None:
    found = lay_out(rota(), [], Attendance([], {MEI}), shanghai(24), shanghai(25))
    assert found == [Shift(shanghai(24), shanghai(25), None, LIN, "first")]
    assert find_gaps(rota(), found)[0].reason is GapReason.AWAY


def test_a_range_without_length_has_no_shifts() -> None:
    assert lay_out(rota(), [], everybody(), shanghai(24), shanghai(24)) == []


def test_nobody_is_missed_outside_of_what_has_to_be_covered() -> None:
    of_days = rota(weekly(week=DAYS), cover=DAYS)
    start, end = shanghai(24), shanghai(30)
    assert find_gaps(of_days, lay_out(of_days, [], everybody(), start, end)) == []
    away = everybody(Absence(LIN, None, shanghai(25), shanghai(26)))
    assert find_gaps(of_days, lay_out(of_days, [], away, start, end)) == [
        Gap(of_days.id, "Nights", shanghai(25, 9), shanghai(25, 21), GapReason.AWAY)
    ]


def test_gaps_that_touch_are_one_if_their_reason_is() -> None:
    both = rota(weekly(LIN), weekly(MEI, name="second", handover=600))
    away = everybody(Absence(LIN, None, shanghai(23), shanghai(29)))
    alone = Attendance([Absence(LIN, None, shanghai(23), shanghai(25))], {LIN})
    found = find_gaps(both, lay_out(both, [], alone, shanghai(23, 8), shanghai(24)))
    assert [(gap.start, gap.end, gap.reason) for gap in found] == [
        (shanghai(23, 8), shanghai(23, 9), GapReason.NOBODY_PLANNED),
        (shanghai(23, 9), shanghai(24), GapReason.AWAY),
    ]
    assert find_gaps(both, lay_out(both, [], away, shanghai(24), shanghai(25))) == []
    split = [
        Shift(shanghai(24), shanghai(25), None, LIN, "first"),
        Shift(shanghai(25), shanghai(26), None, MEI, "first"),
    ]
    assert [(gap.start, gap.end) for gap in find_gaps(both, split)] == [
        (shanghai(24), shanghai(26))
    ]


# ------------------------------------------------------------------ the reference


def who_has_it(
    one: Rota, overrides: list[Override], absences: list[Absence], active: set[UUID], at: datetime
) -> UUID | None:
    """Ask each source in order for its member, and each member for their stand-in."""
    planned = [each.member_id for each in overrides if each.starts_at <= at < each.ends_at]
    planned += [found for layer in one.draft.layers if (found := has_turn(layer, one, at))]
    for member in planned:
        answering = answers(member, absences, active, at, depth=0)
        if answering is not None:
            return answering
    return None


def has_turn(layer: Layer, one: Rota, at: datetime) -> UUID | None:
    zone = ZoneInfo(one.draft.zone)
    here = at.astimezone(zone)
    minute = here.hour * 60 + here.minute
    on_duty = not layer.week or any(
        span.start <= minute < span.end for span in layer.week[here.weekday()]
    )
    begun = 0
    while handover(layer, zone, begun) <= at:
        begun += 1
    return layer.member_ids[(begun - 1) % len(layer.member_ids)] if on_duty and begun else None


def handover(layer: Layer, zone: ZoneInfo, turn: int) -> datetime:
    day = layer.first_on + timedelta(days=turn * layer.turn_days)
    at = time(layer.handover // 60, layer.handover % 60)
    return datetime.combine(day, at, zone).astimezone(UTC)


def answers(
    member: UUID | None, absences: list[Absence], active: set[UUID], at: datetime, depth: int
) -> UUID | None:
    if member not in active or depth > len(TEAM):
        return None
    for each in absences:
        if each.member_id == member and each.starts_at <= at < each.ends_at:
            return answers(each.stand_in_id, absences, active, at, depth + 1)
    return member


quarters = st.integers(0, 6 * 96)
windows = st.tuples(quarters, st.integers(1, 200))


@st.composite
def weeks(draw: st.DrawFn) -> Week:
    def day() -> tuple[Span, ...]:
        marks = sorted(draw(st.sets(st.integers(0, 96), max_size=4)))
        pairs = zip(marks[::2], marks[1::2], strict=False)
        return tuple(Span(start * 15, end * 15) for start, end in pairs)

    return tuple(day() for _ in range(7)) if draw(st.booleans()) else ()


@st.composite
def layers(draw: st.DrawFn, start: datetime, place: int) -> Layer:
    return Layer(
        f"layer {place}",
        tuple(draw(st.lists(st.sampled_from(TEAM), min_size=1, max_size=3))),
        start.date() + timedelta(days=draw(st.integers(-9, 3))),
        draw(st.integers(0, 95)) * 15,
        draw(st.integers(1, 8)),
        draw(weeks()),
    )


@st.composite
def situations(
    draw: st.DrawFn,
) -> tuple[Rota, list[Override], list[Absence], set[UUID], datetime, datetime]:
    start = draw(st.sampled_from(ODD))
    count = draw(st.integers(1, 3))
    kept = tuple(draw(layers(start, place)) for place in range(count))
    one = rota(*kept, zone=draw(st.sampled_from(ZONES)), cover=draw(weeks()))
    marks = sorted(draw(st.sets(quarters, max_size=4)))
    overrides = [
        override(draw(st.sampled_from(TEAM)), start + first * STEP, start + last * STEP)
        for first, last in zip(marks[::2], marks[1::2], strict=False)
    ]
    absences = []
    for member in draw(st.sets(st.sampled_from(TEAM))):
        first, length = draw(windows)
        stand_in = draw(st.none() | st.sampled_from([each for each in TEAM if each != member]))
        begins = start + first * STEP
        absences.append(Absence(member, stand_in, begins, begins + length * STEP))
    active = draw(st.sets(st.sampled_from(TEAM), min_size=2))
    return one, overrides, absences, active, start, start + draw(st.integers(1, 400)) * STEP


@settings(max_examples=60, deadline=None)
@given(situations())
def test_shifts_partition_any_range_and_agree_with_who_is_on_call(
    situation: tuple[Rota, list[Override], list[Absence], set[UUID], datetime, datetime],
) -> None:
    one, overrides, absences, active, start, end = situation
    attendance = Attendance(absences, active)
    shifts = lay_out(one, overrides, attendance, start, end)
    assert (shifts[0].start, shifts[-1].end) == (start, end)
    assert all(former.end == latter.start for former, latter in pairwise(shifts))
    assert all(shift.start < shift.end for shift in shifts)
    gaps = find_gaps(one, shifts)
    zone = ZoneInfo(one.draft.zone)
    at = start
    while at < end:
        found = next(shift for shift in shifts if shift.start <= at < shift.end)
        wanted = who_has_it(one, overrides, absences, active, at)
        assert found.member_id == wanted, at
        alone = lay_out(one, overrides, attendance, at, at + STEP / 15)
        assert alone[0].member_id == wanted
        here = at.astimezone(zone)
        minute = here.hour * 60 + here.minute
        covered = not one.draft.cover or any(
            span.start <= minute < span.end for span in one.draft.cover[here.weekday()]
        )
        assert any(gap.start <= at < gap.end for gap in gaps) == (covered and wanted is None)
        at += STEP


@pytest.mark.parametrize("zone", ZONES)
def test_a_year_of_daily_turns_has_no_hole(zone: str) -> None:
    daily = Layer("first", (LIN, MEI), date(2026, 1, 1), 150, 1)
    start = datetime(2026, 1, 2, tzinfo=UTC)
    found = lay_out(rota(daily, zone=zone), [], everybody(), start, start + timedelta(days=364))
    assert all(shift.member_id for shift in found)
    assert all(former.member_id != latter.member_id for former, latter in pairwise(found))
