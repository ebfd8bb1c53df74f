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


def is_oldest_first(sort: StrEnum) -> bool:
    return not sort.startswith("-")


def purpose_of(noun: str, sort: StrEnum) -> str:
    """What a cursor is for: it leads on in the order it was given out in, and in no other."""
    return f"{noun}/{sort}"
