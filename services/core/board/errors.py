"""Refusals of the reading side.

DomainError
└── UnknownTimeZoneError   ?tz= names no time zone
"""

from services.core.kit.errors import DomainError, ErrorKind, FieldProblem


class UnknownTimeZoneError(DomainError):
    kind = ErrorKind.INVALID
    code = "unknown_time_zone"

    def __init__(self) -> None:
        problem = FieldProblem("query/tz", self.code, "Use an IANA name such as Asia/Shanghai.")
        super().__init__("There is no time zone of this name.", errors=[problem])
