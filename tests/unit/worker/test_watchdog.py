"""A loop that computes without end is ended by the kernel; one that only waits is left alone."""

import signal
import subprocess
import sys

import pytest

from tests.support.db import ROOT

LIVE = """
import asyncio, re, signal, time
from services.worker.watchdog import watched

async def main():
    async with watched(0.3):
        await asyncio.sleep(0.1)
        {act}
    # The timer is put away: from here on nobody watches.
    until = time.process_time() + 0.5
    while time.process_time() < until:
        pass

asyncio.run(main())
"""


def live(act: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", LIVE.format(act=act)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "act",
    ["while True: pass", "re.match('(a+)+$', 'a' * 60 + 'b')"],
    ids=["in Python", "inside C, where no other thread runs"],
)
def test_a_computation_without_end_ends_the_process_and_shows_where(act: str) -> None:
    ended = live(act)
    assert ended.returncode == -signal.SIGPROF
    assert "in main" in ended.stderr


def test_who_waits_or_was_frozen_is_spared() -> None:
    assert live("time.sleep(0.9)").returncode == 0


def test_work_that_gives_others_a_turn_may_last_as_long_as_it_likes() -> None:
    busy = "sum([await asyncio.sleep(0, sum(range(100_000))) for _ in range(400)])"
    ended = live(busy)
    assert (ended.returncode, ended.stderr) == (0, "")
