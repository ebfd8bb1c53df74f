"""SQL of judgements: append, never overwrite."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.dialects.postgresql import insert

from services.core.kit.uow import UnitOfWork
from services.core.triage.models import JudgementRow


async def add_judgements(uow: UnitOfWork, rows: Sequence[dict[str, Any]]) -> None:
    """Add what is new; the same judgement of the same text is one row."""
    if rows:
        await uow.execute(insert(JudgementRow).on_conflict_do_nothing(), rows)
