"""Latencies stay honest within five percent."""

import pytest

from services.simulator.counters import Counters, Latencies


def test_percentiles_are_within_five_percent() -> None:
    latencies = Latencies()
    for millisecond in range(1, 1001):
        latencies.record(millisecond / 1000)
    assert latencies.percentile(0.5) == pytest.approx(0.5, rel=0.05)
    assert latencies.percentile(0.99) == pytest.approx(0.99, rel=0.05)
    assert latencies.percentile(1.0) <= latencies.highest == 1.0


def test_without_any_latency_every_percentile_is_zero() -> None:
    assert Latencies().percentile(0.99) == 0.0


def test_an_answer_in_no_time_is_counted_too() -> None:
    latencies = Latencies()
    latencies.record(0.0)
    assert latencies.percentile(0.5) == 0.0


def test_the_worst_lag_is_remembered_and_never_negative() -> None:
    counters = Counters()
    for lag in (-0.1, 2.0, 0.5):
        counters.note_lag(lag)
    assert (counters.lag_seconds, counters.worst_lag_seconds) == (0.5, 2.0)
