"""Events travel alone or together, and badly when asked to."""

import json
from collections import Counter
from typing import Any

import pytest

from services.simulator.deliveries import PlannedDelivery, disturb, pack
from services.simulator.traffic import plan


def _deliveries(batch_size: int = 1, window: float = 0.5) -> list[PlannedDelivery]:
    events = plan(9, 8.0, 60.0)
    return list(pack(events, batch_size=batch_size, batch_window_seconds=window))


def test_an_event_alone_is_the_whole_body() -> None:
    events = [happening.event for happening in plan(9, 8.0, 60.0)]
    assert [json.loads(delivery.body) for delivery in _deliveries()] == events


def test_batches_hold_every_event_once_and_in_order() -> None:
    events = [happening.event for happening in plan(9, 8.0, 60.0)]
    carried: list[Any] = []
    for delivery in _deliveries(batch_size=5):
        body = json.loads(delivery.body)
        carried += body["data"]["events"] if body["type"] == "batch" else [body]
    assert carried == events


def test_a_batch_is_never_too_large_too_long_or_too_early() -> None:
    at = {h.event["id"]: h.at_offset_seconds for h in plan(9, 8.0, 60.0)}
    deliveries = _deliveries(batch_size=5)
    for delivery in deliveries:
        times = [at[name] for name in delivery.event_ids]
        assert len(times) <= 5
        assert times[-1] - times[0] <= 0.5
        assert delivery.at_offset_seconds == times[-1]
    assert {len(delivery.event_ids) for delivery in deliveries} >= {1, 5}


@pytest.mark.parametrize("size", [0, 501])
def test_a_batch_the_contract_forbids_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="1 to 500"):
        pack(plan(1, 1.0, 1.0), batch_size=size)


def test_webhook_ids_are_unique_and_of_the_allowed_letters() -> None:
    ids = [delivery.webhook_id for delivery in _deliveries()]
    assert len(set(ids)) == len(ids)
    assert all(name.replace("-", "").isalnum() and len(name) <= 128 for name in ids)


def test_in_fine_weather_nothing_changes() -> None:
    assert list(disturb(iter(_deliveries()), seed=1)) == _deliveries()


def test_every_tenth_delivery_comes_again_under_the_old_or_a_new_id() -> None:
    first = {delivery.webhook_id: delivery for delivery in _deliveries()}
    sent = list(disturb(iter(_deliveries()), seed=1, duplicates=0.1))
    repeats = [delivery for delivery in sent if delivery.is_repeat]
    assert 0.05 < len(repeats) / len(first) < 0.2
    assert {delivery.body for delivery in repeats} <= {d.body for d in first.values()}
    kept = Counter(delivery.webhook_id in first for delivery in repeats)
    assert kept[True] > 0
    assert kept[False] > 0


def test_shuffled_deliveries_overtake_each_other_within_the_limit() -> None:
    planned = {d.webhook_id: d.at_offset_seconds for d in _deliveries()}
    sent = list(disturb(iter(_deliveries()), seed=1, shuffle_seconds=2.0))
    times = [delivery.at_offset_seconds for delivery in sent]
    delays = [d.at_offset_seconds - planned[d.webhook_id] for d in sent]
    assert times == sorted(times)
    assert sorted(d.webhook_id for d in sent) == sorted(planned)
    assert [d.webhook_id for d in sent] != list(planned)
    assert 0 <= min(delays) <= max(delays) <= 2.0


def test_the_same_seed_brings_the_same_weather() -> None:
    def sent() -> list[PlannedDelivery]:
        return list(disturb(iter(_deliveries()), seed=4, duplicates=0.2, shuffle_seconds=1.0))

    assert sent() == sent()
