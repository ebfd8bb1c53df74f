"""Finds a time zone by its name: only those that Python and Postgres read alike."""

from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

# Files beside the zones: what this machine keeps, with leap seconds or without. Postgres knows them
# not, or as something else.
_OF_THE_MACHINE: Final = ("right/", "posix/", "posixrules", "localtime", "Factory")


def find_zone(name: str) -> ZoneInfo | None:
    """None when there is no zone of this IANA name."""
    if name.startswith(_OF_THE_MACHINE):
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
