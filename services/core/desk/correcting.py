"""A person says what a message is: its case is folded anew and its promise counts from arrival."""

from datetime import timedelta
from uuid import UUID

from services.core.conversations import service as conversations
from services.core.conversations.types import Direction, Touched, Verdict
from services.core.desk import service as desk
from services.core.kit.uow import UnitOfWork
from services.core.learning import service as learning
from services.core.learning.errors import NotJudgedError
from services.core.learning.types import Correction
from services.core.triage.types import Tier


async def correct(
    uow: UnitOfWork, message_id: UUID, said: Correction, *, grace: timedelta = desk.GRACE
) -> UUID:
    """Put a person's judgement of a message in force; returns its id.

    The time that has gone stays gone. No step that lies behind fires at once: a promise found
    broken is recorded as such and alarms somebody after `grace`, once, unless it is answered by
    then. Raises NotFoundError, NotJudgedError, InvalidInputError.
    """
    message = await conversations.hold_message(uow, message_id)
    if message.content_at is None or message.direction != Direction.INBOUND:
        raise NotJudgedError
    corrected = await learning.correct(uow, message_id, message.content_rank, said)
    labels = corrected.labels
    verdict = Verdict(
        judgement_id=corrected.judgement_id,
        tier=labels.tier.value,
        category=labels.category.value,
        sentiment=labels.sentiment.value,
        needs_reply=labels.needs_reply,
    )
    await conversations.put_in_force(uow, message_id, verdict)
    if message.thread_id is not None:
        touched = [Touched(message.thread_id, message.occurred_at)]
        await desk.settle(uow, touched, resolution="judged anew", grace=grace)
    return corrected.judgement_id


async def check_sample(
    uow: UnitOfWork,
    sample_id: UUID,
    *,
    tier: Tier,
    note: str | None = None,
    grace: timedelta = desk.GRACE,
) -> UUID:
    """What a person finds a sampled message to be: counted, and put in force like any correction.

    Returns the message's id. Raises NotFoundError, NotJudgedError.
    """
    sample = await learning.hold_sample(uow, sample_id)
    message_id: UUID = sample.message_id
    await correct(uow, message_id, Correction(tier=tier, note=note), grace=grace)
    await learning.check_sample(uow, sample_id, tier)
    return message_id
