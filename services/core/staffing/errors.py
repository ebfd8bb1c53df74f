"""Refusals of staffing.

DomainError
└── BadPlanError   blocks that overlap, run past midnight or name an unknown time zone
"""

from services.core.kit.errors import DomainError, ErrorKind, FieldProblem


class BadPlanError(DomainError):
    kind = ErrorKind.INVALID
    code = "staffing.bad_plan"

    def __init__(self, errors: list[FieldProblem]) -> None:
        super().__init__("This is no week anybody could work.", errors=errors)
