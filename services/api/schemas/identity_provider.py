"""The OpenID provider of a workspace: what an admin writes, and what is read back."""

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field

from services.api.schemas.common import ReadModel, Spelled, StrictModel
from services.core.kit.http import MAX_URL_CHARACTERS
from services.core.signin.types import ProviderDraft
from services.core.workspaces.types import Role

MAX_DOMAINS = 50
Domain = Annotated[
    str, Field(min_length=1, max_length=253, pattern=r"^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$")
]
Issuer = Annotated[
    str, Field(min_length=1, max_length=MAX_URL_CHARACTERS, pattern=r"^https?://\S+$")
]


class IdentityProviderBody(StrictModel):
    """`issuer` as the provider writes it in its discovery document.

    `client_secret` is never read back, and may be left out while the issuer stays the same.
    `newcomer_role` lets in people nobody added, if their verified e-mail is of `email_domains`;
    null lets in members alone.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "issuer": "https://id.example.com",
                    "client_id": "warmline",
                    "client_secret": "shown by the provider",
                    "email_domains": ["example.com"],
                    "newcomer_role": "viewer",
                }
            ]
        }
    )

    issuer: Issuer
    client_id: Annotated[str, Field(min_length=1, max_length=255)]
    client_secret: Annotated[str, Field(min_length=1, max_length=1024)] | None = None
    email_domains: Annotated[list[Domain], Field(max_length=MAX_DOMAINS)] = Field(
        default_factory=list
    )
    newcomer_role: Spelled[Role] | None = None
    enabled: bool = True

    def to_draft(self) -> ProviderDraft:
        return ProviderDraft(
            issuer=self.issuer,
            client_id=self.client_id,
            client_secret=self.client_secret,
            email_domains=tuple(self.email_domains),
            newcomer_role=self.newcomer_role,
            enabled=self.enabled,
        )


class IdentityProviderView(ReadModel):
    issuer: str
    client_id: str
    email_domains: list[str]
    newcomer_role: Role | None
    enabled: bool
    version: int
    created_at: datetime
    updated_at: datetime
