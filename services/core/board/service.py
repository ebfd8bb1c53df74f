"""Show the work: cases by what is due next, a case whole, what was said, the day's figures."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.exc import DBAPIError

from services.core.board import repository, rules, views
from services.core.board.errors import UnknownTimeZoneError
from services.core.board.types import (
    CaseFilter,
    CaseSort,
    CaseView,
    MessageFilter,
    Place,
    Slice,
    Summary,
    View,
)
from services.core.kit.errors import NotFoundError
from services.core.kit.uow import UnitOfWork
from services.core.objectives.types import RESPONSES
from services.core.search import service as search
from services.core.sla.types import PROMISES
from services.core.triage.types import Tier

# Everything below one case, newest first. A thread longer than this is read by /v1/messages.
MOST_PARTS = 200
DUE_SOON = timedelta(hours=2)
# Postgres' complaint about a time zone it does not know.
INVALID_PARAMETER = "22023"


async def list_cases(
    uow: UnitOfWork,
    wanted: CaseFilter,
    *,
    sort: CaseSort = CaseSort.NEXT_DUE,
    after: Place | None = None,
    reached: Tier | None = None,
    limit: int = 50,
) -> Slice[View]:
    """Cases by next due, those that owe nothing last. One statement, whatever the filters.

    `reached` is what the page before says when the list is sorted by tier.

    A `text` is looked up first (core/search). What more than 1,000 cases say is read as the list
    passes it, as is one letter alone. Raises NothingToLookForError for punctuation.
    """
    if wanted.text is not None:
        wanted = await _look_up(uow, wanted, wanted.text)
    rows = await repository.list_cases(
        uow, wanted, sort, after=after, reached=reached, limit=limit + 1
    )
    page = _slice(rows, limit, views.case_line, sort.column)
    if page.end is None or not sort.by_tier:
        return page
    return replace(page, reached=Tier(rows[limit - 1].tier))


async def get_case(uow: UnitOfWork, case_id: UUID) -> CaseView:
    """One case with its thread, promises and alerts, in five statements. Raises NotFoundError."""
    row = await repository.get_case(uow, case_id)
    if row is None:
        noun = "case"
        raise NotFoundError(noun)
    thread = MessageFilter(case_id=case_id)
    said = await repository.list_messages(uow, thread, None, MOST_PARTS + 1)
    clocks = await repository.list_clocks(uow, case_id, MOST_PARTS)
    alerts = await repository.list_alerts(uow, case_id, MOST_PARTS)
    acts = await repository.list_acts(uow, row.thread_id, case_id, MOST_PARTS)
    messages = [views.message_view(each) for each in reversed(said[:MOST_PARTS])]
    driving = rules.driving_message(messages, row.opening_message_id)
    return CaseView(
        case=views.case_view(row),
        judgement=_explained(driving),
        messages=messages,
        more_messages=len(said) > MOST_PARTS,
        clocks=[views.as_view(each) for each in reversed(clocks)],
        alerts=[views.as_view(each) for each in reversed(alerts)],
        acts=[views.as_view(each) for each in reversed(acts)],
    )


async def list_messages(
    uow: UnitOfWork,
    wanted: MessageFilter,
    *,
    oldest_first: bool = False,
    after: Place | None = None,
    limit: int = 50,
) -> Slice[View]:
    """Messages whose content is known, newest first, each with the judgement in force."""
    rows = await repository.list_messages(uow, wanted, after, limit + 1, oldest_first=oldest_first)
    return _slice(rows, limit, views.message_view, "occurred_at")


async def get_message(uow: UnitOfWork, message_id: UUID) -> View:
    """One message with every judgement ever made on it. Raises NotFoundError."""
    row = await repository.get_message(uow, message_id)
    if row is None:
        noun = "message"
        raise NotFoundError(noun)
    judgements = await repository.list_judgements(uow, message_id, MOST_PARTS)
    history = [views.judgement_view(each) for each in judgements]
    return views.message_view(row) | {"judgements": history}


async def get_judgements(uow: UnitOfWork, message_id: UUID) -> View:
    """What a message is and was taken for, and under which policy. Raises NotFoundError."""
    row = await repository.get_message(uow, message_id)
    if row is None:
        noun = "message"
        raise NotFoundError(noun)
    case = await repository.get_case(uow, row.case_id) if row.case_id else None
    judgements = await repository.list_judgements(uow, message_id, MOST_PARTS)
    return {
        "message_id": row.id,
        "in_force": row.judgement_id,
        "case_id": row.case_id,
        "policy_id": case.policy_id if case else None,
        "policy_version": case.policy_version if case else None,
        "judgements": [views.judgement_view(each) for each in judgements],
    }


async def list_followers(
    uow: UnitOfWork,
    *,
    source_id: UUID | None = None,
    external_id: str | None = None,
    handle: str | None = None,
    oldest_first: bool = False,
    after: Place | None = None,
    limit: int = 50,
) -> Slice[View]:
    """Followers, the last seen first."""
    wanted = {"source_id": source_id, "external_id": external_id, "handle": handle}
    rows = await repository.list_followers(uow, wanted, after, limit + 1, oldest_first=oldest_first)
    return _slice(rows, limit, views.as_view, "last_seen_at")


async def get_follower(uow: UnitOfWork, follower_id: UUID) -> View:
    """Raises NotFoundError."""
    rows = await repository.list_followers(uow, {"id": follower_id}, None, 1)
    return _only(rows, views.as_view, "follower")


async def read_messages(uow: UnitOfWork, ids: Sequence[UUID]) -> dict[UUID, View]:
    """Those of them that are there, as lists show them; so do the next two."""
    rows = await repository.list_messages_by_id(uow, ids)
    return {row.id: views.message_view(row) for row in rows}


async def read_cases(uow: UnitOfWork, ids: Sequence[UUID]) -> dict[UUID, View]:
    rows = await repository.list_cases_by_id(uow, ids)
    return {row.id: views.case_line(row) for row in rows}


async def read_followers(uow: UnitOfWork, ids: Sequence[UUID]) -> dict[UUID, View]:
    rows = await repository.list_followers_by_id(uow, ids)
    return {row.id: views.as_view(row) for row in rows}


async def read_clocks_of(
    uow: UnitOfWork, case_ids: Sequence[UUID], most: int
) -> dict[UUID, list[View]]:
    """The newest promises of each case, at most so many of it, in order of time."""
    clocks: dict[UUID, list[View]] = {case_id: [] for case_id in case_ids}
    for row in reversed(await repository.list_clocks_of(uow, case_ids, most)):
        clocks[row.case_id].append(views.as_view(row))
    return clocks


async def read_last_messages_of(uow: UnitOfWork, case_ids: Sequence[UUID]) -> dict[UUID, View]:
    """What was said last in each case, by whichever side."""
    rows = await repository.list_last_messages_of(uow, case_ids)
    return {row.case_id: views.message_view(row) for row in rows}


async def list_posts(
    uow: UnitOfWork,
    *,
    source_id: UUID | None = None,
    external_id: str | None = None,
    oldest_first: bool = False,
    after: Place | None = None,
    limit: int = 50,
) -> Slice[View]:
    """Posts, the last published first; those only referred to are older than all others."""
    wanted = {"source_id": source_id, "external_id": external_id}
    rows = await repository.list_posts(uow, wanted, after, limit + 1, oldest_first=oldest_first)
    return _slice(rows, limit, views.post_view, "published_at")


async def get_post(uow: UnitOfWork, post_id: UUID) -> View:
    """Raises NotFoundError."""
    rows = await repository.list_posts(uow, {"id": post_id}, None, 1)
    return _only(rows, views.post_view, "post")


async def summarise(uow: UnitOfWork, *, zone: str = "UTC") -> Summary:
    """The workspace at a glance; `zone` is the IANA name of the zone whose day is today.

    Raises UnknownTimeZoneError.
    """
    day = await _day(uow, zone)
    cases = await repository.count_open_cases(uow)
    pressing = await repository.count_pressing_promises(uow, uow.now + DUE_SOON)
    today = await repository.count_promises_due(uow, day.starts, day.ends)
    figures = await repository.get_figures(uow, day.starts, day.ends)
    kept = {kind.value: rules.share(0, 0) for kind in PROMISES}
    kept |= {row.kind: rules.share(row.met, row.missed) for row in today}
    responses = [row for row in today if row.kind in RESPONSES]
    oldest = figures.oldest
    return Summary(
        as_of=uow.now,
        day_start=day.starts,
        day_end=day.ends,
        open=rules.by_tier((row.tier, row.cases) for row in cases),
        open_by_state=_by_state(cases),
        due_soon=rules.by_tier((row.tier, row.soon) for row in pressing),
        breached=rules.by_tier((row.tier, row.breached) for row in pressing),
        unanswered=sum(row.waiting for row in cases),
        answered_today=figures.answered,
        attainment=rules.share(
            sum(row.met for row in responses), sum(row.missed for row in responses)
        ),
        attainment_by_kind=kept,
        alerts_firing=figures.firing,
        backlog_pending=figures.pending,
        backlog_oldest_age_seconds=(uow.now - oldest).total_seconds() if oldest else None,
    )


async def _look_up(uow: UnitOfWork, wanted: CaseFilter, written: str) -> CaseFilter:
    question = await search.read_question(uow, written)
    told = await search.find_told(uow, question)
    return replace(wanted, told=told, patterns=() if told else question.patterns)


async def _day(uow: UnitOfWork, zone: str) -> Row[Any]:
    try:
        return await repository.get_day(uow, zone)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == INVALID_PARAMETER:
            raise UnknownTimeZoneError from error
        raise


def _by_state(cases: list[Row[Any]]) -> dict[str, int]:
    totals = {"open": 0, "answered": 0, "snoozed": 0}
    for row in cases:
        totals[row.state] += row.cases
    return totals


def _explained(driving: View | None) -> View | None:
    """The judgement with the id of the message it is about: spans point into that text."""
    if driving is None or driving["judgement"] is None:
        return None
    judgement: View = driving["judgement"]
    return judgement | {"message_id": driving["id"]}


def _slice(
    rows: list[Row[Any]], limit: int, view: Callable[[Row[Any]], View], sorted_by: str
) -> Slice[View]:
    """One row more than the page was asked for: whether it came says if another page follows."""
    page = rows[:limit]
    more = len(rows) > limit
    end = (getattr(page[-1], sorted_by), page[-1].id) if more else None
    return Slice([view(row) for row in page], end)


def _only(rows: list[Row[Any]], view: Callable[[Row[Any]], View], noun: str) -> View:
    if not rows:
        raise NotFoundError(noun)
    return view(rows[0])
