"""Why somebody is kept out, or a name is taken.

DomainError
├── BadKeyError          unauthenticated   no key, or none that opens anything
├── MissingScopeError    forbidden         a good key for other things
├── AdminsOnlyError      forbidden         only an admin makes admins, or changes them
├── TooManyCallsError    throttled         the key or session called too often for now
├── SlugTakenError       conflict          another workspace has this short name
└── HandleTakenError     conflict          another member of the workspace has this handle
"""

from services.core.kit.errors import DomainError, ErrorKind


class BadKeyError(DomainError):
    """Missing, unknown, revoked, expired: one answer for all, so that nobody learns which."""

    kind = ErrorKind.UNAUTHENTICATED
    code = "bad_key"

    def __init__(self) -> None:
        super().__init__("Send a valid key as `Authorization: Bearer wl_…`.")


class MissingScopeError(DomainError):
    kind = ErrorKind.FORBIDDEN
    code = "missing_scope"

    def __init__(self, scope: str) -> None:
        super().__init__(f"This key lacks the scope `{scope}`.")


class AdminsOnlyError(DomainError):
    kind = ErrorKind.FORBIDDEN
    code = "admins_only"

    def __init__(self) -> None:
        super().__init__("Only an admin makes somebody an admin, or changes one.")


class TooManyCallsError(DomainError):
    kind = ErrorKind.THROTTLED
    code = "too_many_calls"

    def __init__(self, retry_after: float) -> None:
        super().__init__("Too many calls with this key or session.", retry_after=retry_after)


class SlugTakenError(DomainError):
    kind = ErrorKind.CONFLICT
    code = "slug_taken"

    def __init__(self) -> None:
        super().__init__("Another workspace has this short name; choose another name.")


class HandleTakenError(DomainError):
    kind = ErrorKind.CONFLICT
    code = "handle_taken"

    def __init__(self) -> None:
        super().__init__("Another member has this handle.")
