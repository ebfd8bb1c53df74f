"""Refusals of reports.

DomainError
├── ReportNameTakenError  two reports of one name
├── TooManyReportsError   a workspace has so many at most
└── IssueUnderWayError    it is being sent already
"""

from datetime import date

from services.core.kit.errors import DomainError, ErrorKind


class ReportNameTakenError(DomainError):
    kind = ErrorKind.CONFLICT
    code = "report.name_taken"

    def __init__(self) -> None:
        super().__init__("Another report has this name.")


class TooManyReportsError(DomainError):
    kind = ErrorKind.CONFLICT
    code = "report.too_many"

    def __init__(self, most: int) -> None:
        super().__init__(f"A workspace has at most {most} reports. Delete one first.")


class IssueUnderWayError(DomainError):
    kind = ErrorKind.CONFLICT
    code = "report.under_way"

    def __init__(self, first_day: date) -> None:
        super().__init__(f"The issue from {first_day} is on its way, or waits for its next try.")
