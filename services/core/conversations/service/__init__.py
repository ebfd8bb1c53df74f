"""Take in what happened on a platform: converge followers, posts, threads and messages."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Row

from services.core.changes import service as changes
from services.core.conversations import judging, repository, rows, rules
from services.core.conversations.facts import (
    JUDGED,
    RECEIVED,
    message_judged,
    message_received,
)
from services.core.conversations.reading import message_id, read_arrival
from services.core.conversations.service import origins, standing, standing_aside
from services.core.conversations.types import (
    Arrival,
    Direction,
    Drafts,
    ItemKind,
    MessageContent,
    MessageState,
    Taken,
    Touched,
    Verdict,
)
from services.core.kit import ids
from services.core.kit.errors import NotFoundError, UnavailableError
from services.core.kit.uow import Database, UnitOfWork
from services.core.stream import service as stream
from services.core.stream.types import Fact
from services.core.triage import service as triage
from services.core.triage.types import Classifier, Tier

# Only moments separate a reply from the message it missed; older ones wait for their message.
LINK_WINDOW = timedelta(minutes=10)
LINK_BATCH = 500
CONVERGE_TRIES = 5

_State = TypeVar("_State")


@dataclass(frozen=True, slots=True)
class ReplyDraft:
    """A reply recorded by a person, not heard from the platform."""

    source_id: UUID
    thread_id: UUID
    external_id: str
    text: str | None
    occurred_at: datetime
    member_handle: str | None
    resolves: bool | None


@dataclass(frozen=True, slots=True)
class Sketch:
    """How one kind of state is locked, merged and written.

    `moments` are those whose days it counts in; `counted` is what sums of days depend on.
    """

    lock: Callable[[UnitOfWork, Sequence[UUID]], Awaitable[list[Row[Any]]]]
    add: Callable[[UnitOfWork, Sequence[dict[str, Any]]], Awaitable[set[UUID]]]
    change: Callable[[UnitOfWork, Sequence[dict[str, Any]]], Awaitable[None]]
    read: Callable[[Row[Any]], Any]
    write: Callable[[Any], dict[str, Any]]
    merge: Callable[[Any, Any], Any]
    moments: Callable[[Any], tuple[datetime | None, ...]]
    counted: Callable[[Any], Any] = lambda state: state


FOLLOWERS = Sketch(
    repository.lock_followers,
    repository.add_followers,
    repository.change_followers,
    rows.read_follower,
    rows.write_follower,
    rules.merge_followers,
    moments=lambda state: (state.followed_at, state.unfollowed_at),
    counted=lambda state: (state.followed_at, state.unfollowed_at),
)
POSTS = Sketch(
    repository.lock_posts,
    repository.add_posts,
    repository.change_posts,
    rows.read_post,
    rows.write_post,
    rules.merge_posts,
    moments=lambda state: (state.published_at,),
    counted=lambda state: (state.published_at, state.deleted_at, state.content.get("author_id")),
)
MESSAGES = Sketch(
    repository.lock_messages,
    repository.add_messages,
    repository.change_messages,
    rows.read_message,
    rows.write_message,
    rules.merge_messages,
    moments=lambda state: (state.occurred_at,),
)


async def take_in(
    uow: UnitOfWork,
    arrivals: Sequence[Arrival],
    classifier: Classifier,
    *,
    leave_busy: bool = False,
) -> Taken:
    """Write what these events say and judge what is new; the threads stay locked with the unit.

    Doing it twice changes nothing. With `leave_busy` what needs a thread or a follower that
    somebody else holds is left alone, and named; raises BusyError when that is most of it.
    """
    each = [read_arrival(arrival) for arrival in arrivals]
    drafts = rules.merge_drafts(each)
    here = rules.places_of(drafts)
    links = await _place_messages(uow, drafts, here)
    answered = await standing.find_answers(uow, drafts, here)
    if leave_busy and (left := await standing_aside.list_busy(uow, each, drafts, answered)):
        others = frozenset(left)
        free = [one for place, one in enumerate(arrivals) if place not in others]
        taken = await take_in(uow, free, classifier)
        return replace(taken, left=tuple(left))
    places = {thread for state in drafts.messages.values() if (thread := state.thread_id)}
    places |= {thread for thread in answered.values() if thread}
    await repository.lock_threads(
        uow, [rows.write_thread(state) for state in drafts.threads.values()], places
    )
    origins.note(uow, zip(arrivals, each, strict=True), drafts, answered)
    await _converge(uow, FOLLOWERS, drafts.followers)
    await _converge(uow, POSTS, drafts.posts)
    own_accounts = {arrival.source_id: arrival.own_accounts for arrival in arrivals}
    now_judged: set[UUID] = set()

    async def judge(states: dict[UUID, MessageState]) -> dict[UUID, MessageState]:
        return await judging.judge(uow, classifier, states, own_accounts, now_judged)

    written = await _converge(uow, MESSAGES, drafts.messages, judge)
    await _announce(uow, written, now_judged)
    await repository.link_messages(uow, {key: link.thread_id for key, link in links.items()})
    vouched = await standing.note_answers(uow, written, answered)
    touched = standing.join_touched(_touched(written, links), vouched)
    late = [thread.thread_id for thread in touched if thread.thread_id not in places]
    if late:
        # A deletion whose message another transaction was just writing.
        await repository.hold_threads(uow, sorted(late))
    return Taken(touched)


async def _announce(
    uow: UnitOfWork, states: Mapping[UUID, MessageState], judged: set[UUID]
) -> None:
    """Tell of what was judged now whoever asked: of all else, most of what there is, nobody hears.

    What is brought in from before is no news.
    """
    news = [states[key] for key in judged if key in states and not states[key].historical]
    asked = await stream.list_asked_for(uow, (RECEIVED, JUDGED)) if news else frozenset()
    facts: list[Fact] = []
    if RECEIVED in asked:
        ranks = {state.id: state.content.rank for state in news if state.content}
        known = await repository.list_judged_before(uow, ranks)
        facts += [message_received(state) for state in news if state.id not in known]
    if JUDGED in asked:
        facts += [message_judged(state, state.verdict) for state in news if state.verdict]
    await stream.announce(uow, facts)


async def add_reply(uow: UnitOfWork, draft: ReplyDraft) -> UUID:
    """Record a reply in a thread the caller holds; the same external id twice is one reply."""
    (reply_id,) = await add_replies(uow, [draft])
    return reply_id


async def add_replies(uow: UnitOfWork, drafts: Sequence[ReplyDraft]) -> list[UUID]:
    """Record replies in threads the caller holds, in as many statements as one takes."""
    states = [_reply(uow, draft) for draft in drafts]
    await _converge(uow, MESSAGES, {state.id: state for state in states})
    return [state.id for state in states]


def _reply(uow: UnitOfWork, draft: ReplyDraft) -> MessageState:
    content = MessageContent(
        rank=rules.rank(draft.occurred_at, draft.external_id),
        at=draft.occurred_at,
        text=draft.text or "",
        direction=Direction.OUTBOUND,
        thread_id=draft.thread_id,
        member_handle=draft.member_handle,
        resolves=draft.resolves,
    )
    return MessageState(
        id=message_id(draft.source_id, ItemKind.REPLY, draft.external_id),
        source_id=draft.source_id,
        kind=ItemKind.REPLY,
        external_id=draft.external_id,
        occurred_at=draft.occurred_at,
        received_at=uow.real_now,
        created_known=True,
        historical=False,
        content=content,
        request_id=uow.request_id,
    )


def reply_key() -> str:
    """A platform id for a reply the platform has not confirmed yet."""
    return f"warmline:{ids.new_id()}"


async def hold_thread(uow: UnitOfWork, thread_id: UUID) -> Row[Any] | None:
    """Lock one thread until the unit ends; None when this workspace has no such thread."""
    return await repository.get_thread(uow, thread_id)


async def list_post_sources(uow: UnitOfWork, post_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """The source of each of these posts that this workspace knows."""
    return await repository.list_post_sources(uow, post_ids)


async def get_newest_window(
    uow: UnitOfWork, thread_id: UUID, at: datetime, *, anyhow: bool
) -> Row[Any] | None:
    """occurred_at and window_until of the newest word of a follower up to a moment.

    Of those for which the platform said how long it takes replies, or of all.
    """
    return await repository.get_newest_window(uow, thread_id, at, anyhow=anyhow)


async def hold_threads(uow: UnitOfWork, thread_ids: Sequence[UUID]) -> None:
    """Lock threads until the unit ends, in the one order in which everybody does."""
    await repository.hold_threads(uow, sorted(thread_ids))


async def list_linkable_workspaces(database: Database) -> list[UUID]:
    """Workspaces in which a waiting reply has missed its message by a moment."""
    async with database.system() as uow:
        return await repository.list_linkable_workspaces(uow, uow.now - LINK_WINDOW)


async def link_waiting(uow: UnitOfWork) -> list[Touched]:
    """Give replies that just missed their messages their threads; returns those to fold."""
    found = await repository.list_linkable(uow, uow.real_now - LINK_WINDOW, LINK_BATCH)
    if not found:
        return []
    await repository.hold_threads(uow, sorted({row.thread_id for row in found}))
    await repository.link_messages(uow, {row.id: row.thread_id for row in found})
    uow.origins |= {row.thread_id: row.request_id for row in found}
    return [Touched(row.thread_id, row.since) for row in found]


async def record_retier(uow: UnitOfWork, message: UUID, *, tier: Tier, note: str | None) -> None:
    """Keep a person's judgement of a message beside the engine's."""
    await triage.record_retier(uow, message, tier=tier, note=note)


async def record_retiers(
    uow: UnitOfWork, messages: Sequence[UUID], *, tier: Tier, note: str | None
) -> None:
    """The same for many messages; at least one."""
    await triage.record_retiers(uow, messages, tier=tier, note=note)


async def hold_message(uow: UnitOfWork, message: UUID) -> Row[Any]:
    """A message as it stands once its thread and it are held. Raises NotFoundError."""
    places = await repository.list_places(uow, [message])
    if (thread_id := places.get(message)) is not None:
        await hold_thread(uow, thread_id)
    rows = await repository.lock_messages(uow, [message]) if places else []
    if not rows:
        noun = "message"
        raise NotFoundError(noun)
    return rows[0]


async def put_in_force(uow: UnitOfWork, message: UUID, verdict: Verdict) -> None:
    """Let this be what the message is taken for; the caller holds it and folds its thread."""
    values = {
        "id": message,
        "judgement_id": verdict.judgement_id,
        "tier": verdict.tier,
        "category": verdict.category,
        "sentiment": verdict.sentiment,
        "needs_reply": verdict.needs_reply,
    }
    await repository.change_messages(uow, [values])
    (row,) = await repository.lock_messages(uow, [message])
    await changes.note(uow, [row.occurred_at])


async def _place_messages(
    uow: UnitOfWork, drafts: Drafts, here: Mapping[standing.Above, UUID]
) -> dict[UUID, Touched]:
    """Find the threads of replies and deletions, and of replies that waited for this batch.

    Drafts get their places; returns, of waiting replies already in the database, where they
    belong and since when.
    """
    wanted = {
        (state.source_id, answered)
        for state in drafts.messages.values()
        if state.thread_id is None and (answered := _answered(state)) is not None
    }
    targets = await repository.list_targets(uow, wanted) if wanted else {}
    stubs = [state.id for state in drafts.messages.values() if state.content is None]
    places = await repository.list_places(uow, stubs) if stubs else {}
    for state in list(drafts.messages.values()):
        if state.thread_id is None:
            pair = (state.source_id, _answered(state) or "")
            place = targets.get(pair) or here.get(pair) or places.get(state.id)
            drafts.messages[state.id] = replace(state, linked_thread_id=place)
    waiting = await repository.list_waiting(uow, set(here)) if here else []
    return {
        row.id: Touched(here[row.source_id, row.in_reply_to], row.occurred_at)
        for row in waiting
        if row.id not in drafts.messages
    }


def _answered(state: MessageState) -> str | None:
    return state.content.in_reply_to if state.content else None


async def _converge(
    uow: UnitOfWork,
    sketch: Sketch,
    drafts: dict[UUID, _State],
    prepare: Callable[[dict[UUID, _State]], Awaitable[dict[UUID, _State]]] | None = None,
) -> dict[UUID, _State]:
    """Merge drafts into what is there and write what changed; returns the states that changed.

    A row another transaction inserted in between is met by one more round.
    """
    changed: dict[UUID, _State] = {}
    rest = dict(drafts)
    for _ in range(CONVERGE_TRIES):
        if not rest:
            return changed
        found = {row.id: sketch.read(row) for row in await sketch.lock(uow, list(rest))}
        merged = {
            key: sketch.merge(found[key], state) if key in found else state
            for key, state in rest.items()
        }
        if prepare is not None:
            merged = await prepare(merged)
        fresh = [sketch.write(state) for key, state in merged.items() if key not in found]
        inserted = await sketch.add(uow, fresh)
        moved = {
            key: state
            for key, state in merged.items()
            if key in found and sketch.write(state) != sketch.write(found[key])
        }
        await sketch.change(uow, [sketch.write(state) for state in moved.values()])
        changed |= moved | {key: merged[key] for key in inserted}
        await changes.note(
            uow,
            [
                *_recounted(sketch, [(found[key], state) for key, state in moved.items()]),
                *(moment for key in inserted for moment in sketch.moments(merged[key])),
            ],
        )
        rest = {
            key: state for key, state in rest.items() if key not in found and key not in inserted
        }
    message = "Rows kept appearing under this batch; it will be tried again."
    raise UnavailableError(message)


def _recounted(sketch: Sketch, moved: Sequence[tuple[Any, Any]]) -> list[datetime | None]:
    """The moments, before and after, of what counts otherwise now than it did."""
    return [
        moment
        for before, after in moved
        if sketch.counted(before) != sketch.counted(after)
        for moment in (*sketch.moments(before), *sketch.moments(after))
    ]


def _touched(written: dict[UUID, MessageState], links: dict[UUID, Touched]) -> list[Touched]:
    """The threads whose messages really changed, each from its earliest changed moment."""
    moved = [
        Touched(state.thread_id, state.first_moment)
        for state in written.values()
        if state.thread_id is not None
    ]
    since: dict[UUID, datetime] = {}
    for one in (*moved, *links.values()):
        since[one.thread_id] = min(one.since, since.get(one.thread_id, one.since))
    return [Touched(thread_id, moment) for thread_id, moment in sorted(since.items())]
