"""Refusals of the case feature.

DomainError
├── CaseClosedError   the act makes no sense on a case that is over
└── PastMomentError   a moment that must lie ahead does not
"""

from services.core.kit.errors import DomainError, ErrorKind


class CaseClosedError(DomainError):
    kind = ErrorKind.CONFLICT
    code = "case.closed"

    def __init__(self, act: str) -> None:
        super().__init__(f"This case is closed, so it cannot be {act}. Reopen it first.")


class PastMomentError(DomainError):
    kind = ErrorKind.INVALID
    code = "case.past_moment"

    def __init__(self) -> None:
        super().__init__("The moment must lie in the future.")
