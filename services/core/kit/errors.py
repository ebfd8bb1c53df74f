"""The taxonomy every refusal belongs to; doors translate kinds, core never names a status.

DomainError
└── one subclass a case, declared in the feature that raises it (`core/<feature>/errors.py`)
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar


class ErrorKind(StrEnum):
    """What sort of refusal it is. HTTP maps it to a status, the worker to retry or record."""

    MALFORMED = "malformed"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    MISSING = "missing"
    CONFLICT = "conflict"
    GONE = "gone"
    FAILED_PRECONDITION = "failed_precondition"
    TOO_LARGE = "too_large"
    UNSUPPORTED_MEDIA = "unsupported_media"
    INVALID = "invalid"
    THROTTLED = "throttled"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One thing wrong in the input, by JSON pointer; `detail` never repeats the input."""

    pointer: str
    code: str
    detail: str
    index: int | None = None


class DomainError(Exception):
    """A refusal with a stable code and a sentence a person can act on.

    `retry_after` is in seconds and only meaningful for throttled and unavailable.
    """

    kind: ClassVar[ErrorKind] = ErrorKind.INVALID
    code: ClassVar[str] = "invalid"

    def __init__(
        self,
        detail: str,
        *,
        errors: list[FieldProblem] | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = errors or []
        self.retry_after = retry_after


class NotFoundError(DomainError):
    """Missing, or another workspace's: the two look the same from outside."""

    kind = ErrorKind.MISSING
    code = "not_found"

    def __init__(self, noun: str) -> None:
        super().__init__(f"No such {noun}.")


class InvalidInputError(DomainError):
    """A well-formed request that asks for something that cannot be."""

    kind = ErrorKind.INVALID
    code = "invalid_request"


class UnavailableError(DomainError):
    """Cannot be done right now; nothing was stored, try again."""

    kind = ErrorKind.UNAVAILABLE
    code = "unavailable"

    def __init__(self, detail: str = "The service cannot store this right now.") -> None:
        super().__init__(detail, retry_after=2.0)
