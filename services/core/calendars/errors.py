"""Refusals of calendars and standstills.

DomainError
├── CalendarNameTakenError   two live calendars of one name
├── CalendarInUseError       a policy counts in it
├── TooManyCalendarsError    a workspace has so many at most
├── FeedRefusedError         an iCalendar that is none, or too much of one; the last good one stays
├── FeedIsFetchedError       a file for a calendar whose feed is read from an address
├── StandstillOverError      it has ended, or was taken back
└── StandstillBegunError     what has begun is ended, not taken back
"""

from services.core.kit.errors import DomainError, ErrorKind, FieldProblem


class CalendarNameTakenError(DomainError):
    kind = ErrorKind.CONFLICT
    code = "calendar.name_taken"

    def __init__(self) -> None:
        super().__init__("Another calendar has this name.")


class CalendarInUseError(DomainError):
    kind = ErrorKind.CONFLICT
    code = "calendar.in_use"

    def __init__(self, policy: str) -> None:
        super().__init__(f"The policy {policy!r} counts in it. Give that another calendar first.")


class TooManyCalendarsError(DomainError):
    kind = ErrorKind.CONFLICT
    code = "calendar.too_many"

    def __init__(self, most: int) -> None:
        super().__init__(f"A workspace has at most {most} calendars. Archive one first.")


class FeedRefusedError(DomainError):
    """Nothing of it is taken. `reason` is ours and repeats nothing of the file."""

    code = "calendar.feed_refused"

    def __init__(self, reason: str) -> None:
        problem = FieldProblem("", "feed_refused", reason)
        super().__init__("The iCalendar cannot be taken.", errors=[problem])
        self.reason = reason


class FeedIsFetchedError(DomainError):
    kind = ErrorKind.CONFLICT
    code = "calendar.feed_is_fetched"

    def __init__(self) -> None:
        super().__init__("This calendar reads its feed from an address. Take that away first.")


class StandstillOverError(DomainError):
    kind = ErrorKind.CONFLICT
    code = "standstill.over"

    def __init__(self) -> None:
        super().__init__("It is over already.")


class StandstillBegunError(DomainError):
    kind = ErrorKind.CONFLICT
    code = "standstill.begun"

    def __init__(self) -> None:
        super().__init__("It has begun: end it instead.")
