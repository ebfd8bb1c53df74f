"""A person's judgement of a message, kept beside the machine's."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from services.core.audit import service as audit
from services.core.audit.types import AuditEntry
from services.core.kit import ids
from services.core.kit.uow import UnitOfWork
from services.core.learning import rules
from services.core.learning.errors import NotJudgedError
from services.core.learning.facts import message_corrected
from services.core.learning.repository import corrections as correction_rows
from services.core.learning.types import Correction, Labels
from services.core.stream import service as stream
from services.core.triage.service import MEMBER
from services.core.triage.types import Category, Sentiment, Tier

_ABOUT_A_CASE = {Category.COMPLAINT, Category.NEGATIVE_FEEDBACK}


@dataclass(frozen=True, slots=True)
class Corrected:
    """A person's judgement, as it is kept."""

    judgement_id: UUID
    labels: Labels


async def correct(
    uow: UnitOfWork, message_id: UUID, content_rank: str, said: Correction
) -> Corrected:
    """Keep what a person says of the text they read, beside what the machine said of it.

    The caller holds the message and puts the labels in force. Saying what the machine said
    confirms it, which is kept as well. Announces `message.corrected`. Raises NotJudgedError,
    and InvalidInputError for a correction that says nothing or contradicts itself.
    """
    known = await correction_rows.list_judgements(uow, message_id, content_rank)
    machine = next((row for row in known if row.decided_by != MEMBER), None)
    if machine is None:
        raise NotJudgedError
    was = _labels(known[0])
    labels = rules.settle(was, said)
    corrected = Corrected(ids.new_id(), labels)
    await correction_rows.add_judgement(uow, _judgement(uow, known[0], corrected, said))
    await correction_rows.add_correction(uow, _correction(uow, machine, corrected))
    told = {
        "judgement_id": str(corrected.judgement_id),
        "tier": labels.tier.value,
        "category": labels.category.value,
        "with_note": said.note is not None,
    }
    await audit.record(uow, [AuditEntry("message.corrected", "message", message_id, told)])
    await stream.announce(uow, [message_corrected(message_id, corrected.judgement_id, was, labels)])
    return corrected


async def list_by_people(uow: UnitOfWork, judgement_ids: Sequence[UUID]) -> set[UUID]:
    """Which of these judgements a person made: no engine overrules those."""
    if not judgement_ids:
        return set()
    return await correction_rows.list_by_people(uow, judgement_ids)


def _labels(row: Row[Any]) -> Labels:
    return Labels(Tier(row.tier), Category(row.category), Sentiment(row.sentiment), row.needs_reply)


def _judgement(
    uow: UnitOfWork, last: Row[Any], corrected: Corrected, said: Correction
) -> dict[str, Any]:
    """Like the last one but for what was said; the machine's reasons are not the person's."""
    labels = corrected.labels
    spam = labels.tier is Tier.SPAM
    values = dict(last._mapping) | {  # noqa: SLF001 - SQLAlchemy's public name for it
        "id": corrected.judgement_id,
        "decided_by": MEMBER,
        "actor_id": uow.actor.id,
        "tier": labels.tier.value,
        "category": labels.category.value,
        "sentiment": labels.sentiment.value,
        "needs_reply": labels.needs_reply,
        "spam_score": 1.0 if spam else 0.0,
        # Hiding is an act of its own; calling something spam does not yet hide it.
        "hide": bool(last.hide and spam),
        "confidence": 1.0,
        "reasons": [],
        "note": said.note,
        "decided_at": uow.now,
    }
    if labels.category not in _ABOUT_A_CASE:
        values["negative_subtype"] = None
    return values


def _correction(uow: UnitOfWork, machine: Row[Any], corrected: Corrected) -> dict[str, Any]:
    labels = corrected.labels
    return {
        "workspace_id": uow.workspace_id,
        "id": corrected.judgement_id,
        "message_id": machine.message_id,
        "content_rank": machine.content_rank,
        "machine_judgement_id": machine.id,
        "machine_tier": machine.tier,
        "machine_category": machine.category,
        "machine_sentiment": machine.sentiment,
        "machine_needs_reply": machine.needs_reply,
        "tier": labels.tier.value,
        "category": labels.category.value,
        "sentiment": labels.sentiment.value,
        "needs_reply": labels.needs_reply,
        "decided_at": uow.now,
        "actor_id": uow.actor.id,
    }
