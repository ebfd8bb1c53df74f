"""SQL of judgements: append, never overwrite."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import Table, insert, select
from sqlalchemy.dialects.postgresql import distinct_on

from services.core.kit.bulk import insert_rows
from services.core.kit.uow import UnitOfWork
from services.core.triage.models import JudgementRow

JUDGEMENTS: Final = cast("Table", JudgementRow.__table__)


async def add_judgements(uow: UnitOfWork, rows: Sequence[dict[str, Any]]) -> None:
    """Add what is new; the same judgement of the same text is one row."""
    await insert_rows(uow, JUDGEMENTS, rows, conflict="ON CONFLICT DO NOTHING")


async def copy_judgements(
    uow: UnitOfWork, fresh_ids: Mapping[UUID, UUID], values: dict[str, Any]
) -> None:
    """Add a judgement like each message's newest one, but for these values.

    `fresh_ids` are those of the new ones, by message.
    """
    query = (
        select(JudgementRow.__table__)
        .where(
            JudgementRow.workspace_id == uow.workspace_id,
            JudgementRow.message_id.in_(list(fresh_ids)),
        )
        .ext(distinct_on(JudgementRow.message_id))
        .order_by(JudgementRow.message_id, JudgementRow.decided_at.desc())
    )
    same = values | {"decided_at": uow.now}
    copied = [
        dict(row) | same | {"id": fresh_ids[row["message_id"]]}
        for row in (await uow.execute(query)).mappings()
    ]
    await uow.execute(insert(JudgementRow), copied)
