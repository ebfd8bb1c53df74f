"""Whom the workspace believes when somebody signs in elsewhere."""

from fastapi import APIRouter, status

from services.api.deps import AdminReadUnit, AdminUnit, State
from services.api.errors import problems
from services.api.schemas.identity_provider import IdentityProviderBody, IdentityProviderView
from services.core.kit.errors import InvalidInputError
from services.core.kit.http import BlockedAddressError
from services.core.signin import service as signin
from services.core.signin.errors import NoProviderError

router = APIRouter(prefix="/v1/identity-provider", tags=["sign-in"])


@router.get("", summary="Read the identity provider", responses=problems(NoProviderError))
async def get_provider(uow: AdminReadUnit) -> IdentityProviderView:
    """Everything but the client secret."""
    return IdentityProviderView.model_validate(await signin.get_provider(uow))


@router.put(
    "",
    summary="Set the identity provider",
    responses=problems(InvalidInputError, BlockedAddressError),
)
async def put_provider(
    uow: AdminUnit, state: State, body: IdentityProviderBody
) -> IdentityProviderView:
    """Any OpenID provider with discovery. Register `/v1/sign-in/openid/callback` with it."""
    allowed = state.settings.alerts.allow_private_addresses
    provider = await signin.put_provider(uow, body.to_draft(), allow_private=allowed)
    return IdentityProviderView.model_validate(provider)


@router.delete(
    "",
    summary="Remove the identity provider",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(NoProviderError),
)
async def delete_provider(uow: AdminUnit) -> None:
    """Nobody comes in by it any more; open sessions stay open."""
    await signin.delete_provider(uow)
