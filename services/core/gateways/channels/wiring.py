"""The channels of a running installation, opened together."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from typing_extensions import override

from services.core.gateways.channels.alertmanager import AlertmanagerGateway
from services.core.gateways.channels.apprise import AppriseGateway
from services.core.gateways.channels.console import ConsoleGateway
from services.core.gateways.channels.dingtalk import DingTalkGateway
from services.core.gateways.channels.feishu import FeishuGateway
from services.core.gateways.channels.mail import MailGateway
from services.core.gateways.channels.pagerduty import PagerDutyGateway
from services.core.gateways.channels.port import Answer, ChannelGateway, Parcel
from services.core.gateways.channels.slack import SlackGateway
from services.core.gateways.channels.webhook import WebhookGateway
from services.core.gateways.channels.wecom import WeComGateway
from services.core.kit import tracing
from services.core.kit.http import GuardedClient
from services.core.kit.tracing import Kind

Gateways = Mapping[str, ChannelGateway]


class TracedGateway(ChannelGateway):
    """Each sending as a span of the trace of the request it came of."""

    def __init__(self, kind: str, gateway: ChannelGateway) -> None:
        self._kind = kind
        self._gateway = gateway

    @override
    async def send(self, parcel: Parcel) -> Answer:
        name = f"send {self._kind}"
        with tracing.spanning(name, Kind.CLIENT, request_id=parcel.request_id) as span:
            answer = await self._gateway.send(parcel)
            if span is not None:
                span.attributes["warmline.parcel_id"] = str(parcel.id)
                if answer.status_code is not None:
                    span.attributes["http.response.status_code"] = answer.status_code
                if answer.failure is not None:
                    span.failure = answer.failure.value
            return answer


def traced(gateways: Gateways) -> Gateways:
    return {kind: TracedGateway(kind, each) for kind, each in gateways.items()}


@asynccontextmanager
async def open_gateways(
    *, allow_private_addresses: bool, timeout_seconds: float, base_url: str = ""
) -> AsyncIterator[Gateways]:
    """Every kind of channel by its name; closes their connections on the way out.

    `base_url` is the address of the installation: without it links that are paths are left out of
    what is written for people.
    """
    apprise = AppriseGateway(allow_private=allow_private_addresses, timeout_seconds=timeout_seconds)
    mail = MailGateway(
        allow_private=allow_private_addresses, timeout_seconds=timeout_seconds, base_url=base_url
    )
    async with GuardedClient(
        allow_private=allow_private_addresses, timeout_seconds=timeout_seconds
    ) as client:
        try:
            gateways: dict[str, ChannelGateway] = {
                "webhook": WebhookGateway(client),
                "console": ConsoleGateway(),
                "feishu": FeishuGateway(client, base_url),
                "dingtalk": DingTalkGateway(client, base_url),
                "wecom": WeComGateway(client, base_url),
                "slack": SlackGateway(client, base_url),
                "pagerduty": PagerDutyGateway(client, base_url),
                "email": mail,
                "alertmanager": AlertmanagerGateway(client, base_url),
                "apprise": apprise,
            }
            yield traced(gateways) if tracing.is_on() else gateways
        finally:
            apprise.close()
