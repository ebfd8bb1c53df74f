"""SQL of channels and their secrets."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, select, update

from services.core.alerts.models import ChannelRow
from services.core.alerts.types import Channel, ChannelKind
from services.core.kit.uow import UnitOfWork


def _read(row: Row[Any], uow: UnitOfWork) -> Channel:
    old_is_live = row.old_secret_until is not None and row.old_secret_until > uow.real_now
    secrets = (row.secret, row.old_secret if old_is_live else None)
    return Channel(
        id=row.id,
        name=row.name,
        kind=ChannelKind(row.kind),
        config=row.config,
        enabled=row.enabled,
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
        secrets=tuple(secret for secret in secrets if secret),
        paused_at=row.paused_at,
        paused_reason=row.paused_reason,
    )


async def list_channels(uow: UnitOfWork) -> list[Channel]:
    """Channels not archived, by name."""
    query = (
        select(ChannelRow.__table__)
        .where(ChannelRow.workspace_id == uow.workspace_id, ChannelRow.archived_at.is_(None))
        .order_by(ChannelRow.name, ChannelRow.id)
    )
    return [_read(row, uow) for row in await uow.execute(query)]


async def get_channel(uow: UnitOfWork, channel_id: UUID, *, lock: bool = False) -> Channel | None:
    query = select(ChannelRow.__table__).where(
        ChannelRow.workspace_id == uow.workspace_id,
        ChannelRow.id == channel_id,
        ChannelRow.archived_at.is_(None),
    )
    row = (await uow.execute(query.with_for_update() if lock else query)).one_or_none()
    return _read(row, uow) if row else None


async def add_channel(uow: UnitOfWork, values: dict[str, Any]) -> None:
    row = {
        "workspace_id": uow.workspace_id,
        "version": 1,
        "created_at": uow.real_now,
        "updated_at": uow.real_now,
        **values,
    }
    await uow.execute(insert(ChannelRow).values(row))


async def change_channel(uow: UnitOfWork, channel_id: UUID, values: dict[str, Any]) -> None:
    await uow.execute(
        update(ChannelRow)
        .where(ChannelRow.workspace_id == uow.workspace_id, ChannelRow.id == channel_id)
        .values(**values, version=ChannelRow.version + 1, updated_at=uow.real_now)
    )
