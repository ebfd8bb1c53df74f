"""What a number is, when it is none, and how sums of days add up again."""

import math
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.metrics import rules
from services.core.metrics.definitions import REGISTRY
from services.core.metrics.errors import CellError, UnknownSplitError
from services.core.metrics.types import (
    Coordinates,
    Figures,
    Head,
    Measure,
    NoNumber,
    Part,
    Split,
)
from services.core.objectives.errors import UnknownTimeZoneError
from services.core.objectives.types import Range

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = timedelta(days=1)
SHARE, COUNT = REGISTRY["reply_rate"], REGISTRY["inbound"]


class TestTotals:
    @pytest.mark.parametrize(
        ("name", "by", "adds_up"),
        [
            ("inbound", Split.DAY, True),
            ("mention_share", Split.SOURCE, True),
            ("inbound", None, False),
            ("response_time", Split.DAY, False),  # percentiles do not add up
            ("commenters", Split.DAY, False),  # who came on two days is one
            ("net_followers", Split.DAY, False),  # made of two
            ("negative_breakdown", Split.SUBTYPE, False),  # joined to what it is split by
        ],
    )
    def test_cells_come_to_the_total_where_each_row_is_in_one_of_them(
        self, name: str, by: Split | None, adds_up: bool
    ) -> None:
        assert rules.adds_up(REGISTRY[name], by) is adds_up

    def test_a_total_is_what_its_cells_count_together(self) -> None:
        assert rules.added([Figures(3, 1), Figures(4, 4)]) == Figures(7, 5)
        assert rules.added([]) == rules.NOTHING


class TestSplits:
    def test_a_metric_made_of_two_is_split_by_what_both_are(self) -> None:
        both = rules.splits(REGISTRY["comments_per_post"], REGISTRY)
        assert Split.SOURCE in both
        assert Split.POST not in both

    def test_nothing_said_is_what_the_metric_is_usually_split_by(self) -> None:
        arrivals = REGISTRY["arrivals"]
        assert rules.require_split(arrivals, REGISTRY, None) is Split.HOUR_OF_WEEK
        assert rules.require_split(COUNT, REGISTRY, None) is None

    def test_another_split_is_refused_with_those_there_are(self) -> None:
        with pytest.raises(UnknownSplitError) as refused:
            rules.require_split(REGISTRY["backlog_by_day"], REGISTRY, Split.TIER)
        assert "day" in refused.value.errors[0].detail

    def test_a_metric_without_rows_or_parts_has_no_splits(self) -> None:
        assert rules.splits(replace(COUNT, rows=None), REGISTRY) == []


class TestCells:
    @pytest.mark.parametrize(
        ("measure", "found", "value"),
        [
            (Measure.COUNT, Figures(0), 0),
            (Measure.COUNT, Figures(3), 3),
            (Measure.SHARE, Figures(4, 1), 0.25),
            (Measure.RATIO, Figures(2, 5), 2.5),
            (Measure.DIFFERENCE, Figures(2, 5), -3),
            (Measure.MEAN, Figures(3, total=10.0), 3.333),
            (Measure.TIMES, Figures(2, total=None), None),
            (Measure.SHARE, Figures(0), None),
        ],
    )
    def test_the_value_is_by_the_measure(
        self, measure: Measure, found: Figures, value: float | None
    ) -> None:
        cell = rules.cell_of(measure, "k", found, None)
        assert cell.value == value
        assert (cell.reason is NoNumber.NOTHING_TO_DIVIDE) is (value is None)

    def test_of_nothing_the_reason_is_told_and_of_something_the_number(self) -> None:
        none = NoNumber.NOT_OBSERVED
        assert rules.cell(COUNT, "", Figures(0), none).value is None
        assert rules.cell(COUNT, "", Figures(1), none).value == 1
        # Nobody came, somebody left: a number.
        assert rules.cell_of(Measure.DIFFERENCE, "", Figures(0, 1), none).value == -1

    def test_two_metrics_make_one(self) -> None:
        assert rules.combined(Figures(2, 9), Figures(5, 9)) == Figures(2, 5)

    @pytest.mark.parametrize(
        "wanted",
        [Coordinates(Split.TIER), Coordinates(None, "urgent"), Coordinates(part=Part.PART)],
    )
    def test_coordinates_that_name_no_cell_are_refused(self, wanted: Coordinates) -> None:
        with pytest.raises(CellError):
            rules.require_cell(COUNT, wanted)

    def test_a_share_has_rows_with_the_mark(self) -> None:
        rules.require_cell(SHARE, Coordinates(Split.TIER, "urgent", Part.PART))


class TestReasons:
    @pytest.mark.parametrize(
        ("since", "start", "reason"),
        [
            (None, NOON, NoNumber.NOT_OBSERVED),
            (NOON + 2 * DAY, NOON, NoNumber.NOT_OBSERVED),
            (NOON - DAY, NOON + DAY, NoNumber.NOT_YET),
            (NOON - DAY, NOON - DAY, None),
        ],
    )
    def test_a_range_without_anything_says_why(
        self, since: datetime | None, start: datetime, reason: NoNumber | None
    ) -> None:
        assert rules.why_none(start, start + DAY, since, NOON) is reason

    def test_each_day_has_a_cell(self) -> None:
        wanted = Range(NOON - 2 * DAY, NOON + 2 * DAY, "UTC")
        found = {"2026-11-19": Figures(2)}
        cells = rules.filled(COUNT, wanted, found, NOON - DAY, NOON)
        assert [(cell.key[-2:], cell.value) for cell in cells] == [
            ("18", None),
            ("19", 2),
            ("20", 0),
            ("21", None),
            ("22", None),
        ]


class TestDays:
    def test_a_day_is_its_zones(self) -> None:
        late = datetime(2026, 11, 20, 17, 30, tzinfo=UTC)
        assert rules.local_day(late, "Asia/Shanghai") == date(2026, 11, 21)
        assert rules.midnight(date(2026, 11, 21), "Asia/Shanghai") == late - timedelta(minutes=90)

    def test_an_hour_belongs_to_two_days_where_minutes_differ(self) -> None:
        hour = datetime(2026, 11, 20, 18, tzinfo=UTC)
        assert rules.local_days(hour, "Asia/Kathmandu") == {date(2026, 11, 20), date(2026, 11, 21)}
        assert rules.local_days(hour, "UTC") == {date(2026, 11, 20)}

    @pytest.mark.parametrize("day", [date(2026, 3, 8), date(2026, 11, 1), date(2026, 7, 1)])
    def test_a_day_begins_and_ends_at_midnight_when_clocks_change(self, day: date) -> None:
        span = rules.day_range(day, day, "America/New_York")
        assert rules.days_of(span) == [day]
        assert span.end - span.start in {23 * DAY / 24, DAY, 25 * DAY / 24}

    def test_before_are_as_many_days(self) -> None:
        assert rules.previous(date(2026, 11, 8), date(2026, 11, 14)) == (
            date(2026, 11, 1),
            date(2026, 11, 7),
        )

    def test_a_zone_nobody_knows_is_refused(self) -> None:
        rules.require_zone("Asia/Shanghai")
        with pytest.raises(UnknownTimeZoneError):
            rules.require_zone("Mars/Olympus")


@pytest.mark.parametrize(
    ("now", "before", "change"),
    [(11, 10, 0.1), (5, 10, -0.5), (None, 10, None), (3, None, None), (3, 0, None)],
)
def test_change_is_a_share_of_before(
    now: float | None, before: float | None, change: float | None
) -> None:
    assert rules.change(now, before) == (None if change is None else pytest.approx(change))


class TestBins:
    @given(st.lists(st.floats(0, 20_000_000), min_size=1, max_size=50))
    def test_sums_give_the_histogram_to_the_last_answer_and_percentiles_within_a_bin(
        self, values: list[float]
    ) -> None:
        bins = [(sum(edge < value for edge in rules.EDGES), 1) for value in values]
        found = rules.from_bins(bins, len(values), sum(values))
        read = [0] * 5
        for value in values:
            read[sum(edge < value for edge in rules.READ_EDGES)] += 1
        assert found.histogram == tuple(read)
        true = sorted(values)[math.ceil(len(values) / 2) - 1]
        assert found.median is not None
        assert found.median >= min(true, 20_000_000) * 0.999 or true > rules.EDGES[-1]
        assert found.median <= max(true * 1.1, rules.EDGES[0] + 0.001)

    def test_nothing_has_no_median(self) -> None:
        assert rules.from_bins([], 0, 0.0).median is None


def test_days_that_take_long_rest_nine_times_as_long_and_never_for_ever() -> None:
    assert rules.rest_after(2.0, NOON) == NOON + timedelta(seconds=20)
    assert rules.rest_after(3600.0, NOON) == NOON + timedelta(minutes=10)
    head = Head("UTC", "", None, 0, NOON)
    assert not rules.is_resting(head, NOON)
    assert rules.is_resting(head, NOON - timedelta(seconds=1))
    assert not rules.is_resting(replace(head, rests_until=None), NOON)
