"""Subscriptions: signed webhooks of facts, to whoever asked, and whether they arrive."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response, status

from services.api.deps import LongPageQuery, ManageUnit, PageQuery, ReadUnit, State, require
from services.api.errors import problems
from services.api.schemas.common import Page
from services.api.schemas.sorting import MadeSort, NamedSort, purpose_of
from services.api.schemas.subscriptions import (
    SubscriptionBody,
    SubscriptionDeliveryView,
    SubscriptionPatch,
    SubscriptionRedriveBody,
    SubscriptionRedrivenView,
    SubscriptionRotateBody,
    SubscriptionTestView,
    SubscriptionView,
    SubscriptionWithSecret,
)
from services.api.whole import part_of
from services.core.gateways.channels.wiring import open_gateways
from services.core.kit.cursors import InvalidCursorError
from services.core.kit.errors import InvalidInputError, NotFoundError
from services.core.kit.http import BlockedAddressError
from services.core.kit.uow import UnitOfWork
from services.core.subscriptions import service as subscriptions
from services.core.subscriptions.errors import (
    SubscriptionNameTakenError,
    TooManySubscriptionsError,
)
from services.core.subscriptions.types import Backlog, ParcelState, Subscription
from services.core.workspaces.types import Caller, Scope

router = APIRouter(prefix="/v1/subscriptions", tags=["subscriptions"])

_NEW = Backlog(0, 0, None)


@router.get("", summary="List subscriptions", responses=problems(InvalidCursorError))
async def list_subscriptions(
    uow: ReadUnit, page: LongPageQuery, sort: NamedSort = NamedSort.NAME
) -> Page[SubscriptionView]:
    """With how far behind each is. There are 50 at most."""
    found = await subscriptions.list_subscriptions(uow)
    backlogs = await subscriptions.list_backlogs(uow, [one.id for one in found])
    items = [SubscriptionView.of(one, backlogs[one.id], uow.real_now) for one in found]
    return part_of(items, page, sort, noun="subscriptions")


@router.post(
    "",
    summary="Subscribe to facts",
    status_code=status.HTTP_201_CREATED,
    responses=problems(
        SubscriptionNameTakenError,
        TooManySubscriptionsError,
        BlockedAddressError,
        InvalidInputError,
    ),
)
async def create_subscription(
    uow: ManageUnit, state: State, body: SubscriptionBody, response: Response
) -> SubscriptionWithSecret:
    """What happens from now on is sent there, signed with the secret that is shown only here."""
    made = await subscriptions.create_subscription(
        uow, body.to_draft(), allow_private=state.settings.alerts.allow_private_addresses
    )
    response.headers["location"] = f"/v1/subscriptions/{made.id}"
    response.headers["etag"] = f'"{made.version}"'
    return SubscriptionWithSecret.with_secret(made, uow.real_now, _NEW)


@router.get("/{subscription_id}", summary="Read a subscription", responses=problems(NotFoundError))
async def get_subscription(
    uow: ReadUnit, subscription_id: UUID, response: Response
) -> SubscriptionView:
    """What it asks for, whether it is paused, and how far behind it is."""
    found = await subscriptions.get_subscription(uow, subscription_id)
    return await _show(uow, found, response)


@router.patch(
    "/{subscription_id}",
    summary="Change, pause or resume a subscription",
    responses=problems(
        NotFoundError, SubscriptionNameTakenError, BlockedAddressError, InvalidInputError
    ),
)
async def change_subscription(
    uow: ManageUnit,
    state: State,
    subscription_id: UUID,
    body: SubscriptionPatch,
    response: Response,
) -> SubscriptionView:
    """Disabled, nothing is sent and what is on its way is held.

    Enabling ends a pause and goes on from where it stood, as far back as facts are kept: a day.
    """
    changed = await subscriptions.change_subscription(
        uow,
        subscription_id,
        body.to_change(),
        allow_private=state.settings.alerts.allow_private_addresses,
    )
    return await _show(uow, changed, response)


@router.delete(
    "/{subscription_id}",
    summary="Remove a subscription",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(NotFoundError),
)
async def archive_subscription(uow: ManageUnit, subscription_id: UUID) -> None:
    """Nothing more is sent, and what is on its way is dropped."""
    await subscriptions.archive_subscription(uow, subscription_id)


@router.post(
    "/{subscription_id}/secrets",
    summary="Give a subscription a new secret",
    status_code=status.HTTP_201_CREATED,
    responses=problems(NotFoundError),
)
async def rotate_secret(
    uow: ManageUnit, subscription_id: UUID, body: SubscriptionRotateBody | None = None
) -> SubscriptionWithSecret:
    """The old secret signs beside the new one until the overlap ends: two signatures a header."""
    overlap = timedelta(seconds=(body or SubscriptionRotateBody()).overlap_seconds)
    rotated = await subscriptions.rotate_secret(uow, subscription_id, overlap=overlap)
    backlogs = await subscriptions.list_backlogs(uow, [rotated.id])
    return SubscriptionWithSecret.with_secret(rotated, uow.real_now, backlogs[rotated.id])


@router.post(
    "/{subscription_id}/test",
    summary="Send a test to a subscription's endpoint",
    responses=problems(NotFoundError),
)
async def test_subscription(
    request: Request,
    state: State,
    caller: Annotated[Caller, Depends(require(Scope.MANAGE))],
    subscription_id: UUID,
) -> SubscriptionTestView:
    """Really sends, once, and answers 200 with what the endpoint really said, good or bad."""
    # No unit of work around it: nothing travels while a transaction is open.
    async with open_gateways(
        allow_private_addresses=state.settings.alerts.allow_private_addresses,
        timeout_seconds=state.settings.alerts.timeout_seconds,
    ) as gateways:
        result = await subscriptions.try_subscription(
            state.database,
            gateways,
            workspace_id=caller.workspace_id,
            subscription_id=subscription_id,
            actor=caller.actor,
            request_id=request.scope.get("warmline.request_id"),
        )
    return SubscriptionTestView.of(result)


@router.get(
    "/{subscription_id}/deliveries",
    summary="List a subscription's deliveries",
    responses=problems(NotFoundError, InvalidCursorError),
)
async def list_deliveries(
    uow: ReadUnit,
    page: PageQuery,
    subscription_id: UUID,
    state: ParcelState | None = None,
    sort: MadeSort = MadeSort.NEWEST,
) -> Page[SubscriptionDeliveryView]:
    """Unasked the newest first, each with its attempts.

    What arrived is kept a week, all else a month.
    """
    purpose = purpose_of(f"subscriptions/{subscription_id}/deliveries", sort)
    stretch = page.stretch(sort, int, purpose=purpose)
    found = await subscriptions.list_parcels(uow, subscription_id, stretch, state=state)
    shown, cursor = page.cut(found, lambda last: [last.seq], purpose=purpose)
    items = [SubscriptionDeliveryView.of(parcel) for parcel in shown]
    return Page(items=items, next_cursor=cursor)


@router.post(
    "/{subscription_id}/redrive",
    summary="Send a subscription's dead deliveries again",
    responses=problems(NotFoundError),
)
async def redrive_range(
    uow: ManageUnit, subscription_id: UUID, body: SubscriptionRedriveBody | None = None
) -> SubscriptionRedrivenView:
    """All, or one or some by number or time; at most 5,000 a call, under their webhook-ids."""
    within = (body or SubscriptionRedriveBody()).to_range()
    queued = await subscriptions.redrive(uow, subscription_id, within)
    return SubscriptionRedrivenView(queued=queued)


async def _show(uow: UnitOfWork, one: Subscription, response: Response) -> SubscriptionView:
    response.headers["etag"] = f'"{one.version}"'
    backlogs = await subscriptions.list_backlogs(uow, [one.id])
    return SubscriptionView.of(one, backlogs[one.id], uow.real_now)
