"""Channels: where alerts go, and whether they arrive there."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response, status

from services.api.deps import LongPageQuery, ManageUnit, ReadUnit, State, require
from services.api.errors import problems
from services.api.schemas.channels import (
    ChannelBody,
    ChannelPatch,
    ChannelTestView,
    ChannelView,
    ChannelWithSecret,
    RotateBody,
)
from services.api.schemas.common import Page
from services.api.schemas.sorting import NamedSort
from services.api.whole import part_of
from services.core.alerts import service as alerts
from services.core.alerts.errors import ChannelNameTakenError, UnsignedChannelError
from services.core.gateways.channels.wiring import open_gateways
from services.core.kit.cursors import InvalidCursorError
from services.core.kit.errors import InvalidInputError, NotFoundError
from services.core.kit.http import BlockedAddressError
from services.core.workspaces.types import Caller, Scope

router = APIRouter(prefix="/v1/channels", tags=["channels"])


@router.get("", summary="List channels", responses=problems(InvalidCursorError))
async def list_channels(
    uow: ReadUnit, page: LongPageQuery, sort: NamedSort = NamedSort.NAME
) -> Page[ChannelView]:
    """Those that are not archived."""
    found = [ChannelView.of(channel) for channel in await alerts.list_channels(uow)]
    return part_of(found, page, sort, noun="channels")


@router.post(
    "",
    summary="Create a channel",
    status_code=status.HTTP_201_CREATED,
    responses=problems(ChannelNameTakenError, BlockedAddressError, InvalidInputError),
)
async def create_channel(
    uow: ManageUnit, state: State, body: ChannelBody, response: Response
) -> ChannelWithSecret:
    """The secret in the answer signs what a webhook is sent, and is not shown again."""
    channel = await alerts.create_channel(
        uow, body.to_draft(), allow_private=state.settings.alerts.allow_private_addresses
    )
    response.headers["location"] = f"/v1/channels/{channel.id}"
    response.headers["etag"] = f'"{channel.version}"'
    return ChannelWithSecret.of(channel)


@router.get("/{channel_id}", summary="Read a channel", responses=problems(NotFoundError))
async def get_channel(uow: ReadUnit, channel_id: UUID, response: Response) -> ChannelView:
    """Where it sends, and whether it is paused. Its secret is never told again."""
    channel = ChannelView.of(await alerts.get_channel(uow, channel_id))
    response.headers["etag"] = f'"{channel.version}"'
    return channel


@router.patch(
    "/{channel_id}",
    summary="Change a channel",
    responses=problems(
        NotFoundError, ChannelNameTakenError, BlockedAddressError, InvalidInputError
    ),
)
async def change_channel(
    uow: ManageUnit, state: State, channel_id: UUID, body: ChannelPatch, response: Response
) -> ChannelView:
    """A disabled channel gets nothing new; what waits for it is held until it is enabled."""
    channel = await alerts.change_channel(
        uow,
        channel_id,
        body.to_change(),
        allow_private=state.settings.alerts.allow_private_addresses,
    )
    response.headers["etag"] = f'"{channel.version}"'
    return ChannelView.of(channel)


@router.delete(
    "/{channel_id}",
    summary="Archive a channel",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(NotFoundError),
)
async def archive_channel(uow: ManageUnit, channel_id: UUID) -> None:
    """What waits for it is cancelled. Its delivery log stays readable."""
    await alerts.archive_channel(uow, channel_id)


@router.post(
    "/{channel_id}/resume",
    summary="Take a paused channel up again",
    responses=problems(NotFoundError),
)
async def resume_channel(uow: ManageUnit, channel_id: UUID) -> ChannelView:
    """What waited goes out first, within the channel's limits; much of it may be digests."""
    return ChannelView.of(await alerts.resume_channel(uow, channel_id))


@router.post(
    "/{channel_id}/secrets",
    summary="Give a channel a new secret",
    status_code=status.HTTP_201_CREATED,
    responses=problems(NotFoundError, UnsignedChannelError),
)
async def rotate_secret(
    uow: ManageUnit, channel_id: UUID, body: RotateBody | None = None
) -> ChannelWithSecret:
    """The old secret signs beside the new one until the overlap ends: two signatures a header."""
    overlap = timedelta(seconds=(body or RotateBody()).overlap_seconds)
    return ChannelWithSecret.of(await alerts.rotate_secret(uow, channel_id, overlap=overlap))


@router.post(
    "/{channel_id}/test",
    summary="Send a greeting through a channel",
    responses=problems(NotFoundError),
)
async def test_channel(
    request: Request,
    state: State,
    caller: Annotated[Caller, Depends(require(Scope.MANAGE))],
    channel_id: UUID,
) -> ChannelTestView:
    """Really sends, and answers 200 with what the channel really said, good or bad."""
    # No unit of work around it: nothing travels while a transaction is open.
    async with open_gateways(
        allow_private_addresses=state.settings.alerts.allow_private_addresses,
        timeout_seconds=state.settings.alerts.timeout_seconds,
        base_url=state.settings.alerts.public_url or "",
    ) as gateways:
        result = await alerts.try_channel(
            state.database,
            gateways,
            workspace_id=caller.workspace_id,
            channel_id=channel_id,
            actor=caller.actor,
            request_id=request.scope.get("warmline.request_id"),
        )
    return ChannelTestView.of(result)
