"""Refusals of reports.

DomainError
└── ReportNameTakenError  two reports of one name
"""

from services.core.kit.errors import DomainError, ErrorKind


class ReportNameTakenError(DomainError):
    kind = ErrorKind.CONFLICT
    code = "report.name_taken"

    def __init__(self) -> None:
        super().__init__("Another report has this name.")
