"""Refusals of the reading side: it shares the one about zones with the reports of attainment."""

from services.core.objectives.errors import UnknownTimeZoneError

__all__ = ["UnknownTimeZoneError"]
