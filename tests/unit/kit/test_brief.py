"""Lookups are remembered for a moment, asked once for many, and forgotten in time."""

import asyncio

import pytest

from services.core.kit.brief import BriefMemory


class Hands:
    """A clock whose hands are moved by the test."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def read(self) -> float:
        return self.seconds


class Book:
    """Something to look things up in, that counts how often it was opened."""

    def __init__(self) -> None:
        self.opened = 0

    async def look_up(self) -> int:
        self.opened += 1
        await asyncio.sleep(0)
        return self.opened


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def memory(hands: Hands) -> BriefMemory[str, int]:
    return BriefMemory(max_entries=2, read_seconds=hands.read)


async def test_an_answer_is_remembered_for_less_than_a_second(
    memory: BriefMemory[str, int], hands: Hands
) -> None:
    book = Book()
    answers = []
    for at in (0.0, 0.99, 1.0, 1.5):
        hands.seconds = at
        answers.append(await memory.ask("a", book.look_up))
    assert answers == [1, 1, 2, 2]


async def test_the_age_counts_from_the_question_not_the_answer(
    memory: BriefMemory[str, int], hands: Hands
) -> None:
    book = Book()

    async def slow() -> int:
        hands.seconds += 0.9
        return await book.look_up()

    await memory.ask("a", slow)
    hands.seconds += 0.2
    await memory.ask("a", slow)
    assert book.opened == 2


async def test_many_who_ask_at_once_wait_for_one_lookup(memory: BriefMemory[str, int]) -> None:
    book = Book()
    answers = await asyncio.gather(*(memory.ask("a", book.look_up) for _ in range(50)))
    assert set(answers) == {1}


async def test_an_error_is_told_and_not_remembered(memory: BriefMemory[str, int]) -> None:
    async def fail() -> int:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await memory.ask("a", fail)
    assert await memory.ask("a", Book().look_up) == 1


async def test_many_who_wait_for_one_lookup_share_its_error(memory: BriefMemory[str, int]) -> None:
    """Else a database that says nothing is asked by each in turn, a timeout after the other."""
    asked = 0

    async def fail() -> int:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0)
        raise ConnectionError

    waiting = (memory.ask("a", fail) for _ in range(50))
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert {type(answer) for answer in answers} == {ConnectionError}
    assert asked == 1
    assert await memory.ask("a", Book().look_up) == 1


async def test_a_caller_who_gives_up_does_not_take_the_others_along(
    memory: BriefMemory[str, int],
) -> None:
    book, asked = Book(), asyncio.Event()

    async def hang() -> int:
        asked.set()
        await asyncio.Event().wait()
        return 0

    first = asyncio.create_task(memory.ask("a", hang))
    await asked.wait()
    second = asyncio.create_task(memory.ask("a", book.look_up))
    first.cancel()
    assert await second == 1


async def test_the_memory_is_bounded(memory: BriefMemory[str, int]) -> None:
    book = Book()
    for key in ("a", "b", "c", "a"):
        await memory.ask(key, book.look_up)
    assert book.opened == 4
    await memory.ask("c", book.look_up)
    assert book.opened == 4
