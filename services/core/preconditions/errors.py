"""Refusals of changes that were meant for another state of a thing.

DomainError
├── BadEntityTagError          what is sent as a tag is none
└── PreconditionFailedError    the thing is not as the caller saw it, or has no tag to compare
"""

from services.core.kit.errors import DomainError, ErrorKind


class BadEntityTagError(DomainError):
    kind = ErrorKind.MALFORMED
    code = "bad_entity_tag"

    def __init__(self) -> None:
        super().__init__("If-Match is `*`, or ETags as they were given out, quotes included.")


class PreconditionFailedError(DomainError):
    """`current` is the tag of the thing as it is now; None where it has none."""

    kind = ErrorKind.FAILED_PRECONDITION
    code = "precondition_failed"

    def __init__(self, current: str | None) -> None:
        if current is None:
            super().__init__("What this call changes has no ETag; leave out If-Match.")
        else:
            super().__init__("It was changed since you read it; read it again.")
        self.current = current
