"""Producers of webhooks over HTTP: what they are called, and the secrets they sign with."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from services.api.schemas.common import Name, ReadModel, StrictModel
from services.core.intake.records import NewSecret, Source, SourceDraft

MAX_OVERLAP_SECONDS = 7 * 24 * 3600
DEFAULT_OVERLAP_SECONDS = 24 * 3600

Platform = Annotated[str, Field(min_length=1, max_length=64)]
Accounts = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=256)]],
    Field(max_length=100, description="Ids or handles that are the brand itself."),
]


class SourceBody(StrictModel):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Xiaohongshu, main account",
                    "platform": "xiaohongshu",
                    "own_accounts": ["brand_official"],
                }
            ]
        }
    )

    name: Name
    platform: Platform
    own_accounts: Accounts = Field(default_factory=list)

    def to_draft(self) -> SourceDraft:
        return SourceDraft(self.name, self.platform, tuple(self.own_accounts))


class SourceChange(StrictModel):
    """Only what is sent is changed."""

    name: Name = Field(default_factory=str)
    platform: Platform = Field(default_factory=str)
    own_accounts: Accounts = Field(default_factory=list)


class SecretView(ReadModel):
    """A live secret without the secret. `expires_at` is set once a newer one took over."""

    id: UUID
    created_at: datetime
    expires_at: datetime | None


class SourceView(ReadModel):
    id: UUID
    name: str
    platform: str
    own_accounts: list[str]
    created_at: datetime
    updated_at: datetime
    secrets: list[SecretView]


class CreatedSourceView(SourceView):
    """`secret` is in this answer and never told again."""

    secret: str

    @classmethod
    def of(cls, source: Source, secret: NewSecret) -> "CreatedSourceView":
        seen = SourceView.model_validate(source)
        return cls(**dict(seen), secret=secret.secret)


class SecretRotation(StrictModel):
    """For how long the secret before the new one still signs; older ones end at once."""

    overlap_seconds: Annotated[int, Field(ge=0, le=MAX_OVERLAP_SECONDS)] = DEFAULT_OVERLAP_SECONDS


class CreatedSecretView(ReadModel):
    """`secret` is in this answer and never told again."""

    id: UUID
    created_at: datetime
    secret: str
