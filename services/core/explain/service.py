"""Explain promises: gather what rows say of a clock, and tell it as data."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta, tzinfo
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row

from services.core.board.errors import UnknownTimeZoneError
from services.core.calendars import service as calendars
from services.core.calendars.timeline import ALWAYS
from services.core.calendars.types import Calendar
from services.core.cases import service as cases
from services.core.explain import repository, rules, words
from services.core.explain.types import (
    ClockFacts,
    Count,
    DayName,
    Done,
    Explanation,
    Lang,
    Raised,
    Said,
    StepTold,
)
from services.core.kit.errors import NotFoundError
from services.core.kit.uow import UnitOfWork
from services.core.sla import planning
from services.core.sla import service as sla
from services.core.sla.hours import pause_for_standstills
from services.core.sla.types import ExistingClock, Policy, Subject, TimerState
from services.core.triage.types import Tier

# A case of more promises than this is read clock by clock.
MOST_CLOCKS = 200
EXCERPT = 80
# Days are named for so long; a promise lasts longer only when something is wrong.
MOST_DAYS = timedelta(days=400)


async def get_clock(uow: UnitOfWork, clock_id: UUID) -> dict[str, Any]:
    """One clock as its row has it. Raises NotFoundError."""
    row = await _get(uow, clock_id)
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping
    return values | {"target_due_at": row.target_due_at or row.due_at}


async def explain_clock(uow: UnitOfWork, clock_id: UUID) -> Explanation:
    """Why one clock is what it is. Raises NotFoundError."""
    row = await _get(uow, clock_id)
    (told,) = await _explain(uow, row.case_id, [row])
    return told


async def explain_case(uow: UnitOfWork, case_id: UUID) -> list[Explanation]:
    """Every promise of a case, oldest first, at most 200. Raises NotFoundError."""
    return await _explain(uow, case_id, await repository.list_clocks(uow, case_id, MOST_CLOCKS))


def read_zone(name: str) -> ZoneInfo:
    """Raises UnknownTimeZoneError for what is no IANA name."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise UnknownTimeZoneError from error


def in_words(told: Explanation, lang: Lang, zone: tzinfo | None = None) -> list[str]:
    """Paragraphs to read aloud; times in the calendar's zone unless another one is asked for."""
    return words.tell(told, lang, zone or ZoneInfo(told.zone))


async def _get(uow: UnitOfWork, clock_id: UUID) -> Row[Any]:
    row = await repository.get_clock(uow, clock_id)
    if row is None:
        noun = "clock"
        raise NotFoundError(noun)
    return row


async def _explain(uow: UnitOfWork, case_id: UUID, rows: Sequence[Row[Any]]) -> list[Explanation]:
    case = await cases.get_case(uow, case_id)
    clocks = planning.read_clocks(rows).get(case_id, [])
    read = await cases.read_plan(uow, case)
    plans = await pause_for_standstills(uow, [read] if read else [])
    episodes = {(each.kind, each.number): each for plan in plans for each in plan.episodes}
    frozen = await sla.get_policies_by_version(
        uow, {(clock.policy_id, clock.policy_version) for clock in clocks}
    )
    policies = await sla.list_policies(uow)
    opened = await _open_calendars(uow, clocks, frozen)
    steps = _steps(await repository.list_steps(uow, case_id))
    acts = [_done(row) for row in await repository.list_acts(uow, case.thread_id, case_id)]
    named = {row.id: (row.trigger_message_id, row.settling_message_id) for row in rows}
    wanted = {each for pair in named.values() for each in pair if each is not None}
    messages = await repository.list_messages(uow, [*wanted, case.opening_message_id])
    said = {row.id: row for row in messages}
    subject = _subject(case, said.get(case.opening_message_id))
    return [
        rules.explain(
            ClockFacts(
                clock=clock,
                case_id=case_id,
                policy=frozen[clock.policy_id, clock.policy_version],
                policies=policies,
                subject=subject,
                episode=episodes.get((clock.kind, clock.episode)),
                count=await _count(opened.get(clock.id), clock),
                now=uow.now,
                started_by=_said(said, named[clock.id][0]),
                stopped_by=_said(said, named[clock.id][1]),
                steps=steps.get(clock.id, ()),
                acts=acts,
            )
        )
        for clock in clocks
    ]


async def _open_calendars(
    uow: UnitOfWork, clocks: Sequence[ExistingClock], policies: Mapping[tuple[UUID, int], Policy]
) -> dict[UUID, Calendar]:
    """The version of a calendar each clock counts in; none for one that counts around the clock."""
    opened: dict[UUID, Calendar] = {}
    versions: dict[UUID, dict[int, Calendar]] = {}
    for clock in clocks:
        calendar_id = policies[clock.policy_id, clock.policy_version].calendar_id
        if calendar_id is None or clock.calendar_version is None:
            continue
        if calendar_id not in versions:
            listed = await calendars.list_versions(uow, calendar_id)
            versions[calendar_id] = {each.version: each for each in listed}
        opened[clock.id] = versions[calendar_id][clock.calendar_version]
    return opened


async def _count(calendar: Calendar | None, clock: ExistingClock) -> Count:
    if calendar is None:
        return Count(ALWAYS, ZoneInfo("UTC"))
    hours = await calendars.load_hours(calendar)
    first = clock.shape.started_at.astimezone(hours.zone).date()
    last = clock.shape.due_at.astimezone(hours.zone).date()
    shown = await calendars.show_days(calendar, first, min(last, first + MOST_DAYS))
    days = {each.date: DayName(each.reason, each.label) for each in shown if each.reason}
    return Count(hours, hours.zone, calendar.draft.name, calendar.version, days)


def _subject(case: Row[Any], opening: Row[Any] | None) -> Subject:
    here = Subject(
        case.channel, case.source_id, post_id=case.post_id, follower_tier=case.follower_tier
    )
    if opening is None:
        return here
    return replace(
        here,
        tier=Tier(opening.tier) if opening.tier else here.tier,
        category=opening.category,
        language=opening.language,
    )


def _said(messages: dict[UUID, Row[Any]], message_id: UUID | None) -> Said | None:
    row = messages.get(message_id) if message_id else None
    if row is None:
        return None
    text = " ".join(row.text.split()) if row.text else ""
    excerpt = text if len(text) <= EXCERPT else f"{text[:EXCERPT].rstrip()}…"
    return Said(row.id, row.occurred_at, row.direction, row.who, excerpt or None)


def _done(row: Row[Any]) -> Done:
    tier = Tier(row.tier) if row.tier else None
    return Done(row.kind, row.at, row.until, tier, f"{row.actor_kind}:{row.actor_id}")


def _steps(rows: Sequence[Row[Any]]) -> dict[UUID, list[StepTold]]:
    steps: dict[UUID, list[StepTold]] = {}
    for row in rows:
        alert = None
        if row.alert_id is not None:
            alert = Raised(
                id=row.alert_id,
                state=row.alert_state,
                severity=row.severity,
                fired_at=row.alert_fired_at,
                acknowledged_at=row.acknowledged_at,
                acknowledged_by=row.acknowledged_by,
                resolved_at=row.resolved_at,
                resolution=row.resolution,
            )
        step = StepTold(
            percent=row.percent,
            generation=row.generation,
            fire_at=row.fire_at,
            state=TimerState(row.state),
            fired_at=row.fired_at,
            note=row.note,
            alert=alert,
        )
        steps.setdefault(row.clock_id, []).append(step)
    return steps
