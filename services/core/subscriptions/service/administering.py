"""Subscriptions: made, changed, tried out and taken away, each act in the trail."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from services.core.audit import service as audit
from services.core.audit.types import AuditEntry
from services.core.gateways.channels import port
from services.core.gateways.channels.wiring import Gateways
from services.core.kit import ids, signatures
from services.core.kit.errors import FieldProblem, InvalidInputError, NotFoundError
from services.core.kit.http import check_url
from services.core.kit.uow import Actor, Database, UnitOfWork
from services.core.stream import service as stream
from services.core.subscriptions import rules
from services.core.subscriptions.errors import (
    SubscriptionNameTakenError,
    TooManySubscriptionsError,
)
from services.core.subscriptions.facts import subscription_changed
from services.core.subscriptions.repository import parcels
from services.core.subscriptions.repository import subscriptions as rows
from services.core.subscriptions.service.pausing import end_warning
from services.core.subscriptions.service.queueing import FANOUT_QUEUE
from services.core.subscriptions.service.sending import SENDING_QUEUE
from services.core.subscriptions.types import (
    Ordering,
    Result,
    Subscription,
    SubscriptionChange,
    SubscriptionDraft,
)

# How long the old secret signs beside the new one.
OVERLAP: Final = timedelta(days=1)
GATEWAY: Final = "webhook"


async def list_subscriptions(uow: UnitOfWork) -> list[Subscription]:
    """All that are not archived, by name."""
    return await rows.list_subscriptions(uow)


async def get_subscription(uow: UnitOfWork, subscription_id: UUID) -> Subscription:
    """Raises NotFoundError for an unknown or archived subscription."""
    return _found(await rows.get_subscription(uow, subscription_id))


async def create_subscription(
    uow: UnitOfWork, draft: SubscriptionDraft, *, allow_private: bool = False
) -> Subscription:
    """A new one, told of what happens from now on; its secret is shown now and never again.

    Raises SubscriptionNameTakenError, TooManySubscriptionsError, BlockedAddressError,
    InvalidInputError.
    """
    _check_kinds(draft.wish.kinds)
    await _check_sources(uow, draft.wish.source_ids)
    check_url(draft.url, allow_private=allow_private)
    secret = _secret(draft)
    await rows.take_turns(uow)
    if await rows.count_subscriptions(uow) >= rules.MOST_SUBSCRIPTIONS:
        raise TooManySubscriptionsError(rules.MOST_SUBSCRIPTIONS)
    last_seq, _ = await stream.read_head(uow)
    subscription_id = ids.new_id()
    values = {
        "id": subscription_id,
        "name": draft.name,
        "url": draft.url,
        "kinds": list(draft.wish.kinds),
        "tiers": [tier.value for tier in draft.wish.tiers],
        "source_ids": list(draft.wish.source_ids),
        "ordering": draft.ordering.value,
        "enabled": draft.enabled,
        "position": last_seq,
        "secret": secret,
    }
    with _names_are_unique():
        await rows.add_subscription(uow, values)
    return await _tell(uow, "created", subscription_id)


async def change_subscription(
    uow: UnitOfWork,
    subscription_id: UUID,
    change: SubscriptionChange,
    *,
    allow_private: bool = False,
) -> Subscription:
    """Change what is named. Disabled, it is told nothing, and what is on its way is held.

    Enabling goes on from where it stood, as far as facts are kept, and ends a pause. Raises as
    `create_subscription`, and NotFoundError.
    """
    before = _found(await rows.get_subscription(uow, subscription_id, lock=True))
    values = _values(change, allow_private=allow_private)
    await _check_sources(uow, change.source_ids or ())
    if change.enabled and not before.live:
        values |= await _going_on(uow, before)
    if not values:
        return before
    with _names_are_unique():
        await rows.change_subscription(uow, subscription_id, values)
    if change.ordering is Ordering.NONE and before.ordering is Ordering.SUBJECT:
        await parcels.free_all(uow, subscription_id)
    uow.wake(FANOUT_QUEUE)
    uow.wake(SENDING_QUEUE)
    resumed = bool(change.enabled) and not before.live
    if resumed:
        await end_warning(uow, before, resolution="resumed")
    verb = "resumed" if resumed else "changed"
    return await _tell(uow, verb, subscription_id, changed=sorted(values))


async def archive_subscription(uow: UnitOfWork, subscription_id: UUID) -> None:
    """Take it away, and what was on its way with it. Raises NotFoundError."""
    before = _found(await rows.get_subscription(uow, subscription_id, lock=True))
    values = {"archived_at": uow.real_now, "secret": None, "old_secret": None}
    await rows.change_subscription(uow, subscription_id, values)
    await end_warning(uow, before, resolution="removed")
    entry = AuditEntry("subscription.archived", "subscription", subscription_id)
    await audit.record(uow, [entry])
    await stream.announce(uow, [subscription_changed("archived", before)])


async def rotate_secret(
    uow: UnitOfWork, subscription_id: UUID, *, overlap: timedelta = OVERLAP
) -> Subscription:
    """A new secret, to be shown once; until the overlap ends the old one signs too.

    Raises NotFoundError.
    """
    before = _found(await rows.get_subscription(uow, subscription_id, lock=True))
    values = {
        "secret": signatures.generate_secret(),
        "old_secret": before.secrets[0],
        "old_secret_until": uow.real_now + overlap,
    }
    await rows.change_subscription(uow, subscription_id, values)
    entry = AuditEntry("subscription.secret_rotated", "subscription", subscription_id)
    await audit.record(uow, [entry])
    return await get_subscription(uow, subscription_id)


async def try_subscription(
    database: Database,
    gateways: Gateways,
    *,
    workspace_id: UUID,
    subscription_id: UUID,
    actor: Actor,
    request_id: str | None = None,
) -> Result:
    """Really send a fact that is none, and say what came back. Raises NotFoundError.

    No transaction is open while it travels; it is not tried again and pauses nothing.
    """
    async with database.read(workspace_id) as uow:
        found = await get_subscription(uow, subscription_id)
        message = rules.build_greeting(subscription_id, uow.now)
    parcel = port.Parcel(ids.new_id(), message, {"url": found.url}, found.secrets)
    result = rules.judge(await gateways[GATEWAY].send(parcel))
    async with database.unit(workspace_id, actor=actor, request_id=request_id) as uow:
        detail = {"outcome": result.outcome.value, "status_code": result.status_code}
        entry = AuditEntry("subscription.tested", "subscription", subscription_id, detail)
        await audit.record(uow, [entry])
    return result


async def _going_on(uow: UnitOfWork, before: Subscription) -> dict[str, Any]:
    """Back at work: from where it stood, or from the oldest fact that is still there."""
    _, first_kept = await stream.read_head(uow)
    position = max(before.position, first_kept - 1)
    return {
        "enabled": True,
        "paused_at": None,
        "pause_reason": None,
        "failing_since": None,
        "position": position,
    }


async def _tell(uow: UnitOfWork, verb: str, subscription_id: UUID, **detail: Any) -> Subscription:
    subscription = await get_subscription(uow, subscription_id)
    entry = AuditEntry(f"subscription.{verb}", "subscription", subscription_id, detail)
    await audit.record(uow, [entry])
    await stream.announce(uow, [subscription_changed(verb, subscription)])
    return subscription


def _values(change: SubscriptionChange, *, allow_private: bool) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if change.kinds is not None:
        _check_kinds(change.kinds)
        values["kinds"] = list(change.kinds)
    if change.url is not None:
        check_url(change.url, allow_private=allow_private)
        values["url"] = change.url
    if change.tiers is not None:
        values["tiers"] = [tier.value for tier in change.tiers]
    if change.source_ids is not None:
        values["source_ids"] = list(change.source_ids)
    if change.ordering is not None:
        values["ordering"] = change.ordering.value
    plain = {"name": change.name, "enabled": change.enabled}
    return values | {name: value for name, value in plain.items() if value is not None}


def _found(subscription: Subscription | None) -> Subscription:
    if subscription is None:
        raise NotFoundError("subscription")
    return subscription


def _check_kinds(kinds: tuple[str, ...]) -> None:
    problems = rules.check_kinds(kinds)
    if problems:
        raise InvalidInputError("Some kinds of facts are unknown.", errors=problems)


async def _check_sources(uow: UnitOfWork, source_ids: tuple[UUID, ...]) -> None:
    known = await rows.list_known_sources(uow, source_ids) if source_ids else set()
    problems = [
        FieldProblem(f"/source_ids/{place}", "unknown_source", "There is no such source.")
        for place, source_id in enumerate(source_ids)
        if source_id not in known
    ]
    if problems:
        raise InvalidInputError("Some sources are unknown.", errors=problems)


def _secret(draft: SubscriptionDraft) -> str:
    if draft.secret is None:
        return signatures.generate_secret()
    try:
        signatures.decode_secret(draft.secret)
    except ValueError as error:
        problem = FieldProblem("/secret", "invalid_secret", str(error))
        raise InvalidInputError(str(error), errors=[problem]) from None
    return draft.secret


@contextmanager
def _names_are_unique() -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        raise SubscriptionNameTakenError from error
