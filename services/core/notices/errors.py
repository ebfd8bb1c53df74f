"""Refusals of notices.

DomainError
└── NotLateError   nothing to apologise for: answered, paused, or still in time
"""

from services.core.kit.errors import DomainError, ErrorKind


class NotLateError(DomainError):
    kind = ErrorKind.CONFLICT
    code = "notices.not_late"

    def __init__(self) -> None:
        super().__init__("Nobody waits in this case beyond what was promised.")
