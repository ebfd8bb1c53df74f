"""What clocks count in, and where the workspace stands still: read once for all plans of a unit."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.core.calendars import service as calendars
from services.core.calendars.timeline import ALWAYS
from services.core.calendars.types import Hours, Standstill
from services.core.kit.uow import UnitOfWork
from services.core.sla.planning import Calendars, Versions
from services.core.sla.types import ClockPlan, EpisodeSpec, ExistingClock, Pause, PauseReason

Opened = Mapping[tuple[UUID, int | None], tuple[Hours, int]]


async def open_calendars(
    uow: UnitOfWork,
    plans: Sequence[ClockPlan],
    existing: Mapping[UUID, Sequence[ExistingClock]],
    earlier: Versions,
) -> Calendars:
    """The hours these plans count in, and the clocks that keep an earlier version of a policy.

    No statement when no policy of theirs has a calendar.
    """
    wanted: set[tuple[UUID, int | None]] = set()
    for plan in plans:
        asked = {(plan.policy.calendar_id, None)} | {
            (
                earlier.get((clock.policy_id, clock.policy_version), plan.policy).calendar_id,
                clock.calendar_version,
            )
            for clock in existing.get(plan.case_id, ())
        }
        wanted |= {(calendar_id, version) for calendar_id, version in asked if calendar_id}
    opened = await calendars.open_hours(uow, wanted) if wanted else {}
    return _answering(opened)


async def pause_for_standstills(uow: UnitOfWork, plans: Sequence[ClockPlan]) -> list[ClockPlan]:
    """The plans with the workspace's absences and outages among their pauses; one statement."""
    starts = [episode.started_at for plan in plans for episode in plan.episodes]
    standstills = await calendars.list_pausing(uow, min(starts)) if starts else []
    if not standstills:
        return list(plans)
    return [replace(plan, episodes=tuple(with_standstills(plan, standstills))) for plan in plans]


def with_standstills(plan: ClockPlan, standstills: Sequence[Standstill]) -> list[EpisodeSpec]:
    """A case's episodes, each standing still where its source does."""
    ours = [each for each in standstills if each.source_id in {None, plan.source_id}]
    return [_with_pauses(episode, ours) for episode in plan.episodes]


def _with_pauses(episode: EpisodeSpec, standstills: Sequence[Standstill]) -> EpisodeSpec:
    pauses = [
        # What stood still before an episode began is none of its time.
        Pause(max(each.starts_at, episode.started_at), each.ends_at, PauseReason(each.reason))
        for each in standstills
        if each.ends_at is None or each.ends_at > episode.started_at
    ]
    if not pauses:
        return episode
    # Of pauses at the same time the longest speaks: nobody counts on a snooze during an outage.
    by_end = sorted((*episode.pauses, *pauses), key=_end_of, reverse=True)
    return replace(episode, pauses=tuple(by_end))


def _end_of(pause: Pause) -> tuple[bool, datetime]:
    return pause.until is None, pause.until or pause.start


def _answering(opened: Opened) -> Calendars:
    def hours_of(calendar_id: UUID | None, version: int | None) -> tuple[Hours, int | None]:
        if calendar_id is None:
            return ALWAYS, None
        # A clock whose policy was given another calendar since starts in that one's version.
        found = opened.get((calendar_id, version)) or opened.get((calendar_id, None))
        return found or (ALWAYS, None)

    return hours_of
