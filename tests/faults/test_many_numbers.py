"""Sums of days stay what a recount says, over a long history that arrives late and twice."""

import os
import random
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from services.core.metrics import service as metrics
from tests.support.db import connect
from tests.support.line import Line, comment, deleted, reply
from tests.support.seeding import seed_cases

pytestmark = pytest.mark.faults

LONG = os.environ.get("WARMLINE_TEST_LONG") == "1"
# A million, or enough to meet every statement; WARMLINE_TEST_MESSAGES asks for another size.
MESSAGES = int(os.environ.get("WARMLINE_TEST_MESSAGES") or (1_000_000 if LONG else 2_000))
# Ten messages a case.
CASES = MESSAGES // 10
PAST_DAYS, LATE = (6, 60) if MESSAGES < 10_000 else (180, max(MESSAGES // 200, 60))
ZONE = "America/New_York"
MINUTES_OF_A_DAY = 24 * 60
A_DELIVERY = 500


@pytest.fixture
async def rows(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await connect(database_url)
    yield connection
    await connection.close()


async def test_a_long_history_adds_up_though_much_of_it_comes_late_and_twice(
    line: Line, rows: asyncpg.Connection
) -> None:
    seeded = await seed_cases(
        rows,
        line.workspace_id,
        source_id=line.source_id,
        now=line.clock.at,
        cases=CASES,
        messages_per_case=10,
        past_days=PAST_DAYS,
    )
    assert seeded.messages == CASES * 10
    await metrics.catch_up(line.database, line.workspace_id, zone=ZONE)
    dice = random.Random(7)  # noqa: S311 - the same story every time
    told = _late(dice)
    arriving = told + dice.sample(told, len(told) // 3)
    dice.shuffle(arriving)
    half = len(arriving) // 2
    await _hear(line, arriving[:half])
    await metrics.refresh(line.database, zone=ZONE)
    await _hear(line, arriving[half:])
    await line.tick(60)
    done = await metrics.catch_up(line.database, line.workspace_id, zone=ZONE)
    assert done > 0
    first = (line.clock.at - timedelta(days=PAST_DAYS + 10)).date()
    found = await metrics.recount(line.database, line.workspace_id, first)
    assert (found.stale, found.mismatches) == (0, [])
    assert found.days >= PAST_DAYS


async def _hear(line: Line, arriving: list[dict[str, Any]]) -> None:
    for start in range(0, len(arriving), A_DELIVERY):
        await line.hear(*arriving[start : start + A_DELIVERY])


def _late(dice: random.Random) -> list[dict[str, Any]]:
    """Comments all over the past, of which some are answered and some are taken back."""
    told: list[dict[str, Any]] = []
    for number in range(LATE):
        minutes = -dice.randrange(PAST_DAYS * MINUTES_OF_A_DAY)
        author = f"late-{dice.randrange(LATE // 4)}"
        told.append(comment(f"late-{number}", minutes=minutes, author=author))
        if number % 3 == 0:
            told.append(reply(f"answer-{number}", f"late-{number}", minutes=minutes + 30))
        if number % 7 == 0:
            told.append(deleted(f"late-{number}", minutes=minutes + 90))
    return told
