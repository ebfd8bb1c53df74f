"""A thousand guesses at once are a thousand guesses, and nobody's password takes no less time."""

import asyncio
from datetime import timedelta

import pytest

from services.core.kit.clock import FrozenClock
from services.core.kit.errors import UnavailableError
from services.core.kit.uow import Database
from services.core.sessions import rules
from services.core.sessions import service as sessions
from services.core.sessions.errors import TooManyGuessesError, WrongPasswordError
from services.core.sessions.hashing import Hashing
from services.core.sessions.types import Attempt, Place, Suspect, Terms
from services.core.workspaces.types import Workspace
from tests.support.line import NOON
from tests.support.people import PASSWORD, make_person

TERMS = Terms(idle=timedelta(days=1), absolute=timedelta(days=1))


async def test_guesses_at_once_are_counted_one_by_one(
    database: Database, workspace: Workspace
) -> None:
    frozen = Database(database.engine, FrozenClock(NOON))
    await make_person(frozen, workspace.id)
    hashing, place = Hashing(), Place("203.0.113.7")

    async def guess(number: int) -> type[Exception] | None:
        try:
            attempt = Attempt("lin@example.com", f"wrong {number}")
            await sessions.sign_in(frozen, hashing, attempt, place=place, terms=TERMS)
        except (WrongPasswordError, TooManyGuessesError) as error:
            return type(error)
        return None

    outcomes = await asyncio.gather(*(guess(number) for number in range(20)))
    # The fifth is still heard, and is the one that makes the others wait.
    assert outcomes.count(WrongPasswordError) == rules.FREE[Suspect.PAIR]
    assert outcomes.count(TooManyGuessesError) == 20 - rules.FREE[Suspect.PAIR]
    hashing.close()


async def test_too_many_at_once_are_sent_away_before_they_cost_anything() -> None:
    hashing = Hashing(at_once=1, max_waiting=1)
    stored = await hashing.hash(PASSWORD)
    answers = await asyncio.gather(
        *(hashing.fits(stored, PASSWORD) for _ in range(6)), return_exceptions=True
    )
    assert answers[:2] == [True, True]
    assert all(isinstance(answer, UnavailableError) for answer in answers[2:])
    assert not await hashing.fits(stored, "another")
    assert not await hashing.fits("not a hash", PASSWORD)
    # What nobody's password is compared with opens nothing either.
    assert not await hashing.fits(None, "nobody's")
    hashing.close()


async def test_a_refused_guess_says_when_to_come_back(
    database: Database, workspace: Workspace
) -> None:
    clock = FrozenClock(NOON)
    frozen = Database(database.engine, clock)
    hashing, place = Hashing(), Place("203.0.113.8")
    attempt = Attempt(f"nobody@{workspace.slug}.example", "wrong")
    for _ in range(rules.FREE[Suspect.PAIR]):
        with pytest.raises(WrongPasswordError):
            await sessions.sign_in(frozen, hashing, attempt, place=place, terms=TERMS)
    with pytest.raises(TooManyGuessesError) as refused:
        await sessions.sign_in(frozen, hashing, attempt, place=place, terms=TERMS)
    clock.advance(timedelta(seconds=refused.value.retry_after or 0))
    with pytest.raises(WrongPasswordError):
        await sessions.sign_in(frozen, hashing, attempt, place=place, terms=TERMS)
    hashing.close()
