"""What was measured becomes a page that names the machine's kind and no machine."""

import platform
from datetime import UTC, datetime

from services.cli.bench import Figures, Start
from services.cli.bench_document import write
from services.cli.bench_probes import Flood, Spread, complaint

FIGURES = Figures(
    first=Start(5.0, 6.0, 16.0),
    warm=Start(2.0, 3.0, 12.0),
    ours=Spread(4.0, 9.0, 2000),
    rival=Spread(2.0, 6.0, 2000),
    case=Spread(80.0, 200.0, 300),
    flood=Flood(20_000, 5.0, 40.0),
    memory={"API": (101.0, 90.0)},
    postgres="18.6",
    load_before=0.2,
)


def test_a_spread_names_the_middle_and_the_slow_end_in_milliseconds() -> None:
    spread = Spread.of([number / 1000 for number in range(1, 102)])
    assert (round(spread.p50), round(spread.p99), spread.count) == (51, 100, 101)


def test_the_page_holds_figures_targets_and_ratios() -> None:
    page = write(FIGURES, datetime(2026, 11, 21, tzinfo=UTC), "3.11.7", 2)
    assert "| Warm start: first event triaged | 3.0 s | ≤ 6 s |" in page
    assert "| … ratio | 2.00 / 1.50 |  |" in page
    assert "| Pipeline, processed | 500 events/s |  |" in page
    assert "| Memory: API | 101 MB (90 PSS) | ≤ 150 MB |" in page
    assert platform.node() not in page


def test_every_complaint_is_another_one() -> None:
    first, second = complaint(), complaint()
    assert first[0] != second[0]
    assert first[1] != second[1]
