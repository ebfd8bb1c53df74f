"""From rows to a fold's items, and from its shapes to the rows to write."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from services.core.cases import rules
from services.core.cases.types import (
    Act,
    ActKind,
    Answer,
    Ask,
    CaseShape,
    CaseState,
    Episode,
    Word,
)
from services.core.kit import ids
from services.core.kit.uow import UnitOfWork
from services.core.sla.rules import choose_policy, pressing
from services.core.sla.types import ClockOutcome, ClockPlan, EpisodeSpec, Policy, Subject
from services.core.triage.types import Tier

# Sorts what owes nothing behind everything that does. Postgres' own infinity would do, but the
# driver cannot carry it in a cursor.
NO_DUE = datetime(2100, 1, 1, tzinfo=UTC)

INBOUND = "in"


@dataclass(slots=True)
class Window:
    """One thread from the point where its past may have changed."""

    place: Row[Any]
    items: list[Row[Any]] = field(default_factory=list)
    acts: list[Row[Any]] = field(default_factory=list)
    cases: list[Row[Any]] = field(default_factory=list)
    advocates: list[Row[Any]] = field(default_factory=list)


@dataclass(slots=True)
class FoldedCase:
    """A shape with the row it belongs to: an existing one, or a new id."""

    id: UUID
    window: Window
    shape: CaseShape
    policy: Policy
    before: Row[Any] | None
    end: datetime
    turns: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Orphan:
    """A case no shape claims any more: its questions went to another case, or away."""

    row: Row[Any]
    window: Window


@dataclass(frozen=True, slots=True)
class Book:
    """The policies a fold goes by: those in force, in order, and the versions cases have.

    With `anew_at`, cases go on to the versions in force from that moment on.
    """

    policies: Sequence[Policy]
    frozen: Mapping[tuple[UUID, int], Policy]
    anew_at: datetime | None = None

    @property
    def hears_advocates(self) -> bool:
        return any(policy.advocates_answer for policy in (*self.policies, *self.frozen.values()))

    def of_case(self, row: Row[Any] | None) -> tuple[Policy | None, list[dict[str, Any]]]:
        """The version of a case, and the versions it had until when; None for a new case."""
        kept = self.frozen.get((row.policy_id, row.policy_version)) if row else None
        if row is None or kept is None:
            return None, []
        turns: list[dict[str, Any]] = list(row.policy_turns)
        if self.anew_at is None:
            return kept, turns
        now = next((each for each in self.policies if each.id == kept.id), kept)
        if not draw_alike(kept, now):
            turns.append({"until": self.anew_at.isoformat(), "version": kept.version})
        return now, turns

    def rules(self, policy: Policy, turns: Sequence[dict[str, Any]]) -> rules.FoldRules:
        """How borders are drawn under a policy that had other versions before."""
        earlier = [
            (datetime.fromisoformat(turn["until"]), self.frozen[policy.id, turn["version"]])
            for turn in turns
        ]
        return replace(
            _rules(policy), earlier=tuple((until, _rules(each)) for until, each in earlier)
        )


def wanted_versions(cases: Iterable[Row[Any]]) -> set[tuple[UUID, int]]:
    """The versions of policies these cases have, and those they had before a re-plan."""
    return {
        (row.policy_id, version)
        for row in cases
        for version in (row.policy_version, *(turn["version"] for turn in row.policy_turns))
    }


def gather(
    places: Iterable[Row[Any]],
    items: Iterable[Row[Any]],
    acts: Iterable[Row[Any]],
    cases: Iterable[Row[Any]],
) -> list[Window]:
    windows = {place.thread_id: Window(place) for place in places}
    for item in items:
        windows[item.thread_id].items.append(item)
    for act in acts:
        windows[act.thread_id].acts.append(act)
    for case in cases:
        windows[case.thread_id].cases.append(case)
    return list(windows.values())


def fold_window(window: Window, book: Book) -> tuple[list[FoldedCase], list[Orphan]]:
    """The cases of one window under its policy, matched to the rows that are there."""
    first = min(window.cases, key=lambda row: row.opened_at, default=None)
    borders, turns = book.of_case(first)
    if borders is None:
        asked = next((row for row in window.items if _asks(row)), None)
        borders = choose_policy(book.policies, _subject(window, asked))
    seconds = borders.reply_windows.get(window.place.channel)
    answers = [_answer(row) for row in window.items if row.direction != INBOUND]
    shapes = rules.fold(
        [_ask(row, seconds) for row in window.items if _asks(row)],
        [*answers, *(_by_advocate(row) for row in window.advocates)],
        [_act(row) for row in window.acts],
        book.rules(borders, turns),
        _words(window, seconds),
    )
    return _match(window, shapes, book)


def clock_plan(case: FoldedCase, grace: timedelta, *, anew: bool = False) -> ClockPlan:
    return ClockPlan(
        case_id=case.id,
        thread_id=case.window.place.thread_id,
        channel=case.window.place.channel,
        source_id=case.window.place.source_id,
        policy=case.policy,
        episodes=tuple(_spec(episode) for episode in case.shape.episodes),
        anew=anew,
        grace=grace,
    )


def orphan_plan(orphan: Orphan, policy: Policy) -> ClockPlan:
    row = orphan.row
    return ClockPlan(row.id, row.thread_id, row.channel, row.source_id, policy, ())


def case_row(uow: UnitOfWork, case: FoldedCase, outcome: ClockOutcome) -> dict[str, Any]:
    """The whole row the case should be, but for who it is assigned to."""
    shape, place = case.shape, case.window.place
    driver = _driver(case)
    state = rules.state_at(shape, uow.now)
    snoozed = shape.snoozed_until if state is CaseState.SNOOZED else None
    return {
        "workspace_id": uow.workspace_id,
        "id": case.id,
        "thread_id": place.thread_id,
        "source_id": place.source_id,
        "channel": place.channel,
        "follower_id": place.follower_id,
        "post_id": place.post_id,
        "opening_message_id": shape.opening_message_id,
        "state": state.value,
        "tier": shape.tier.value,
        "tier_override": shape.tier_override.value if shape.tier_override else None,
        "category": driver.category,
        "sentiment": driver.sentiment,
        "unanswered": shape.unanswered,
        "reopened": shape.reopened,
        "opened_at": shape.opened_at,
        "last_message_at": max(
            (
                item.occurred_at
                for item in case.window.items
                if _inside(item, case) and (item.direction != INBOUND or _asks(item))
            ),
            default=shape.opened_at,
        ),
        "answered_at": shape.answered_at,
        "resolved_at": shape.resolved_at,
        "snoozed_until": snoozed,
        "next_due_at": outcome.next_due_at,
        "sort_due_at": outcome.next_due_at or NO_DUE,
        "policy_id": case.policy.id,
        "policy_version": case.policy.version,
        "policy_turns": case.turns,
        "follower_tier": case.before.follower_tier if case.before else place.follower_tier,
    }


def void_row(orphan: Orphan) -> dict[str, Any]:
    """An orphaned case, closed; its messages tell where its questions went."""
    row = dict(orphan.row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    for name in ("assignee_id", "version", "updated_at"):
        row.pop(name)
    return row | {
        "state": CaseState.VOID.value,
        "unanswered": 0,
        "snoozed_until": None,
        "next_due_at": None,
        "sort_due_at": NO_DUE,
    }


def differs(before: Row[Any], row: dict[str, Any]) -> bool:
    return any(getattr(before, name) != value for name, value in row.items())


def draw_alike(one: Policy, other: Policy) -> bool:
    """True when two versions draw the borders of cases the same way."""
    return _rules(one) == _rules(other)


def _rules(policy: Policy) -> rules.FoldRules:
    return rules.FoldRules(
        resolve_on_reply=policy.resolve_on_reply,
        pause_while_waiting=policy.pause_while_waiting,
        reopen_within=timedelta(seconds=policy.reopen_within_seconds),
        advocates_answer=policy.advocates_answer,
    )


def _match(
    window: Window, shapes: list[CaseShape], book: Book
) -> tuple[list[FoldedCase], list[Orphan]]:
    """Each shape takes the existing case most of whose questions it holds; the rest are orphans."""
    rows = {row.id: row for row in window.cases}
    items = {item.id: item for item in window.items}
    folded = []
    for place, shape in enumerate(shapes):
        claims: dict[UUID, int] = defaultdict(int)
        for message_id in shape.message_ids:
            if items[message_id].case_id in rows:
                claims[items[message_id].case_id] += 1
        best = max(sorted(claims), key=claims.__getitem__, default=None)
        before = rows.pop(best) if best is not None else None
        end = shapes[place + 1].opened_at if place + 1 < len(shapes) else NO_DUE
        policy, turns = book.of_case(before)
        if policy is None:
            asked = items[shape.opening_message_id]
            policy = choose_policy(book.policies, _subject(window, asked))
        folded.append(
            FoldedCase(
                id=before.id if before else ids.new_id(),
                window=window,
                shape=shape,
                policy=policy,
                before=before,
                end=end,
                turns=turns,
            )
        )
    return folded, [Orphan(row, window) for row in rows.values()]


def _subject(window: Window, asked: Row[Any] | None) -> Subject:
    """What policies are chosen by: a case's opening message, and where it was said."""
    place = window.place
    here = Subject(
        place.channel, place.source_id, post_id=place.post_id, follower_tier=place.follower_tier
    )
    if asked is None:
        return here
    return replace(here, tier=Tier(asked.tier), category=asked.category, language=asked.language)


def _driver(case: FoldedCase) -> Row[Any]:
    """The question that speaks for the case: the most pressing one, the newest of those."""
    asked = set(case.shape.message_ids)
    rows = [item for item in case.window.items if item.id in asked]
    return min(rows, key=lambda row: (pressing(Tier(row.tier)), -row.occurred_at.timestamp()))


def _inside(item: Row[Any], case: FoldedCase) -> bool:
    return bool(case.shape.opened_at <= item.occurred_at < case.end)


def _spec(episode: Episode) -> EpisodeSpec:
    return EpisodeSpec(
        kind=episode.kind,
        number=episode.number,
        started_at=episode.started_at,
        asks=tuple((ask.at, ask.tier) for ask in episode.asks),
        pauses=tuple(episode.pauses),
        tier_override=episode.tier_override,
        settled_at=episode.settled_at,
        void_reason=episode.void_reason,
        until=episode.until,
        trigger_message_id=episode.trigger_message_id,
        settling_message_id=episode.settling_message_id,
    )


def _asks(row: Row[Any]) -> bool:
    return bool(row.direction == INBOUND and row.needs_reply)


def _ask(row: Row[Any], seconds: int | None) -> Ask:
    until = window_of(row.occurred_at, row.window_until, seconds)
    return Ask(row.id, row.occurred_at, Tier(row.tier), row.deleted_at, until)


def _words(window: Window, seconds: int | None) -> list[Word]:
    """What needs no answer and yet keeps the platform open for one."""
    found = [
        (row, window_of(row.occurred_at, row.window_until, seconds))
        for row in window.items
        if row.direction == INBOUND and not row.needs_reply
    ]
    return [Word(row.id, row.occurred_at, until) for row, until in found if until is not None]


def window_of(at: datetime, said: str | None, seconds: int | None) -> datetime | None:
    """When the platform takes no reply to a message any more: as it said, or as a policy knows."""
    if said is not None:
        until = datetime.fromisoformat(said)
    elif seconds is not None:
        until = at + timedelta(seconds=seconds)
    else:
        return None
    return until if at < until < NO_DUE else None


def _answer(row: Row[Any]) -> Answer:
    return Answer(row.id, row.occurred_at, row.resolves)


def _by_advocate(row: Row[Any]) -> Answer:
    """It answers, and leaves it to the team to close the case."""
    return Answer(row.id, row.occurred_at, resolves=False, below=row.question_id)


def _act(row: Row[Any]) -> Act:
    tier = Tier(row.tier) if row.tier else None
    return Act(row.id, ActKind(row.kind), row.at, row.until, tier)
