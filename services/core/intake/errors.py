"""Why a delivery is refused. No sentence here ever repeats what was sent.

DomainError
├── InvalidJsonError        malformed          the body is not strict JSON
├── InvalidEnvelopeError    malformed          JSON, but not the shape of a delivery
├── InvalidEventsError      invalid            the envelope is fine, an event in it is not
├── UnsupportedMediaError   unsupported_media  another media type, charset or content-encoding
├── BodyTooLargeError       too_large          more bytes than a call may carry
└── OverQuotaError          throttled          too many events for now
"""

from services.core.kit.errors import DomainError, ErrorKind, FieldProblem


class InvalidJsonError(DomainError):
    """Not strict JSON. `index` is the line's number when the body is one line of many."""

    kind = ErrorKind.MALFORMED
    code = "invalid_json"

    def __init__(self, detail: str, *, index: int | None = None) -> None:
        # The pointer is the whole document: a broken text has no parts to point at.
        problem = FieldProblem(pointer="", code=self.code, detail=detail, index=index)
        super().__init__(detail, errors=[problem])


class InvalidEnvelopeError(DomainError):
    kind = ErrorKind.MALFORMED
    code = "invalid_envelope"

    def __init__(self, errors: list[FieldProblem]) -> None:
        super().__init__("The delivery does not have the shape of the contract.", errors=errors)


class InvalidEventsError(DomainError):
    """Carries at least one problem for every bad event of the delivery."""

    kind = ErrorKind.INVALID
    code = "invalid_event"

    def __init__(self, errors: list[FieldProblem], *, bad: int, total: int) -> None:
        counted = "The event is" if total == 1 else f"{bad} of {total} events are"
        super().__init__(f"{counted} not valid; nothing of it was stored.", errors=errors)


class UnsupportedMediaError(DomainError):
    kind = ErrorKind.UNSUPPORTED_MEDIA
    code = "unsupported_media"


class BodyTooLargeError(DomainError):
    kind = ErrorKind.TOO_LARGE
    code = "too_large"

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(f"The body is larger than {limit_bytes} bytes.")


class OverQuotaError(DomainError):
    """`retry_after` is the number of seconds after which the same call is admitted."""

    kind = ErrorKind.THROTTLED
    code = "over_quota"

    def __init__(self, retry_after: float) -> None:
        super().__init__("Too many events for now; send them again later.", retry_after=retry_after)
