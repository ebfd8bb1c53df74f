"""SQL of judgements: append, never overwrite."""

from collections.abc import Sequence
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import Table, insert, select

from services.core.kit.bulk import insert_rows
from services.core.kit.uow import UnitOfWork
from services.core.triage.models import JudgementRow

JUDGEMENTS: Final = cast("Table", JudgementRow.__table__)


async def add_judgements(uow: UnitOfWork, rows: Sequence[dict[str, Any]]) -> None:
    """Add what is new; the same judgement of the same text is one row."""
    await insert_rows(uow, JUDGEMENTS, rows, conflict="ON CONFLICT DO NOTHING")


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
    await uow.execute(insert(JudgementRow).values(copied))
