"""Judge messages and keep every judgement with its reasons."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.core.kit import ids
from services.core.kit.uow import UnitOfWork
from services.core.triage import repository
from services.core.triage.types import Classifier, Decision, Tier, TriageInput

# Judged together, messages share the passes over them. After so many letters, others have their
# turn of the loop: 32,000 take about 20 ms, and a text of the greatest length makes its own batch.
JUDGED_IN_A_ROW = 32_000
ENGINE = "engine"
MEMBER = "member"


@dataclass(frozen=True, slots=True)
class Question:
    """One text to judge: whose, in which version, and what the engine may know of it."""

    message_id: UUID
    content_rank: str
    message: TriageInput


@dataclass(frozen=True, slots=True)
class Judgement:
    """A decision with the id it is kept under."""

    id: UUID
    decision: Decision


def judgement_id(message_id: UUID, content_rank: str, classifier: Classifier) -> UUID:
    """The same text judged by the same engine and rules has one judgement, however often."""
    versions = (classifier.engine, classifier.engine_version, classifier.rules_version)
    return ids.derived_id(message_id, "judgement", content_rank, *versions)


async def judge(
    uow: UnitOfWork, classifier: Classifier, questions: Sequence[Question]
) -> dict[UUID, Judgement]:
    """Decide each text and keep the decisions; returns them by message."""
    judgements: dict[UUID, Judgement] = {}
    for batch in _batches(questions):
        decisions = classifier.judge_many([question.message for question in batch])
        for question, decision in zip(batch, decisions, strict=True):
            key = judgement_id(question.message_id, question.content_rank, classifier)
            judgements[question.message_id] = Judgement(key, decision)
        await asyncio.sleep(0)
    rows = [_row(uow, question, judgements[question.message_id]) for question in questions]
    await repository.add_judgements(uow, rows)
    return judgements


async def record_retier(uow: UnitOfWork, message_id: UUID, *, tier: Tier, note: str | None) -> None:
    """Keep a person's tier beside the engine's judgement; neither replaces the other."""
    await record_retiers(uow, [message_id], tier=tier, note=note)


async def record_retiers(
    uow: UnitOfWork, message_ids: Sequence[UUID], *, tier: Tier, note: str | None
) -> None:
    """The same for many messages that were judged; at least one."""
    fresh_ids = {message_id: ids.new_id() for message_id in message_ids}
    values = {"decided_by": MEMBER, "actor_id": uow.actor.id, "tier": tier.value, "note": note}
    await repository.copy_judgements(uow, fresh_ids, values)


def tell_reasons(decision: Decision) -> list[dict[str, Any]]:
    """Reasons as a judgement keeps them."""
    return [
        {
            "cue": reason.cue,
            "start": reason.start,
            "end": reason.end,
            "effect": reason.effect,
            "weight": reason.weight,
        }
        for reason in decision.reasons
    ]


def _batches(questions: Sequence[Question]) -> Iterator[list[Question]]:
    """Cut where the letters would become too many; one text is never cut."""
    batch: list[Question] = []
    letters = 0
    for question in questions:
        length = len(question.message.text)
        if batch and letters + length > JUDGED_IN_A_ROW:
            yield batch
            batch, letters = [], 0
        batch.append(question)
        letters += length
    if batch:
        yield batch


def _row(uow: UnitOfWork, question: Question, judgement: Judgement) -> dict[str, Any]:
    decision = judgement.decision
    return {
        "workspace_id": uow.workspace_id,
        "id": judgement.id,
        "message_id": question.message_id,
        "content_rank": question.content_rank,
        "decided_by": ENGINE,
        "actor_id": None,
        "tier": decision.tier.value,
        "category": decision.category.value,
        "sentiment": decision.sentiment.value,
        "needs_reply": decision.needs_reply,
        "language": decision.language.value,
        "spam_score": decision.spam_score,
        "hide": decision.hide,
        "confidence": decision.confidence,
        "dm_category": decision.dm_category,
        "negative_subtype": decision.negative_subtype,
        "flags": list(decision.flags),
        "reasons": tell_reasons(decision),
        "engine": decision.engine,
        "engine_version": decision.engine_version,
        "rules_version": decision.rules_version,
        "note": None,
        "decided_at": uow.now,
    }
