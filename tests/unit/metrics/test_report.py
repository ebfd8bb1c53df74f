"""A report reads well: numbers as people write them, gaps in pictures, nothing a name can break."""

from datetime import UTC, date, datetime
from xml.etree import ElementTree as ET

import pytest

from services.cli.report import Kind, last_full
from services.core.metrics.pages import CHAPTERS, SERIES, Dashboard, Figure, Point
from services.core.metrics.report import charts, writing
from services.core.metrics.types import Cell, NoNumber, Unit, Words

DAYS = [date(2026, 11, day) for day in (9, 10, 11)]
NONE = NoNumber.NOT_OBSERVED


def page(title: str = "Reply rate") -> Dashboard:
    now, before = Cell("", 0.5, None, 4, 2), Cell("", 0.25, None, 4, 1)
    never = Cell("", None, NONE, 0, 0)
    figures = [
        Figure("reply_rate", Words("回复率", title), Unit.SHARE, now, before, 1.0),
        *(
            Figure(name, Words("某", name), Unit.RATIO, never, None, None)
            for name in SERIES
            if name != "reply_rate"
        ),
    ]
    points = [Point(DAYS[0], 3.0, None), Point(DAYS[1], None, NONE), Point(DAYS[2], 1.0, None)]
    return Dashboard(
        first=DAYS[0],
        last=DAYS[-1],
        zone="Asia/Shanghai",
        as_of=datetime(2026, 11, 12, tzinfo=UTC),
        stale_days=0,
        chapters=dict.fromkeys(CHAPTERS, figures),
        series=dict.fromkeys(SERIES, points),
        negative_breakdown={"pricing": 3, "unknown": 1},
    )


def drawn(picture: str) -> ET.Element:
    return ET.fromstring(picture)  # noqa: S314 - our own picture, not a stranger's


def test_a_day_without_a_number_is_a_gap_and_no_zero() -> None:
    picture = drawn(charts.lines(["a", "b", "c"], {"x": [3.0, None, 1.0]}))
    path = next(each for each in picture.iter() if each.tag.endswith("path"))
    assert path.attrib["d"].count("M") == 2
    assert sum(each.tag.endswith("circle") for each in picture.iter()) == 2


@pytest.mark.parametrize("values", [[], [None, None]])
def test_nothing_known_is_no_picture(values: list[float | None]) -> None:
    assert charts.lines([str(n) for n in values], {"x": values}) == ""
    assert charts.bars({}, "x") == ""


def test_one_day_and_nothing_but_zeros_can_be_drawn() -> None:
    drawn(charts.lines(["a"], {"x": [0.0]}))
    drawn(charts.bars({"a": 0.0}, "x"))


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.3, "0.3"), (5.988, "6"), (61.54, "61.5"), (908.5, "908"), (1e4, "10,000")],
)
def test_an_axis_says_no_more_than_the_eye_takes(value: float, said: str) -> None:
    assert charts.rounded(value) == said


def test_the_names_of_two_lines_do_not_cover_each_other() -> None:
    long = "Share of negative messages"
    picture = drawn(charts.lines(["a"], {long: [1.0], "other": [2.0]}))
    places = [float(each.attrib["x"]) for each in picture.iter() if each.text in {long, "other"}]
    # Letters of 11 pixels are 6.5 wide on average.
    assert places[1] - places[0] > 6.5 * len(long)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_name_breaks_neither_the_page_nor_a_picture(lang: str) -> None:
    written = writing.as_html(page("<script>alert(1)</script>"), "weekly", lang)
    assert "<script>" not in written
    assert written.count("<svg") == 6
    assert "https://" not in written
    assert 'src="' not in written


def test_numbers_are_written_as_people_read_them() -> None:
    written = writing.as_markdown(page(), "monthly", "en")
    assert "| Reply rate | 50.0% | 25.0% | +100% |" in written
    assert "| response_time | not connected |  |  |" in written
    assert "2026-11-09 to 2026-11-11 (Asia/Shanghai)" in written
    assert "还没有接入" in writing.as_markdown(page(), "monthly", "zh")


@pytest.mark.parametrize(
    ("unit", "value", "told"),
    [
        (Unit.SECONDS, 8280, "2.3 h"),
        (Unit.MESSAGES, 2850, "2,850"),
        (Unit.RATIO, 6.24, "6.2"),
        (Unit.SHARE, 0.905, "90.5%"),
    ],
)
def test_each_unit_has_its_way(unit: Unit, value: float, told: str) -> None:
    assert writing.said(Cell("", value, None, 1, 0), unit, "en") == told


@pytest.mark.parametrize(
    ("kind", "today", "first", "until"),
    [
        (Kind.WEEKLY, date(2026, 11, 21), date(2026, 11, 9), date(2026, 11, 16)),
        (Kind.WEEKLY, date(2026, 11, 16), date(2026, 11, 9), date(2026, 11, 16)),
        (Kind.MONTHLY, date(2026, 3, 1), date(2026, 2, 1), date(2026, 3, 1)),
        (Kind.MONTHLY, date(2026, 1, 15), date(2025, 12, 1), date(2026, 1, 1)),
    ],
)
def test_a_report_is_of_the_last_full_one(
    kind: Kind, today: date, first: date, until: date
) -> None:
    assert last_full(kind, today) == (first, until)
