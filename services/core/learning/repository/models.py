"""SQL of learnt models: their states, what a shadow said, how far corrections have gone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, update
from sqlalchemy.dialects.postgresql import insert as upsert

from services.core.kit.uow import UnitOfWork
from services.core.learning.models import ShadowJudgementRow, TriageModelRow
from services.core.learning.types import Model, ModelState

# One small statement a batch: what the workspace has learnt so far, by name.
HEADS = """
SELECT
  (SELECT id FROM corrections WHERE workspace_id = :workspace_id
   ORDER BY decided_at DESC, id DESC LIMIT 1) AS last_lesson,
  (SELECT id FROM triage_models
   WHERE workspace_id = :workspace_id AND state = 'active') AS active,
  (SELECT id FROM triage_models
   WHERE workspace_id = :workspace_id AND state = 'shadow') AS shadow
"""

MODELS = """
SELECT * FROM triage_models WHERE workspace_id = :workspace_id {conditions}
ORDER BY number DESC LIMIT :limit
"""

WORKSPACES_TO_TRAIN = """
SELECT c.workspace_id FROM corrections c
LEFT JOIN (
  SELECT workspace_id, max(created_at) AS at FROM triage_models GROUP BY 1
) AS last USING (workspace_id)
WHERE last.at IS NULL OR c.decided_at > last.at
GROUP BY c.workspace_id HAVING count(*) >= :fewest LIMIT 20
"""

COMPARISON = """
SELECT s.tier, s.in_force_tier, count(*) AS messages FROM shadow_judgements s
WHERE s.workspace_id = :workspace_id AND s.model_id = :model_id GROUP BY 1, 2
"""

ON_CORRECTIONS = """
SELECT count(*) AS corrected, count(*) FILTER (WHERE s.tier = c.tier) AS shadow_right,
  count(*) FILTER (WHERE s.in_force_tier = c.tier) AS in_force_right
FROM shadow_judgements s
JOIN corrections c ON c.workspace_id = s.workspace_id AND c.message_id = s.message_id
  AND c.content_rank = s.content_rank
WHERE s.workspace_id = :workspace_id AND s.model_id = :model_id
"""


@dataclass(frozen=True, slots=True)
class Heads:
    """Names of what a workspace has learnt; None where there is nothing."""

    last_lesson: UUID | None
    active: UUID | None
    shadow: UUID | None


async def get_heads(uow: UnitOfWork) -> Heads:
    row = (await uow.execute(HEADS, {"workspace_id": uow.workspace_id})).one()
    return Heads(row.last_lesson, row.active, row.shadow)


async def list_models(uow: UnitOfWork, limit: int) -> list[Model]:
    """The newest first."""
    return [_read(row) for row in await _rows(uow, "", limit=limit)]


async def get_model(uow: UnitOfWork, model_id: UUID) -> Model | None:
    rows = await _rows(uow, "AND id = :id", id=model_id, limit=1)
    return _read(rows[0]) if rows else None


async def get_weights(uow: UnitOfWork, model_id: UUID) -> tuple[int, dict[str, Any]]:
    """The model's number and its weights."""
    (row,) = await _rows(uow, "AND id = :id", id=model_id, limit=1)
    return row.number, row.weights


async def lock_states(uow: UnitOfWork) -> dict[ModelState, Model]:
    """The active model and the shadow, held until the unit ends: people change them one by one."""
    statement = MODELS.format(conditions="AND state IN ('active', 'shadow')") + " FOR UPDATE"
    rows = await uow.execute(statement, {"workspace_id": uow.workspace_id, "limit": 2})
    return {model.state: model for model in map(_read, rows)}


async def get_last_number(uow: UnitOfWork) -> int:
    rows = await _rows(uow, "", limit=1)
    return rows[0].number if rows else 0


async def add_model(uow: UnitOfWork, row: dict[str, Any]) -> None:
    await uow.execute(insert(TriageModelRow).values(workspace_id=uow.workspace_id, **row))


async def change_model(uow: UnitOfWork, model_id: UUID, values: dict[str, Any]) -> None:
    await uow.execute(
        update(TriageModelRow)
        .where(TriageModelRow.workspace_id == uow.workspace_id, TriageModelRow.id == model_id)
        .values(values)
    )


async def list_workspaces_to_train(uow: UnitOfWork, fewest: int) -> list[UUID]:
    return list((await uow.execute(WORKSPACES_TO_TRAIN, {"fewest": fewest})).scalars())


async def add_shadow_judgements(uow: UnitOfWork, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        await uow.execute(upsert(ShadowJudgementRow).on_conflict_do_nothing(), list(rows))


async def count_comparison(uow: UnitOfWork, model_id: UUID) -> list[tuple[str, str, int]]:
    """(in force, shadow, messages)."""
    parameters = {"workspace_id": uow.workspace_id, "model_id": model_id}
    rows = await uow.execute(COMPARISON, parameters)
    return [(row.in_force_tier, row.tier, row.messages) for row in rows]


async def count_on_corrections(uow: UnitOfWork, model_id: UUID) -> Row[Any]:
    parameters = {"workspace_id": uow.workspace_id, "model_id": model_id}
    return (await uow.execute(ON_CORRECTIONS, parameters)).one()


async def _rows(uow: UnitOfWork, conditions: str, **bound: Any) -> list[Row[Any]]:
    statement = MODELS.format(conditions=conditions)
    return list(await uow.execute(statement, {"workspace_id": uow.workspace_id} | bound))


def _read(row: Row[Any]) -> Model:
    return Model(
        id=row.id,
        number=row.number,
        state=ModelState(row.state),
        base_engine=row.base_engine,
        base_version=row.base_version,
        lessons=row.lessons,
        figures=row.figures,
        created_at=row.created_at,
        created_by=row.created_by,
        promoted_at=row.promoted_at,
        retired_at=row.retired_at,
        previous_id=row.previous_id,
    )
