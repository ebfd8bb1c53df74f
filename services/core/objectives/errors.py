"""Refusals of objectives.

DomainError
├── RangeError             from and to make no range
├── KeyOfSplitError        by and key do not go together
└── UnknownTimeZoneError   ?tz= names no time zone
"""

from services.core.kit.errors import DomainError, ErrorKind, FieldProblem


class RangeError(DomainError):
    kind = ErrorKind.INVALID
    code = "bad_range"

    def __init__(self, days: int) -> None:
        problem = FieldProblem("query/to", self.code, f"After `from`, by {days} days at most.")
        super().__init__(
            f"The range must end after it begins, within {days} days.", errors=[problem]
        )


class KeyOfSplitError(DomainError):
    kind = ErrorKind.INVALID
    code = "bad_key"

    def __init__(self, detail: str) -> None:
        super().__init__(detail, errors=[FieldProblem("query/key", self.code, detail)])


class UnknownTimeZoneError(DomainError):
    kind = ErrorKind.INVALID
    code = "unknown_time_zone"

    def __init__(self, pointer: str = "query/tz") -> None:
        problem = FieldProblem(pointer, self.code, "Use an IANA name such as Asia/Shanghai.")
        super().__init__("There is no time zone of this name.", errors=[problem])
