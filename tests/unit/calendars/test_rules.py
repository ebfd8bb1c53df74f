"""What a calendar may say, who stands in for whom, and when cases are planned anew."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from services.core.calendars import rules
from services.core.calendars.types import (
    Absence,
    CalendarDraft,
    Closing,
    Day,
    DayReason,
    Holidays,
    Span,
    Standstill,
    StandstillDraft,
    StandstillReason,
)

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
OPEN = (Span(540, 1080),)
DRAFT = CalendarDraft("office", "Asia/Shanghai", (OPEN,) * 5 + ((), ()))
LIN, WU, MO = (UUID(int=n) for n in (1, 2, 3))


def hour(number: float) -> datetime:
    return NOON + timedelta(hours=number)


def away(who: UUID, stand_in: UUID | None, start: float, end: float) -> Absence:
    return Absence(who, stand_in, hour(start), hour(end))


@pytest.mark.parametrize(
    ("draft", "codes"),
    [
        (DRAFT, []),
        (CalendarDraft("x", "Mars/Base", (OPEN,) * 7), ["unknown_zone"]),
        (CalendarDraft("x", "localtime", (OPEN,) * 7), ["unknown_zone"]),
        (CalendarDraft("x", "UTC", (OPEN,) * 6), ["incomplete"]),
        (CalendarDraft("x", "UTC", ((),) * 7), ["never_opens"]),
        (CalendarDraft("x", "UTC", ((Span(-1, 5),),) * 7), ["outside_the_day"] * 7),
        (CalendarDraft("x", "UTC", ((Span(0, 1441),), *((OPEN,) * 6))), ["outside_the_day"]),
        (CalendarDraft("x", "UTC", ((Span(5, 5),), *((OPEN,) * 6))), ["inverted"]),
        (CalendarDraft("x", "UTC", ((Span(5, 9), Span(8, 12)), *((OPEN,) * 6))), ["overlap"]),
        (CalendarDraft("x", "UTC", ((Span(9, 12), Span(5, 8)), *((OPEN,) * 6))), ["overlap"]),
    ],
)
def test_a_calendar_says_nothing_that_cannot_be(draft: CalendarDraft, codes: list[str]) -> None:
    assert [problem.code for problem in rules.problems_of_calendar(draft)] == codes


def test_spans_that_touch_do_not_overlap() -> None:
    touching = CalendarDraft("x", "UTC", ((Span(0, 720), Span(720, 1440)),) * 7)
    assert rules.problems_of_calendar(touching) == []


@pytest.mark.parametrize(
    ("day", "holiday", "made_up", "reason"),
    [
        (date(2026, 11, 20), None, False, None),
        (date(2026, 11, 20), "Feast", False, DayReason.HOLIDAY),
        (date(2026, 11, 21), None, True, DayReason.MAKE_UP),
        (date(2026, 11, 21), "Feast", True, DayReason.MAKE_UP),
        (date(2026, 12, 24), "Feast", True, DayReason.OVERRIDE),
    ],
)
def test_of_a_date_the_nearest_word_decides(
    day: date, holiday: str | None, made_up: bool, reason: DayReason | None
) -> None:
    own = {date(2026, 12, 24): Day((), DayReason.OVERRIDE, "Party")}
    draft = CalendarDraft("office", "UTC", DRAFT.week, days=own)
    spans, found, _ = rules.spans_of(draft, day, holiday=holiday, is_made_up=made_up)
    assert found is reason
    assert bool(spans) == (reason in {None, DayReason.MAKE_UP})


def test_a_closing_leaves_a_teams_own_day_alone() -> None:
    closing = Closing(hour(0), hour(72), "fair")
    left = rules.without([closing], [(hour(24), hour(48))])
    assert left == [Closing(hour(0), hour(24), "fair"), Closing(hour(48), hour(72), "fair")]


def test_own_days_elsewhere_leave_a_closing_whole() -> None:
    closing = Closing(hour(24), hour(72), "fair")
    kept = [(hour(0), hour(24)), (hour(72), hour(96))]
    assert rules.without([closing], kept) == [closing]


def test_a_day_a_team_says_itself_wins_and_keeps_its_name() -> None:
    said = rules.own_day([Span(540, 720)], "Stocktaking")
    assert said == Day((Span(540, 720),), DayReason.OVERRIDE, "Stocktaking")


@pytest.mark.parametrize(
    ("new", "others", "circle"),
    [
        (away(LIN, LIN, 0, 1), [], True),
        (away(LIN, WU, 0, 9), [away(WU, LIN, 5, 20)], True),
        (away(LIN, WU, 0, 5), [away(WU, LIN, 5, 20)], False),
        (away(LIN, WU, 0, 9), [away(WU, MO, 0, 9), away(MO, LIN, 8, 20)], True),
        (away(LIN, WU, 0, 9), [away(WU, MO, 0, 4), away(MO, LIN, 6, 20)], False),
        (away(LIN, WU, 0, 9), [away(WU, None, 0, 9)], False),
        (away(LIN, None, 0, 9), [away(WU, LIN, 0, 9)], False),
    ],
)
def test_nobody_stands_in_for_themselves_over_others(
    new: Absence, others: list[Absence], circle: bool
) -> None:
    assert rules.closes_circle(new, others) is circle


def test_one_person_is_away_once_at_a_time() -> None:
    assert rules.overlaps(away(LIN, None, 0, 9), [away(LIN, WU, 8, 20)])
    assert not rules.overlaps(away(LIN, None, 0, 8), [away(LIN, WU, 8, 20)])
    assert not rules.overlaps(away(LIN, None, 0, 9), [away(WU, None, 0, 9)])


@pytest.mark.parametrize(
    ("parts", "pauses"),
    [
        ({}, True),
        ({"pauses": False}, False),
        ({"member_id": LIN}, False),
        ({"stand_in_id": WU}, False),
    ],
)
def test_only_when_nobody_is_there_clocks_stop(parts: dict[str, object], pauses: bool) -> None:
    draft = StandstillDraft(StandstillReason.OUT_OF_OFFICE, hour(0), hour(9), **parts)  # type: ignore[arg-type]  # of the draft's own fields
    assert rules.pauses(draft) is pauses
    assert rules.problems_of_standstill(draft, NOON) == []


@pytest.mark.parametrize(
    ("draft", "code"),
    [
        (StandstillDraft(StandstillReason.OUT_OF_OFFICE, NOON), "required"),
        (StandstillDraft(StandstillReason.OUTAGE, NOON, NOON), "inverted"),
        (StandstillDraft(StandstillReason.OUTAGE, NOON, hour(87_600)), "beyond_limit"),
        (StandstillDraft(StandstillReason.OUTAGE, hour(-800)), "too_long_ago"),
        (StandstillDraft(StandstillReason.OUTAGE, hour(87_600)), "too_far_ahead"),
        (StandstillDraft(StandstillReason.OUTAGE, NOON, member_id=LIN), "not_allowed"),
        (
            StandstillDraft(
                StandstillReason.OUT_OF_OFFICE, NOON, hour(1), member_id=LIN, stand_in_id=LIN
            ),
            "circle",
        ),
        (
            StandstillDraft(
                StandstillReason.OUT_OF_OFFICE, NOON, hour(1), member_id=LIN, pauses=True
            ),
            "not_allowed",
        ),
    ],
)
def test_a_standstill_says_nothing_that_cannot_be(draft: StandstillDraft, code: str) -> None:
    assert [each.code for each in rules.problems_of_standstill(draft, NOON)] == [code]


def test_cases_are_planned_anew_at_each_border_and_looked_at_once_more() -> None:
    standstill = Standstill(
        UUID(int=9),
        StandstillReason.OUTAGE,
        hour(1),
        hour(2),
        *(None,) * 6,
        pauses=True,
        created_at=NOON,
        ended_at=None,
        replan_at=NOON,
        replanned=0,
    )
    walks, begun, second = [], NOON, False
    while (following := rules.next_replan(standstill, begun, second=second)) is not None:
        walks.append(following[0])
        begun, second = following[0], following[1] is not None
    look = rules.SECOND_LOOK
    assert walks == [NOON + look, hour(1), hour(1) + look, hour(2), hour(2) + look]


KEPT = Holidays(2024, 2025, {date(2025, 10, 1): "国庆节"}, frozenset({date(2025, 9, 28)}))


@pytest.mark.parametrize(
    ("made", "now", "kept", "years"),
    [
        (2026, 2026, None, (2025, 2026)),
        (2024, 2026, None, (2023, 2026)),
        (2024, 2026, KEPT, (2026, 2026)),
        (2024, 2025, KEPT, None),
    ],
)
def test_a_version_keeps_the_years_that_have_begun(
    made: int, now: int, kept: Holidays | None, years: tuple[int, int] | None
) -> None:
    made_at, at = datetime(made, 6, 1, tzinfo=UTC), datetime(now, 6, 1, tzinfo=UTC)
    assert rules.years_to_keep(made_at, at, kept) == years


def test_what_is_kept_stays_when_a_year_follows() -> None:
    more = Holidays(2026, 2026, {date(2026, 10, 1): "国庆"}, frozenset())
    joined = rules.join_years(KEPT, more)
    assert (joined.first, joined.last) == (2024, 2026)
    assert joined.names == KEPT.names | more.names
    assert joined.made_up == KEPT.made_up
    assert rules.join_years(None, more) is more
