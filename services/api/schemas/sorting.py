"""What lists can be sorted by; `-` turns it round, and the first of each is what comes unasked.

A list whose order is not here has one only.
"""

from enum import StrEnum


class MessageSort(StrEnum):
    """By when it was written."""

    NEWEST = "-occurred_at"
    OLDEST = "occurred_at"


class FollowerSort(StrEnum):
    """By when they were seen last."""

    NEWEST = "-last_seen_at"
    OLDEST = "last_seen_at"


class PostSort(StrEnum):
    """By when it was published; what was only referred to is older than all others."""

    NEWEST = "-published_at"
    OLDEST = "published_at"


class AlertSort(StrEnum):
    """By when it fired."""

    NEWEST = "-fired_at"
    OLDEST = "fired_at"


class AuditSort(StrEnum):
    """By when it was done."""

    NEWEST = "-at"
    OLDEST = "at"


class NamedSort(StrEnum):
    """By name, character by character, or by when it was made or changed last."""

    NAME = "name"
    NAME_BACKWARDS = "-name"
    OLDEST = "created_at"
    NEWEST = "-created_at"
    CHANGED_FIRST = "updated_at"
    CHANGED_LAST = "-updated_at"


class TriedSort(StrEnum):
    """In the order they are tried, or as whatever has a name."""

    FIRST_TRIED = "position"
    LAST_TRIED = "-position"
    NAME = "name"
    NAME_BACKWARDS = "-name"
    OLDEST = "created_at"
    NEWEST = "-created_at"
    CHANGED_FIRST = "updated_at"
    CHANGED_LAST = "-updated_at"


class MadeSort(StrEnum):
    """By when it was made."""

    NEWEST = "-created_at"
    OLDEST = "created_at"


class OldestMadeSort(StrEnum):
    """By when it was made, or by name, character by character."""

    OLDEST = "created_at"
    NEWEST = "-created_at"
    NAME = "name"
    NAME_BACKWARDS = "-name"


class NewestMadeSort(StrEnum):
    """The same, what was made last first if nobody asks."""

    NEWEST = "-created_at"
    OLDEST = "created_at"
    NAME = "name"
    NAME_BACKWARDS = "-name"


class ReceivedSort(StrEnum):
    """By when it came."""

    NEWEST = "-received_at"
    OLDEST = "received_at"


class EndSort(StrEnum):
    """By when it ends."""

    LAST = "-ends_at"
    FIRST = "ends_at"


class BurstSort(StrEnum):
    """By when it was asked last."""

    NEWEST = "-last_at"
    OLDEST = "last_at"


class FiringSort(StrEnum):
    """By when it began."""

    NEWEST = "-started_at"
    OLDEST = "started_at"


class RunSort(StrEnum):
    """By when it ran."""

    NEWEST = "-at"
    OLDEST = "at"


class IssueSort(StrEnum):
    """By the first day it is about."""

    NEWEST = "-first_day"
    OLDEST = "first_day"


class VersionSort(StrEnum):
    """By their numbers."""

    OLDEST = "version"
    NEWEST = "-version"


class StartSort(StrEnum):
    """By when it begins."""

    EARLIEST = "starts_at"
    LATEST = "-starts_at"


class LatestStartSort(StrEnum):
    """By when it begins, the latest first if nobody asks."""

    LATEST = "-starts_at"
    EARLIEST = "starts_at"


def is_by_name(sort: StrEnum) -> bool:
    return sort.removeprefix("-") == "name"


def is_oldest_first(sort: StrEnum) -> bool:
    return not is_descending(sort)


def is_descending(sort: StrEnum) -> bool:
    return sort.startswith("-")


def purpose_of(noun: str, sort: StrEnum) -> str:
    """What a cursor is for: it leads on in the order it was given out in, and in no other."""
    return f"{noun}/{sort}"
