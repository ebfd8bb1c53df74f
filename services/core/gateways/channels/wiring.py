"""The channels of a running installation, opened together."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from services.core.gateways.channels.console import ConsoleGateway
from services.core.gateways.channels.port import ChannelGateway
from services.core.gateways.channels.webhook import WebhookGateway
from services.core.kit.http import GuardedClient

Gateways = Mapping[str, ChannelGateway]


@asynccontextmanager
async def open_gateways(
    *, allow_private_addresses: bool, timeout_seconds: float
) -> AsyncIterator[Gateways]:
    """Every kind of channel by its name; closes their connections on the way out."""
    async with GuardedClient(
        allow_private=allow_private_addresses, timeout_seconds=timeout_seconds
    ) as client:
        yield {"webhook": WebhookGateway(client), "console": ConsoleGateway()}
