"""A process counts what it measured; whoever reads can add the buckets up."""

import json

from services.core.kit.figures import Figures, Spread


def test_a_value_is_counted_at_the_first_bound_that_holds_it() -> None:
    spread = Spread((1.0, 2.0))
    for value in (0.5, 1.0, 1.5, 7.0):
        spread.add(value)
    assert spread.counts == [2, 1, 1]
    assert spread.total == 10.0


def test_claims_are_kept_by_queue() -> None:
    figures = Figures()
    figures.note_claim("intake", rows=200, seconds=0.01)
    figures.note_claim("alerts", rows=0, seconds=0.01)
    figures.note_claim("intake", rows=1, seconds=0.01)
    assert figures.claimed == {"intake": 201, "alerts": 0}
    assert sum(figures.claims["intake"].counts) == 2


def test_a_timer_is_never_counted_as_early() -> None:
    figures = Figures()
    figures.note_lags([-5.0])
    assert figures.timer_lag.counts[0] == 1
    assert figures.timer_lag.total == 0


def test_the_report_is_plain_json_and_does_not_move_on_with_the_figures() -> None:
    figures = Figures()
    told = figures.report()
    figures.note_lags([1.0])
    assert json.loads(json.dumps(told)) == told
    assert sum(told["timer_lag"]["counts"]) == 0


def test_sendings_are_told_apart_by_kind_and_tier() -> None:
    figures = Figures()
    figures.note_sent("webhook", "urgent", [0.2, -1.0])
    figures.note_sent("console", "routine", [4000.0])
    told = figures.report()["send_lag"]
    assert told["webhook/urgent"]["total"] == 0.2
    assert sum(told["webhook/urgent"]["counts"]) == 2
    assert told["console/routine"]["counts"][-1] == 1
