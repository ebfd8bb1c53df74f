"""Refusals of metrics.

DomainError
├── UnknownMetricError   there is no metric of this name
├── UnknownSplitError    the metric is not split by that
└── CellError            by and key do not go together, or the part is not there
"""

from services.core.kit.errors import DomainError, ErrorKind, FieldProblem


class UnknownMetricError(DomainError):
    kind = ErrorKind.MISSING
    code = "unknown_metric"

    def __init__(self) -> None:
        problem = FieldProblem("path/name", self.code, "GET /v1/metrics lists them.")
        super().__init__("There is no metric of this name.", errors=[problem])


class UnknownSplitError(DomainError):
    kind = ErrorKind.INVALID
    code = "unknown_split"

    def __init__(self, allowed: list[str]) -> None:
        listed = ", ".join(allowed) or "nothing"
        problem = FieldProblem("query/by", self.code, f"One of: {listed}.")
        super().__init__("This metric is not split by that.", errors=[problem])


class CellError(DomainError):
    kind = ErrorKind.INVALID
    code = "bad_cell"

    def __init__(self, detail: str) -> None:
        super().__init__(detail, errors=[FieldProblem("query/key", self.code, detail)])
