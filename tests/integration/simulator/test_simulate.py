"""A whole simulation over real HTTP: planned, signed, sent, answered, reported."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from services.simulator.counters import Counters
from services.simulator.platform import SimulatedPlatform, Weather
from services.simulator.receiver import Misbehaviour, Received, WebhookReceiver
from services.simulator.run import SimulationOptions, simulate

SECRET = "whsec_" + base64.b64encode(b"a secret only these tests know..").decode()


@pytest.fixture
async def product() -> AsyncIterator[WebhookReceiver]:
    async with WebhookReceiver([SECRET]) as listening:
        listening.misbehave(Misbehaviour(status=202, body=b'{"accepted": 1, "duplicates": 0}'))
        yield listening


def address(product: WebhookReceiver) -> str:
    return product.url.removesuffix("/webhooks")


def events(requests: list[Received]) -> list[str]:
    bodies = [request.json() for request in requests]
    batches = [b["data"]["events"] if b["type"] == "batch" else [b] for b in bodies]
    return [event["id"] for batch in batches for event in batch]


async def test_everything_planned_is_sent_once_and_acknowledged(
    product: WebhookReceiver, tmp_path: Path
) -> None:
    ledger = tmp_path / "sent.jsonl"
    report = await simulate(
        SimulationOptions(address(product), "src_1", SECRET, rate=80.0, duration=1.0, ledger=ledger)
    )
    ids = events(product.accepted)
    assert report.is_complete
    assert report.acked == report.sent == len(ids) == len(set(ids)) > 4
    assert report.accepted == report.events_acked == len(ids)
    assert report.statuses == {"202": len(ids)}
    assert 0 < report.p50_seconds <= report.p99_seconds <= report.slowest_seconds
    acked = [json.loads(line) for line in ledger.read_text().splitlines()]
    assert {line["id"] for line in acked} == {r.webhook_id for r in product.accepted}


async def test_bad_weather_repeats_and_reorders_but_loses_nothing(
    product: WebhookReceiver,
) -> None:
    weather = Weather(duplicates=0.5, shuffle_seconds=0.5, batch_size=3)
    report = await simulate(
        SimulationOptions(
            address(product), "src_1", SECRET, rate=80.0, duration=1.0, weather=weather
        )
    )
    ids = events(product.accepted)
    assert report.is_complete
    assert len(ids) > len(set(ids))
    numbers = [int(name.rsplit("-e", 1)[1]) for name in ids]
    assert numbers != sorted(numbers)
    assert set(numbers) == set(range(1, max(numbers) + 1))


async def test_a_second_run_of_a_seed_brings_new_messages_from_the_same_people(
    product: WebhookReceiver,
) -> None:
    options = SimulationOptions(address(product), "src_1", SECRET, rate=80.0, duration=0.5)
    await simulate(options)
    first = product.accepted
    await simulate(options)
    second = product.accepted[len(first) :]
    assert set(events(first)).isdisjoint(events(second))
    assert people(first) & people(second)


async def test_an_endless_platform_runs_until_it_is_stopped(product: WebhookReceiver) -> None:
    platform = SimulatedPlatform(address(product), "src_1", SECRET, seed=3, rate=100.0)
    stop = asyncio.Event()
    seen: list[int] = []

    def on_progress(counters: Counters) -> None:
        seen.append(counters.acked)

    async with asyncio.TaskGroup() as both:
        both.create_task(platform.run(stop, on_progress))
        await product.wait_until(lambda it: len(it.accepted) >= 20)
        stop.set()
    assert seen[-1] == platform.counters.acked >= 20
    assert platform.counters.waiting == 0


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"rate": 0.0}, "rate must be more than nothing"),
        ({"scenario": "carnival"}, "no scenario 'carnival'"),
        ({"weather": Weather(batch_size=501)}, "1 to 500 events"),
    ],
)
async def test_options_without_sense_are_refused_in_a_sentence(
    product: WebhookReceiver, wrong: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        await simulate(SimulationOptions(address(product), "src_1", SECRET, **wrong))
    assert product.received == []


def test_the_secret_is_not_shown_with_the_options() -> None:
    assert SECRET not in repr(SimulationOptions("http://127.0.0.1:1", "src_1", SECRET))


def people(requests: list[Received]) -> set[str]:
    authors = [request.json()["data"].get("author", {}) for request in requests]
    return {author["id"] for author in authors if author.get("id", "").startswith("u")}
