"""The one orderly end of `warmline up`."""

import asyncio
import signal

import pytest

from services.cli.up import Ending


def test_an_interrupt_before_the_loop_is_raised_there_and_then() -> None:
    with pytest.raises(KeyboardInterrupt):
        Ending()._handle(signal.SIGINT, None)


async def test_an_interrupt_that_got_lost_on_its_way_is_honoured_when_the_loop_begins() -> None:
    ending, stop = Ending(), asyncio.Event()
    with pytest.raises(KeyboardInterrupt):
        ending._handle(signal.SIGINT, None)  # as if a destructor had swallowed it
    ending.bind(stop)
    assert stop.is_set()


async def test_nobody_has_asked_for_an_end_when_the_loop_begins() -> None:
    ending, stop = Ending(), asyncio.Event()
    ending.bind(stop)
    assert not stop.is_set()
