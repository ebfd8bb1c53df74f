"""SQL of judgements: append, never overwrite."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import insert as plain_insert
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from services.core.kit.uow import UnitOfWork
from services.core.triage.models import JudgementRow


async def add_judgements(uow: UnitOfWork, rows: Sequence[dict[str, Any]]) -> None:
    """Add what is new; the same judgement of the same text is one row."""
    if rows:
        await uow.execute(insert(JudgementRow).on_conflict_do_nothing(), rows)


async def copy_judgement(
    uow: UnitOfWork, message_id: UUID, *, judgement_id: UUID, values: dict[str, Any]
) -> None:
    """Add a judgement like the message's newest one, but for these values."""
    query = (
        select(JudgementRow.__table__)
        .where(JudgementRow.workspace_id == uow.workspace_id, JudgementRow.message_id == message_id)
        .order_by(JudgementRow.decided_at.desc())
        .limit(1)
    )
    row = (await uow.execute(query)).one()
    copied = dict(row._mapping) | values  # noqa: SLF001 - SQLAlchemy's public name for it
    copied |= {"id": judgement_id, "decided_at": uow.now}
    await uow.execute(plain_insert(JudgementRow).values(copied))
