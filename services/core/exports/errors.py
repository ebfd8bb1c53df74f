"""Refusals of exports.

DomainError
├── TooManyExportsError    so many may be under way at once
├── ExportOverError        it has ended already
├── BadExportLinkError     the link is none of ours
└── ExportGoneError        the link, or the file behind it, has run out
"""

from services.core.kit.errors import DomainError, ErrorKind


class TooManyExportsError(DomainError):
    kind = ErrorKind.CONFLICT
    code = "export.too_many"

    def __init__(self, most: int) -> None:
        super().__init__(f"{most} exports are under way already. Wait for one, or cancel it.")


class ExportOverError(DomainError):
    kind = ErrorKind.CONFLICT
    code = "export.over"

    def __init__(self) -> None:
        super().__init__("The export is over already.")


class BadExportLinkError(DomainError):
    kind = ErrorKind.FORBIDDEN
    code = "export.bad_link"

    def __init__(self) -> None:
        super().__init__("The link is not one of ours. Read the export again for a new one.")


class ExportGoneError(DomainError):
    kind = ErrorKind.GONE
    code = "export.gone"

    def __init__(self) -> None:
        super().__init__("The link or its file has run out. Read the export, or order a new one.")
