"""Channels: made, changed, tried out and taken away, each act in the trail."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from services.core.alerts import answers, rules
from services.core.alerts.channel_config import (
    forget_secrets,
    read_config,
    read_secret,
    wrong,
)
from services.core.alerts.errors import ChannelNameTakenError, UnsignedChannelError
from services.core.alerts.repository import channels as channel_rows
from services.core.alerts.repository import outbox
from services.core.alerts.types import (
    Channel,
    ChannelChange,
    ChannelDraft,
    ChannelKind,
    SendResult,
)
from services.core.audit import service as audit
from services.core.audit.types import AuditEntry
from services.core.gateways.channels.port import Parcel
from services.core.gateways.channels.wiring import Gateways
from services.core.kit import ids, signatures
from services.core.kit.errors import NotFoundError
from services.core.kit.uow import Actor, Database, UnitOfWork

# How long the old secret signs beside the new one.
OVERLAP: Final = timedelta(days=1)


async def list_channels(uow: UnitOfWork) -> list[Channel]:
    """All that are not archived, by name."""
    return await channel_rows.list_channels(uow)


async def get_channel(uow: UnitOfWork, channel_id: UUID) -> Channel:
    """Raises NotFoundError for an unknown or archived channel."""
    return _found(await channel_rows.get_channel(uow, channel_id))


async def create_channel(
    uow: UnitOfWork, draft: ChannelDraft, *, allow_private: bool = False
) -> Channel:
    """A new channel; the first of `secrets` is to be shown now and never again.

    Raises ChannelNameTakenError, BlockedAddressError, InvalidInputError.
    """
    channel_id = ids.new_id()
    values = {
        "id": channel_id,
        "name": draft.name,
        "kind": draft.kind.value,
        "config": read_config(
            draft.kind,
            _given(draft.config, draft.url),
            url_at=_url_at(draft.config),
            allow_private=allow_private,
        ),
        "secret": read_secret(draft.kind, draft.secret),
        "enabled": draft.enabled,
    }
    try:
        await channel_rows.add_channel(uow, values)
    except IntegrityError as error:
        raise ChannelNameTakenError from error
    detail = {"kind": draft.kind.value}
    await audit.record(uow, [AuditEntry("channel.created", "channel", channel_id, detail)])
    return await get_channel(uow, channel_id)


async def change_channel(
    uow: UnitOfWork, channel_id: UUID, change: ChannelChange, *, allow_private: bool = False
) -> Channel:
    """Change what is named. A disabled channel gets nothing new, and what waits for it is held.

    Raises NotFoundError, ChannelNameTakenError, BlockedAddressError, InvalidInputError.
    """
    channel = _found(await channel_rows.get_channel(uow, channel_id, lock=True))
    values: dict[str, Any] = {}
    if change.name is not None:
        values["name"] = change.name
    if change.enabled is not None:
        values["enabled"] = change.enabled
    if change.secret is not None:
        values["secret"] = _changed_secret(channel, change.secret)
    if change.url is not None or change.config:
        values["config"] = read_config(
            channel.kind,
            _given(change.config or {}, change.url),
            before=channel.config,
            url_at=_url_at(change.config),
            allow_private=allow_private,
        )
    if not values:
        return channel
    try:
        await channel_rows.change_channel(uow, channel_id, values)
    except IntegrityError as error:
        raise ChannelNameTakenError from error
    detail = {"changed": sorted(values)}
    await audit.record(uow, [AuditEntry("channel.changed", "channel", channel_id, detail)])
    return await get_channel(uow, channel_id)


async def rotate_secret(
    uow: UnitOfWork, channel_id: UUID, *, overlap: timedelta = OVERLAP
) -> Channel:
    """A webhook's new secret, to be shown once; until the overlap ends the old one signs too.

    Raises NotFoundError, UnsignedChannelError.
    """
    channel = _found(await channel_rows.get_channel(uow, channel_id, lock=True))
    if channel.kind is not ChannelKind.WEBHOOK:
        raise UnsignedChannelError
    values = {
        "secret": signatures.generate_secret(),
        "old_secret": channel.secrets[0],
        "old_secret_until": uow.real_now + overlap,
    }
    await channel_rows.change_channel(uow, channel_id, values)
    await audit.record(uow, [AuditEntry("channel.secret_rotated", "channel", channel_id)])
    return await get_channel(uow, channel_id)


async def archive_channel(uow: UnitOfWork, channel_id: UUID) -> None:
    """Take it away: what waits for it, or died on it, is cancelled. Raises NotFoundError."""
    channel = _found(await channel_rows.get_channel(uow, channel_id, lock=True))
    values = {
        "archived_at": uow.now,
        "secret": None,
        "old_secret": None,
        "config": forget_secrets(channel.kind, channel.config),
    }
    await channel_rows.change_channel(uow, channel_id, values)
    await outbox.cancel_of_channel(uow, channel_id)
    await audit.record(uow, [AuditEntry("channel.archived", "channel", channel_id)])


async def try_channel(
    database: Database,
    gateways: Gateways,
    *,
    workspace_id: UUID,
    channel_id: UUID,
    actor: Actor,
    request_id: str | None = None,
) -> SendResult:
    """Really send a greeting and say what came back; no transaction is open while it travels.

    Raises NotFoundError.
    """
    async with database.read(workspace_id) as uow:
        channel = await get_channel(uow, channel_id)
        message = rules.build_greeting(channel.name, now=uow.now)
    parcel = Parcel(ids.new_id(), message, channel.config, channel.secrets, request_id)
    result = answers.judge(await gateways[channel.kind].send(parcel))
    async with database.unit(workspace_id, actor=actor, request_id=request_id) as uow:
        detail = {"outcome": result.outcome.value, "status_code": result.status_code}
        await audit.record(uow, [AuditEntry("channel.tested", "channel", channel_id, detail)])
    return result


def _found(channel: Channel | None) -> Channel:
    if channel is None:
        raise NotFoundError("channel")
    return channel


def _changed_secret(channel: Channel, secret: str) -> str | None:
    if channel.kind is ChannelKind.WEBHOOK:
        detail = "A webhook gets a new secret at its own address, so that both sign for a while."
        raise wrong("/secret", "unexpected", detail)
    return read_secret(channel.kind, secret)


def _given(config: Mapping[str, Any], url: str | None) -> dict[str, Any]:
    return {**config, **({} if url is None else {"url": url})}


def _url_at(config: Mapping[str, Any] | None) -> str:
    return "/config/url" if config and "url" in config else "/url"
