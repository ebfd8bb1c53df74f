"""Why somebody cannot sign in, or is not any more.

DomainError
├── WrongPasswordError      unauthenticated   nobody of that name with that password here
├── NoSessionError          unauthenticated   the session is over, or never was
├── BadInvitationError      unauthenticated   used, expired, replaced, or made up
├── CrossSiteError          forbidden         another site's page, or no CSRF token
├── NotSignedInError        forbidden         a key asks for what only a person has
├── ChooseWorkspaceError    conflict          the same e-mail and password fit several workspaces
├── WeakPasswordError       invalid           too short, or too easy
└── TooManyGuessesError     throttled         wrong too often
"""

from collections.abc import Sequence

from services.core.kit.errors import DomainError, ErrorKind, FieldProblem


class WrongPasswordError(DomainError):
    """One answer for every reason, so that nobody learns who is a member."""

    kind = ErrorKind.UNAUTHENTICATED
    code = "wrong_password"

    def __init__(self) -> None:
        super().__init__("The login and the password do not fit together.")


class NoSessionError(DomainError):
    kind = ErrorKind.UNAUTHENTICATED
    code = "no_session"

    def __init__(self) -> None:
        super().__init__("You are not signed in, or not any more; sign in again.")


class BadInvitationError(DomainError):
    kind = ErrorKind.UNAUTHENTICATED
    code = "bad_invitation"

    def __init__(self) -> None:
        super().__init__("This invitation was used or has expired; ask for a new one.")


class CrossSiteError(DomainError):
    kind = ErrorKind.FORBIDDEN
    code = "cross_site"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)


class NotSignedInError(DomainError):
    kind = ErrorKind.FORBIDDEN
    code = "not_signed_in"

    def __init__(self) -> None:
        super().__init__("Only somebody who signed in has this; a key does not.")


class ChooseWorkspaceError(DomainError):
    """`errors` names the workspaces, told only to somebody who knew the password of each."""

    kind = ErrorKind.CONFLICT
    code = "choose_workspace"

    def __init__(self, slugs: Sequence[str]) -> None:
        listed = [FieldProblem("/workspace", "choice", slug) for slug in slugs]
        super().__init__("Name the workspace to sign in to.", errors=listed)


class WeakPasswordError(DomainError):
    kind = ErrorKind.INVALID
    code = "weak_password"

    def __init__(self, detail: str) -> None:
        super().__init__(detail, errors=[FieldProblem("/password", "weak_password", detail)])


class TooManyGuessesError(DomainError):
    kind = ErrorKind.THROTTLED
    code = "too_many_guesses"

    def __init__(self, seconds: float) -> None:
        super().__init__("Too many wrong passwords; wait a little.", retry_after=seconds)
