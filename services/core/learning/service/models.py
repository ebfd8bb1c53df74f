"""Lay over the engine what a workspace has learnt; train, watch, promote and roll back."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from services.core.audit import service as audit
from services.core.audit.types import AuditEntry
from services.core.kit import ids
from services.core.kit.errors import NotFoundError
from services.core.kit.uow import Database, UnitOfWork
from services.core.learning import rules, training
from services.core.learning.errors import NoSuchModelError, WorseModelError
from services.core.learning.facts import model_changed
from services.core.learning.overlay import Memory, TailoredClassifier, Weights, weigh
from services.core.learning.repository import corrections as correction_rows
from services.core.learning.repository import models as model_rows
from services.core.learning.repository.models import Heads
from services.core.learning.types import Comparison, Lesson, Model, ModelState
from services.core.stream import service as stream
from services.core.triage.service import Judgement, Question
from services.core.triage.types import Classifier

# The newest corrections a workspace remembers word by word.
MOST_LESSONS = 2_000
MOST_MODELS = 20
# A retrain waits for so many corrections it has not seen.
FEWEST_NEW = 20
_KEPT = 256
_memories: OrderedDict[tuple[UUID, UUID], Memory] = OrderedDict()
_weights: OrderedDict[UUID, Weights] = OrderedDict()


async def tailor(uow: UnitOfWork, classifier: Classifier) -> Classifier:
    """The engine with what this workspace has learnt; the engine itself where that is nothing."""
    heads = await model_rows.get_heads(uow)
    if heads == Heads(None, None, None):
        return classifier
    shadow = None
    if heads.shadow is not None:
        shadow = (heads.shadow, await _read_weights(uow, heads.shadow))
    return TailoredClassifier(
        classifier,
        memory=await _memory(uow, heads.last_lesson) if heads.last_lesson else None,
        last_lesson=heads.last_lesson,
        weights=await _read_weights(uow, heads.active) if heads.active else None,
        shadow=shadow,
    )


async def watch_shadow(
    uow: UnitOfWork,
    classifier: Classifier,
    questions: Sequence[Question],
    judged: Mapping[UUID, Judgement],
) -> None:
    """Keep what the shadow would have said of what was just judged. It has no other effect."""
    if not isinstance(classifier, TailoredClassifier) or classifier.shadow is None:
        return
    model_id, weights = classifier.shadow
    rows = []
    for question in questions:
        in_force = judged[question.message_id].decision
        said = weigh(weights, question.message.text, classifier.base.judge(question.message))
        rows.append(
            {
                "workspace_id": uow.workspace_id,
                "model_id": model_id,
                "message_id": question.message_id,
                "content_rank": question.content_rank,
                "tier": said.tier.value,
                "category": said.category.value,
                "in_force_tier": in_force.tier.value,
                "in_force_category": in_force.category.value,
                "judged_at": uow.now,
            }
        )
    await model_rows.add_shadow_judgements(uow, rows)


async def retrain_due(database: Database, classifier: Classifier) -> int:
    """Train anew where enough was corrected since the last time; returns how many workspaces."""
    async with database.system() as uow:
        due = await model_rows.list_workspaces_to_train(uow, FEWEST_NEW)
    for workspace_id in due:
        await retrain(database, workspace_id, classifier)
    return len(due)


async def retrain(database: Database, workspace_id: UUID, classifier: Classifier) -> Model:
    """Learn weights from all corrections and replayed corpus rows; they enter as the shadow.

    Takes seconds, in a thread and outside any transaction. Announces `model.trained`.
    """
    async with database.read(workspace_id) as uow:
        lessons = await correction_rows.list_lessons(uow, MOST_LESSONS)
        number = await model_rows.get_last_number(uow) + 1
    trained = await asyncio.to_thread(training.train, classifier, lessons, number)
    async with database.unit(workspace_id) as uow:
        return await _enter(uow, classifier, lessons, trained)


async def list_models(uow: UnitOfWork) -> list[Model]:
    """Every model ever trained here, the newest first."""
    return await model_rows.list_models(uow, MOST_MODELS)


async def compare(uow: UnitOfWork, model_id: UUID) -> Comparison:
    """What a shadow said beside the one in force, on live messages and on corrected ones."""
    table = rules.confusion(await model_rows.count_comparison(uow, model_id))
    corrected = await model_rows.count_on_corrections(uow, model_id)
    return Comparison(
        judged=sum(count for row in table.values() for count in row.values()),
        agreement=rules.agreement(table),
        moved=table,
        corrected=corrected.corrected,
        shadow_right=corrected.shadow_right,
        in_force_right=corrected.in_force_right,
    )


async def promote(uow: UnitOfWork, model_id: UUID) -> Model:
    """Put the shadow in force; the one before is retired and can be called back.

    Raises NotFoundError, NoSuchModelError for a model that is no shadow, and WorseModelError when
    it did worse on the frozen set. Announces `model.promoted`.
    """
    states = await model_rows.lock_states(uow)
    model = await _get(uow, model_id)
    if model.state is not ModelState.SHADOW:
        raise NoSuchModelError("Only a shadow can be promoted.")
    if not model.figures["passes"]:
        raise WorseModelError
    before = states.get(ModelState.ACTIVE)
    if before is not None:
        await _retire(uow, before)
    values = {"state": ModelState.ACTIVE.value, "promoted_at": uow.now}
    await model_rows.change_model(
        uow, model_id, values | {"previous_id": before.id if before else None}
    )
    return await _tell(uow, "promoted", model_id)


async def roll_back(uow: UnitOfWork) -> Model | None:
    """Retire the model in force and call back the one before; None means the engine alone.

    Raises NoSuchModelError when no model is in force. Announces `model.retired`.
    """
    active = (await model_rows.lock_states(uow)).get(ModelState.ACTIVE)
    if active is None:
        raise NoSuchModelError("No learnt model is in force; there is nothing to roll back.")
    await _retire(uow, active)
    await _tell(uow, "retired", active.id)
    if active.previous_id is None:
        return None
    values = {"state": ModelState.ACTIVE.value, "retired_at": None, "promoted_at": uow.now}
    await model_rows.change_model(uow, active.previous_id, values)
    return await _tell(uow, "promoted", active.previous_id)


async def _enter(
    uow: UnitOfWork, classifier: Classifier, lessons: Sequence[Lesson], trained: training.Trained
) -> Model:
    if await model_rows.get_last_number(uow) >= trained.weights.number:
        # Another worker trained on the same corrections meanwhile.
        return (await model_rows.list_models(uow, 1))[0]
    shadow = (await model_rows.lock_states(uow)).get(ModelState.SHADOW)
    if shadow is not None:
        values = {"state": ModelState.REJECTED.value, "retired_at": uow.now}
        await model_rows.change_model(uow, shadow.id, values)
    row: dict[str, Any] = {
        "id": ids.new_id(),
        "number": trained.weights.number,
        "state": ModelState.SHADOW.value,
        "base_engine": classifier.engine,
        "base_version": classifier.engine_version,
        "lessons": len(lessons),
        "weights": trained.weights.write(),
        "figures": trained.figures,
        "created_at": uow.now,
        "created_by": uow.actor.id,
    }
    await model_rows.add_model(uow, row)
    return await _tell(uow, "trained", row["id"])


async def _retire(uow: UnitOfWork, model: Model) -> None:
    values = {"state": ModelState.RETIRED.value, "retired_at": uow.now}
    await model_rows.change_model(uow, model.id, values)


async def _tell(uow: UnitOfWork, verb: str, model_id: UUID) -> Model:
    model = await _get(uow, model_id)
    detail = {"number": model.number, "state": model.state.value}
    await audit.record(uow, [AuditEntry(f"model.{verb}", "model", model_id, detail)])
    await stream.announce(uow, [model_changed(verb, model)])
    return model


async def _get(uow: UnitOfWork, model_id: UUID) -> Model:
    model = await model_rows.get_model(uow, model_id)
    if model is None:
        noun = "model"
        raise NotFoundError(noun)
    return model


async def _memory(uow: UnitOfWork, last_lesson: UUID) -> Memory:
    key = (uow.workspace_id, last_lesson)
    if key not in _memories:
        _memories[key] = Memory(await correction_rows.list_lessons(uow, MOST_LESSONS))
        if len(_memories) > _KEPT:
            _memories.popitem(last=False)
    return _memories[key]


async def _read_weights(uow: UnitOfWork, model_id: UUID) -> Weights:
    """Weights never change once written, so they are read once a process."""
    if model_id not in _weights:
        _weights[model_id] = Weights.read(*await model_rows.get_weights(uow, model_id))
        if len(_weights) > _KEPT:
            _weights.popitem(last=False)
    return _weights[model_id]
