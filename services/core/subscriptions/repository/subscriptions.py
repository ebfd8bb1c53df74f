"""SQL of subscriptions and their secrets."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, insert, select, update

from services.core.kit import ids
from services.core.kit.uow import UnitOfWork
from services.core.subscriptions.models import SubscriptionRow
from services.core.subscriptions.types import Ordering, PauseReason, Subscription, Wish
from services.core.triage.types import Tier

SOURCES = """
SELECT id FROM sources WHERE workspace_id = :workspace_id AND id = ANY(CAST(:ids AS uuid[]))
"""

TURN = "SELECT pg_advisory_xact_lock(:key)"


def read_row(row: Row[Any], uow: UnitOfWork) -> Subscription:
    """A subscription out of a whole row."""
    old_signs = row.old_secret_until is not None and row.old_secret_until > uow.real_now
    secrets = (row.secret, row.old_secret if old_signs else None)
    tiers = tuple(Tier(tier) for tier in row.tiers)
    return Subscription(
        id=row.id,
        name=row.name,
        url=row.url,
        wish=Wish(tuple(row.kinds), tiers, tuple(row.source_ids)),
        ordering=Ordering(row.ordering),
        enabled=row.enabled,
        position=row.position,
        paused_at=row.paused_at,
        pause_reason=PauseReason(row.pause_reason) if row.pause_reason else None,
        failing_since=row.failing_since,
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
        secrets=tuple(secret for secret in secrets if secret),
    )


async def list_known_sources(uow: UnitOfWork, source_ids: Sequence[UUID]) -> set[UUID]:
    """Those of them that are this workspace's."""
    bound = {"workspace_id": uow.workspace_id, "ids": list(source_ids)}
    return set((await uow.execute(SOURCES, bound)).scalars())


async def take_turns(uow: UnitOfWork) -> None:
    """Until this transaction ends, nobody else adds a subscription to the workspace."""
    # Any 63 bits that differ by workspace will do.
    key = ids.derived_id("subscriptions", uow.workspace_id).int >> 65
    await uow.execute(TURN, {"key": key})


async def list_subscriptions(uow: UnitOfWork) -> list[Subscription]:
    """Those not archived, by name."""
    query = (
        select(SubscriptionRow.__table__)
        .where(
            SubscriptionRow.workspace_id == uow.workspace_id,
            SubscriptionRow.archived_at.is_(None),
        )
        .order_by(SubscriptionRow.name, SubscriptionRow.id)
    )
    return [read_row(row, uow) for row in await uow.execute(query)]


async def get_subscription(
    uow: UnitOfWork, subscription_id: UUID, *, lock: bool = False
) -> Subscription | None:
    query = select(SubscriptionRow.__table__).where(
        SubscriptionRow.workspace_id == uow.workspace_id,
        SubscriptionRow.id == subscription_id,
        SubscriptionRow.archived_at.is_(None),
    )
    row = (await uow.execute(query.with_for_update() if lock else query)).one_or_none()
    return read_row(row, uow) if row else None


async def count_subscriptions(uow: UnitOfWork) -> int:
    query = select(func.count()).where(
        SubscriptionRow.workspace_id == uow.workspace_id, SubscriptionRow.archived_at.is_(None)
    )
    return int((await uow.execute(query)).scalar_one())


async def add_subscription(uow: UnitOfWork, values: dict[str, Any]) -> None:
    row = {
        "workspace_id": uow.workspace_id,
        "version": 1,
        "created_at": uow.real_now,
        "updated_at": uow.real_now,
        **values,
    }
    await uow.execute(insert(SubscriptionRow).values(row))


async def pause(uow: UnitOfWork, subscription_id: UUID, reason: PauseReason) -> Subscription | None:
    """None when it was paused already, or archived."""
    statement = (
        update(SubscriptionRow)
        .where(
            SubscriptionRow.workspace_id == uow.workspace_id,
            SubscriptionRow.id == subscription_id,
            SubscriptionRow.archived_at.is_(None),
            SubscriptionRow.paused_at.is_(None),
        )
        .values(
            paused_at=uow.real_now,
            pause_reason=reason.value,
            version=SubscriptionRow.version + 1,
            updated_at=uow.real_now,
        )
        .returning(*SubscriptionRow.__table__.c)
    )
    row = (await uow.execute(statement)).one_or_none()
    return read_row(row, uow) if row else None


async def change_subscription(
    uow: UnitOfWork, subscription_id: UUID, values: dict[str, Any]
) -> None:
    await uow.execute(
        update(SubscriptionRow)
        .where(
            SubscriptionRow.workspace_id == uow.workspace_id,
            SubscriptionRow.id == subscription_id,
        )
        .values(**values, version=SubscriptionRow.version + 1, updated_at=uow.real_now)
    )
