"""Refusals of calls that are to be done once.

DomainError
├── BadIdempotencyKeyError     what is sent as a key is none
├── ReusedIdempotencyKeyError  the key stands for another call
├── CallInProgressError        the same call is being done right now
└── AnswerNotKeptError         it was done, and its answer is not told twice
"""

from services.core.kit.errors import DomainError, ErrorKind


class BadIdempotencyKeyError(DomainError):
    kind = ErrorKind.MALFORMED
    code = "idempotency.bad_key"

    def __init__(self) -> None:
        super().__init__("An idempotency key is sent once, as 1 to 255 visible ASCII characters.")


class ReusedIdempotencyKeyError(DomainError):
    kind = ErrorKind.CONFLICT
    code = "idempotency.reused"

    def __init__(self) -> None:
        super().__init__("This idempotency key was used for another call; take a new one.")


class CallInProgressError(DomainError):
    kind = ErrorKind.CONFLICT
    code = "idempotency.in_progress"

    def __init__(self) -> None:
        detail = "The same call is being done right now; ask again for its answer."
        super().__init__(detail, retry_after=1.0)


class AnswerNotKeptError(DomainError):
    kind = ErrorKind.CONFLICT
    code = "idempotency.answer_not_kept"

    def __init__(self) -> None:
        super().__init__("This call was done; its answer is too secret or too long to be kept.")
