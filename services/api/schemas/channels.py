"""Channels as callers see them: what each kind is told, and none of its secrets."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import ConfigDict, Field, JsonValue
from pydantic.config import JsonDict
from typing_extensions import override

from services.api.schemas.common import Name, ReadModel, Spelled, StrictModel
from services.core.alerts.channel_config import show_config
from services.core.alerts.types import (
    Channel,
    ChannelChange,
    ChannelDraft,
    ChannelKind,
    Outcome,
    SendResult,
)

Url = Annotated[str, Field(min_length=1, max_length=2_048)]
Secret = Annotated[str, Field(max_length=200)]
Word = Annotated[str, Field(max_length=2_048)]
Config = Annotated[
    dict[
        Annotated[str, Field(max_length=64)],
        Word | bool | int | Annotated[list[Word], Field(max_length=50)] | None,
    ],
    Field(max_length=20),
]

WEBHOOK_EXAMPLE: JsonDict = {
    "name": "on-call",
    "kind": "webhook",
    "url": "https://hooks.example.com/warmline",
}
FEISHU_EXAMPLE: JsonDict = {
    "name": "community",
    "kind": "feishu",
    "config": {"url": "https://open.feishu.cn/open-apis/bot/v2/hook/9f0c6a3e-0000-0000"},
    "secret": "a-secret-of-the-robot",
}
EMAIL_EXAMPLE: JsonDict = {
    "name": "managers",
    "kind": "email",
    "config": {
        "host": "smtp.example.com",
        "port": 587,
        "security": "starttls",
        "username": "warmline",
        "password": "a-password",
        "sender": "warmline@example.com",
        "recipients": ["managers@example.com"],
    },
}


class ChannelView(ReadModel):
    """`config` has *** where a secret is. `url` is that of a webhook or an Alertmanager, else null.

    The secret that signs is not here: it is shown when it is made. A paused channel was dead for
    too long: it gets nothing until somebody takes it up again.
    """

    id: UUID
    name: str
    kind: ChannelKind
    url: str | None
    config: dict[str, JsonValue]
    enabled: bool
    paused_at: datetime | None
    paused_reason: str | None
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, channel: Channel) -> Self:
        return cls.model_validate(_fields(channel))


class ChannelWithSecret(ChannelView):
    """A channel with the signing secret made for it, which is not shown again.

    Null for every kind but a webhook.
    """

    secret: str | None

    @classmethod
    @override
    def of(cls, channel: Channel) -> Self:
        made_here = channel.kind is ChannelKind.WEBHOOK and bool(channel.secrets)
        secret = channel.secrets[0] if made_here else None
        return cls.model_validate({**_fields(channel), "secret": secret})


class ChannelBody(StrictModel):
    """What a channel of its kind needs stands in `config`: docs/channels has a page for each.

    An address may also be given as `url`. It must be a public one on port 80 or 443; that of a
    chat robot must be its vendor's. A webhook signs, and without a `secret` gets one; robots of
    Feishu and DingTalk sign when they are given theirs.
    """

    model_config = ConfigDict(
        json_schema_extra={"examples": [WEBHOOK_EXAMPLE, FEISHU_EXAMPLE, EMAIL_EXAMPLE]}
    )

    name: Name
    kind: Spelled[ChannelKind]
    url: Url | None = None
    config: Config = Field(default_factory=dict)
    secret: Secret | None = None
    enabled: bool = True

    def to_draft(self) -> ChannelDraft:
        return ChannelDraft(
            name=self.name,
            kind=self.kind,
            url=self.url,
            secret=self.secret,
            enabled=self.enabled,
            config=self.config,
        )


class ChannelPatch(StrictModel):
    """What is left out, or null, stays as it is; a setting that is null in `config` is taken away.

    `secret` is that of a robot of Feishu or DingTalk; a webhook's is renewed at `/secrets`.
    """

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"enabled": False}, {"config": {"language": "both"}}]}
    )

    name: Name | None = None
    url: Url | None = None
    config: Config | None = None
    secret: Secret | None = None
    enabled: bool | None = None

    def to_change(self) -> ChannelChange:
        return ChannelChange(
            name=self.name,
            url=self.url,
            enabled=self.enabled,
            config=self.config,
            secret=self.secret,
        )


class RotateBody(StrictModel):
    """For how long the old secret signs beside the new one."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"overlap_seconds": 86400}]})

    overlap_seconds: Annotated[int, Field(ge=0, le=7 * 86_400)] = 86_400


class ChannelTestView(ReadModel):
    """What the channel really said. `detail` is a short piece of its answer, not to be trusted."""

    delivered: bool
    outcome: Outcome
    status_code: int | None
    detail: str
    took_ms: int

    @classmethod
    def of(cls, result: SendResult) -> Self:
        return cls(
            delivered=result.outcome is Outcome.SENT,
            outcome=result.outcome,
            status_code=result.status_code,
            detail=result.detail,
            took_ms=result.took_ms,
        )


def _fields(channel: Channel) -> dict[str, Any]:
    config = show_config(channel.kind, channel.config)
    shown = channel.kind in {ChannelKind.WEBHOOK, ChannelKind.ALERTMANAGER}
    return {
        "id": channel.id,
        "name": channel.name,
        "kind": channel.kind,
        "url": config.get("url") if shown else None,
        "config": config,
        "enabled": channel.enabled,
        "paused_at": channel.paused_at,
        "paused_reason": channel.paused_reason,
        "version": channel.version,
        "created_at": channel.created_at,
        "updated_at": channel.updated_at,
    }
