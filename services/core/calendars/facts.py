"""What calendars announce."""

from services.core.calendars.types import Calendar, Standstill
from services.core.stream.types import Fact


def calendar_changed(verb: str, calendar: Calendar) -> Fact:
    """`calendar.created`, `calendar.changed` or `calendar.archived`."""
    detail = {"name": calendar.draft.name, "version": calendar.version}
    return Fact(f"calendar.{verb}", "calendar", calendar.id, detail)


def standstill_changed(verb: str, standstill: Standstill) -> Fact:
    """`standstill.announced`, `standstill.ended` or `standstill.withdrawn`."""
    detail = {
        "reason": standstill.reason.value,
        "source_id": str(standstill.source_id) if standstill.source_id else None,
        "starts_at": standstill.starts_at.isoformat(),
        "ends_at": standstill.ends_at.isoformat() if standstill.ends_at else None,
        "pauses": standstill.pauses,
    }
    return Fact(f"standstill.{verb}", "standstill", standstill.id, detail)
