"""Refusals of detectors.

DomainError
├── DetectorNameTakenError  two live detectors of one name
├── NothingKeptError        what a kind looks at leaves no history to try it on
├── TooLittleHistoryError   the weeks to compare with are not known yet
└── TooManyDetectorsError   a workspace has 50
"""

from datetime import datetime

from services.core.kit.errors import DomainError, ErrorKind


class DetectorNameTakenError(DomainError):
    kind = ErrorKind.CONFLICT
    code = "detector.name_taken"

    def __init__(self) -> None:
        super().__init__("Another detector has this name.")


class NothingKeptError(DomainError):
    kind = ErrorKind.CONFLICT
    code = "detector.nothing_kept"

    def __init__(self) -> None:
        super().__init__(
            "This kind looks at the present only; nothing of the past is kept to try it on."
        )


class TooLittleHistoryError(DomainError):
    """`ready_at` is when there will be enough; None when there is not a single message."""

    kind = ErrorKind.CONFLICT
    code = "detector.too_little_history"

    def __init__(self, ready_at: datetime | None) -> None:
        when = (
            "" if ready_at is None else f" It can be tried from {ready_at:%Y-%m-%d %H:%M} UTC on."
        )
        super().__init__(
            "There is too little history to try this on: it needs an hour of messages behind the"
            f" weeks it compares with.{when} A backfill counts as history."
        )


class TooManyDetectorsError(DomainError):
    kind = ErrorKind.CONFLICT
    code = "detector.too_many"

    def __init__(self, most: int) -> None:
        super().__init__(f"A workspace has at most {most} detectors. Archive one first.")
