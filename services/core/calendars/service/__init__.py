"""Working time and standstills: write calendars, read their feeds, count in them, stand still."""

from services.core.calendars.service.counting import list_pausing, open_hours
from services.core.calendars.service.keeping import keep_holidays
from services.core.calendars.service.reading_feeds import claim_feeds, read_feeds, take_file
from services.core.calendars.service.standing_still import (
    announce,
    end,
    get_standstill,
    list_absences,
    list_stand_ins,
    list_standstills,
    list_to_replan,
    note_walk,
    take_walk,
    withdraw,
)
from services.core.calendars.service.writing import (
    archive_calendar,
    change_calendar,
    count_seconds,
    create_calendar,
    get_calendar,
    list_calendars,
    list_versions,
    load_hours,
    show_days,
)

__all__ = [
    "announce",
    "archive_calendar",
    "change_calendar",
    "claim_feeds",
    "count_seconds",
    "create_calendar",
    "end",
    "get_calendar",
    "get_standstill",
    "keep_holidays",
    "list_absences",
    "list_calendars",
    "list_pausing",
    "list_stand_ins",
    "list_standstills",
    "list_to_replan",
    "list_versions",
    "load_hours",
    "note_walk",
    "open_hours",
    "read_feeds",
    "show_days",
    "take_file",
    "take_walk",
    "withdraw",
]
