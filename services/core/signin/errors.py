"""Why somebody who signs in elsewhere does not come in here.

DomainError
├── NoProviderError           missing           no such workspace, or it has no provider
├── BadFlowError              unauthenticated   a way back nobody was sent, or it was walked before
├── IdentityRefusedError      unauthenticated   what the provider said does not hold
├── NotInvitedError           forbidden         known there, but nobody here
└── ProviderUnavailableError  unavailable       the provider does not answer as it should
"""

from services.core.kit.errors import DomainError, ErrorKind


class NoProviderError(DomainError):
    kind = ErrorKind.MISSING
    code = "no_provider"

    def __init__(self) -> None:
        super().__init__("This workspace has no identity provider.")


class BadFlowError(DomainError):
    kind = ErrorKind.UNAUTHENTICATED
    code = "bad_flow"

    def __init__(self) -> None:
        super().__init__("This sign-in was not begun in this browser, or is over; begin again.")


class IdentityRefusedError(DomainError):
    """`reason` is for the log; whoever made the token up is told nothing."""

    kind = ErrorKind.UNAUTHENTICATED
    code = "identity_refused"

    def __init__(self, reason: str) -> None:
        super().__init__("The identity provider did not say convincingly who you are.")
        self.reason = reason


class NotInvitedError(DomainError):
    kind = ErrorKind.FORBIDDEN
    code = "not_invited"

    def __init__(self) -> None:
        super().__init__("You are not a member here; ask an admin to add you with this e-mail.")


class ProviderUnavailableError(DomainError):
    kind = ErrorKind.UNAVAILABLE
    code = "provider_unavailable"

    def __init__(self) -> None:
        super().__init__("The identity provider did not answer; try again.", retry_after=5.0)
