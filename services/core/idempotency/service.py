"""Do a call once: claim it before its effect, keep its answer with the effect, tell it again."""

from sqlalchemy.exc import DBAPIError

from services.core.idempotency import repository, rules
from services.core.idempotency.errors import CallInProgressError
from services.core.idempotency.types import Answer, Call
from services.core.kit.uow import Database, UnitOfWork

BATCH = 1_000
_LOCK_NOT_AVAILABLE = "55P03"


async def claim(uow: UnitOfWork, call: Call) -> Answer | None:
    """None when the call is ours to do, in this unit; else the answer it got before.

    Waits for a twin in another unit, as long as for any lock. What a unit that was rolled back
    had claimed is free. Raises CallInProgressError, ReusedIdempotencyKeyError, AnswerNotKeptError.
    """
    try:
        ours = await repository.claim(uow, call, rules.forgotten_before(uow.real_now))
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == _LOCK_NOT_AVAILABLE:
            raise CallInProgressError from error
        raise
    if ours:
        return None
    kept = await repository.get(uow, call)
    if kept is None:
        # Forgotten between the two statements: whoever asks again does it.
        raise CallInProgressError
    return rules.answer_again(kept, call.fingerprint)


async def keep(uow: UnitOfWork, call: Call, answer: Answer, *, shows_secret: bool = False) -> None:
    """Keep the answer of a call that was claimed in this unit, for 24 hours."""
    await repository.keep(uow, call, rules.worth_keeping(answer, shows_secret=shows_secret))


async def forget(database: Database) -> int:
    """Drop some of what is older than 24 hours; returns how many."""
    async with database.system() as uow:
        return await repository.forget(uow, rules.forgotten_before(uow.real_now), BATCH)
