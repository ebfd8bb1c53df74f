"""SQL of the test clock."""

from datetime import datetime, timedelta

from sqlalchemy import insert, select, update

from services.core.kit.uow import UnitOfWork
from services.core.sandbox.models import SandboxClockRow


async def add_clock(uow: UnitOfWork) -> None:
    values = {"workspace_id": uow.workspace_id, "ahead": timedelta(), "moved_at": uow.real_now}
    await uow.execute(insert(SandboxClockRow).values(**values))


async def get_ahead(uow: UnitOfWork, *, lock: bool = False) -> timedelta | None:
    """None when this workspace is no sandbox."""
    query = select(SandboxClockRow.ahead).where(SandboxClockRow.workspace_id == uow.workspace_id)
    found: timedelta | None = (
        await uow.execute(query.with_for_update() if lock else query)
    ).scalar_one_or_none()
    return found


async def set_ahead(uow: UnitOfWork, ahead: timedelta, moved_at: datetime) -> None:
    await uow.execute(
        update(SandboxClockRow)
        .where(SandboxClockRow.workspace_id == uow.workspace_id)
        .values(ahead=ahead, moved_at=moved_at)
    )
