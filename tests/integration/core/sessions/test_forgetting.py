"""What opens nothing any more is deleted in time; what still opens something stays."""

from datetime import timedelta

from services.core.kit.clock import FrozenClock
from services.core.kit.uow import Database
from services.core.sessions import service as sessions
from services.core.sessions.hashing import Hashing
from services.core.sessions.types import Attempt, Place, Terms
from services.core.signin import service as signin
from services.core.workspaces.types import Workspace
from tests.support.line import NOON
from tests.support.people import PASSWORD, make_person

DAY = timedelta(days=1)
FLOW = """
INSERT INTO sign_in_flows (workspace_id, id, state_hash, browser_hash, nonce, verifier,
  redirect_uri, return_to, created_at, expires_at)
VALUES (:workspace_id, gen_random_uuid(), sha256('s'), sha256('b'), 'n', 'v', '', '/', :now, :now)
"""
LEFT = """
SELECT (SELECT count(*) FROM sessions), (SELECT count(*) FROM invitations),
  (SELECT count(*) FROM sign_in_guesses WHERE trusted_until IS NULL),
  (SELECT count(*) FROM sign_in_guesses), (SELECT count(*) FROM sign_in_flows)
"""


async def test_old_rows_go_and_trusted_places_stay_as_long_as_they_are(
    database: Database, workspace: Workspace
) -> None:
    clock = FrozenClock(NOON)
    frozen = Database(database.engine, clock)
    hashing, place = Hashing(), Place("203.0.113.7")
    terms = Terms(idle=DAY, absolute=DAY)
    lin = await make_person(frozen, workspace.id)
    await make_person(frozen, workspace.id, "mei")
    await sessions.accept(frozen, hashing, lin.invitation, PASSWORD, place=place, terms=terms)
    attempt = Attempt("lin@example.com", PASSWORD)
    await sessions.sign_in(frozen, hashing, attempt, place=place, terms=terms)
    async with frozen.unit(workspace.id) as uow:
        await uow.execute(FLOW, {"workspace_id": workspace.id, "now": NOON + DAY})

    async def left_after(days: int) -> list[int]:
        clock.advance(days * DAY)
        await sessions.forget_old(frozen)
        await signin.forget_old(frozen)
        async with frozen.system() as uow:
            return list((await uow.execute(LEFT)).one())

    assert await left_after(1) == [2, 1, 2, 3, 1]
    assert await left_after(29) == [2, 1, 2, 3, 0]
    assert await left_after(2) == [0, 0, 0, 1, 0]
    assert await left_after(90) == [0, 0, 0, 0, 0]
    hashing.close()
