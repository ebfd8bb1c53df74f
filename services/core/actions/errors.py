"""Refusals of links.

DomainError
├── UnknownLinkError   none of ours, or signed with a secret that was exchanged since
└── LinkOverError      ours, and its time has passed, or its person has left
"""

from services.core.kit.errors import DomainError, ErrorKind


class UnknownLinkError(DomainError):
    """Forged, cut off, rotated away: one answer for all, so that nobody learns which."""

    kind = ErrorKind.MISSING
    code = "link.unknown"

    def __init__(self) -> None:
        super().__init__("There is nothing behind this link.")


class LinkOverError(DomainError):
    """Only said of a link that was genuine."""

    kind = ErrorKind.CONFLICT
    code = "link.over"

    def __init__(self) -> None:
        super().__init__("This link is no longer valid.")
