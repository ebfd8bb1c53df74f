"""What the cases of a thread are: a fold over everything said and done, sorted by its own time.

The fold knows nothing of what was written before. Late, doubled and shuffled arrivals end in
the same cases, because the same items in the same order always give the same shapes.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from services.core.cases.types import (
    Act,
    ActKind,
    Answer,
    Ask,
    CaseShape,
    CaseState,
    Episode,
    Withdrawal,
    Word,
)
from services.core.sla.rules import highest
from services.core.sla.types import ClockKind, Pause, PauseReason
from services.core.triage.types import Tier

WITHDRAWN = "withdrawn by its author"
CLOSED_UNANSWERED = "resolved without a reply"
RESPONSES = (ClockKind.FIRST_RESPONSE, ClockKind.NEXT_RESPONSE)


@dataclass(frozen=True, slots=True)
class FoldRules:
    """What a policy says about the borders of a case."""

    resolve_on_reply: bool
    reopen_within: timedelta
    pause_while_waiting: bool = False
    # Tiers in which an advocate's answer is one of ours.
    advocates_answer: tuple[Tier, ...] = ()
    # What held before a re-plan, each up to its moment, the oldest first.
    earlier: "tuple[tuple[datetime, FoldRules], ...]" = ()

    def at(self, moment: datetime) -> "FoldRules":
        """A re-plan draws no border anew that was drawn before it."""
        return next((rules for until, rules in self.earlier if moment <= until), self)


@dataclass(slots=True)
class Fold:
    """The fold's memory between two items: finished cases, the current one, its open promises."""

    rules: FoldRules
    cases: list[CaseShape] = field(default_factory=list)
    current: CaseShape | None = None
    response: Episode | None = None
    resolution: Episode | None = None
    # While a question is open, and the platform closes behind it.
    window: Episode | None = None
    withdrawn: set[UUID] = field(default_factory=set)


def fold(
    asks: Iterable[Ask],
    answers: Iterable[Answer],
    acts: Iterable[Act],
    rules: FoldRules,
    words: Iterable[Word] = (),
) -> list[CaseShape]:
    """The cases of one thread, oldest first."""
    state = Fold(rules)
    timeline = [*_timeline(asks, answers, acts), *((w.at, 0, str(w.message_id), w) for w in words)]
    for at, _, _, item in sorted(timeline, key=lambda entry: entry[:3]):
        state.rules = rules.at(at)
        match item:
            case Word():
                _move_window(state, item.at, item.window_until, item.message_id)
            case Ask():
                _hear(state, item)
            case Answer():
                _answer(state, item)
            case Withdrawal():
                _withdraw(state, item)
            case Act():
                _act(state, item)
    for case in state.cases:
        _finish(case)
    return state.cases


def _timeline(
    asks: Iterable[Ask], answers: Iterable[Answer], acts: Iterable[Act]
) -> Iterable[tuple[datetime, int, str, Ask | Answer | Withdrawal | Act]]:
    """Everything with its place; at one moment, questions come before answers before acts."""
    for ask in asks:
        yield ask.at, 0, str(ask.message_id), ask
        if ask.deleted_at is not None:
            # A deletion dated before its message (clocks differ) still comes after it.
            at = max(ask.at, ask.deleted_at)
            yield at, 2, str(ask.message_id), Withdrawal(ask.message_id, at)
    for answer in answers:
        yield answer.at, 1, str(answer.message_id), answer
    for act in acts:
        yield act.at, 3, str(act.id), act


def _hear(state: Fold, ask: Ask) -> None:
    case = state.current
    if case is None or _is_past(case, ask.at, state.rules):
        case = _open(state, ask)
    elif case.state is CaseState.RESOLVED:
        case.reopened += 1
        _start_resolution(state, case, ask.at, ask)
    _end_pause(state, ask.at)
    case.message_ids.append(ask.message_id)
    case.state = CaseState.OPEN
    case.resolved_at = None
    if state.response is None:
        kind = ClockKind.NEXT_RESPONSE if _has_response(case) else ClockKind.FIRST_RESPONSE
        state.response = _episode(case, kind, ask.at, ask)
    else:
        state.response.asks.append(ask)
    if state.resolution is not None and ask not in state.resolution.asks:
        state.resolution.asks.append(ask)
    if ask.window_until is not None:
        _open_window(state, case, ask)


def _open_window(state: Fold, case: CaseShape, ask: Ask) -> None:
    """The newest message says how long a reply is taken. One that has closed stays missed."""
    window = state.window
    if window is not None and window.until is not None and window.until <= ask.at:
        _settle(window, ask.at)
        state.window = None
    if state.window is None:
        state.window = _episode(case, ClockKind.REPLY_WINDOW, ask.at, ask)
        state.window.until = ask.window_until
        return
    state.window.asks.append(ask)
    _move_window(state, ask.at, ask.window_until, ask.message_id)


def _move_window(state: Fold, at: datetime, until: datetime | None, message_id: UUID) -> None:
    window = state.window
    if window is not None and until is not None:
        window.started_at, window.until, window.trigger_message_id = at, until, message_id


def _answer(state: Fold, answer: Answer) -> None:
    case = state.current
    if case is None or case.state is CaseState.VOID:
        return
    if answer.below is not None and not _speaks_for_us(state, answer.below):
        return
    _end_pause(state, answer.at)
    if state.response is not None:
        _settle(state.response, answer.at, message_id=answer.message_id)
        state.response = None
        _settle_window(state, answer.at, message_id=answer.message_id)
        case.answered_at = answer.at
    elif case.state is CaseState.RESOLVED:
        return
    resolves = state.rules.resolve_on_reply if answer.resolves is None else answer.resolves
    case.state = CaseState.ANSWERED
    if resolves:
        _resolve(state, case, answer.at, message_id=answer.message_id)


def _speaks_for_us(state: Fold, question: UUID) -> bool:
    """True for an advocate below a question that waits, in a tier the policy leaves to them."""
    episode = state.response
    if episode is None or all(ask.message_id != question for ask in episode.asks):
        return False
    tier = episode.tier_override or highest(ask.tier for ask in episode.asks)
    return tier in state.rules.advocates_answer


def _withdraw(state: Fold, withdrawal: Withdrawal) -> None:
    """A question taken back before it was answered no longer counts; the last one ends it all."""
    state.withdrawn.add(withdrawal.message_id)
    case, episode = state.current, state.response
    if case is None or episode is None:
        return
    live = [ask for ask in episode.asks if ask.message_id not in state.withdrawn]
    if live:
        episode.asks = live
        if state.resolution is not None:
            kept = [a for a in state.resolution.asks if a.message_id not in state.withdrawn]
            state.resolution.asks = kept or live
        _restart(episode, live)
        return
    _settle(episode, withdrawal.at, reason=WITHDRAWN)
    state.response = None
    _settle_window(state, withdrawal.at, reason=WITHDRAWN)
    case.snoozed_until = None
    answered = case.answered_at is not None
    if state.resolution is not None:
        reason = None if answered else WITHDRAWN
        _settle(state.resolution, withdrawal.at, reason=reason)
        state.resolution = None
    case.state = CaseState.RESOLVED if answered else CaseState.VOID
    case.resolved_at = withdrawal.at if answered else None


def _act(state: Fold, act: Act) -> None:
    case = state.current
    if case is None or case.state is CaseState.VOID:
        return
    match act.kind:
        case ActKind.RESOLVE:
            _close(state, case, act.at)
        case ActKind.REOPEN:
            _reopen(state, case, act.at)
        case ActKind.SNOOZE:
            _snooze(state, case, act)
        case ActKind.WAIT:
            _wait(state, case, act.at)
        case ActKind.WAKE:
            _end_pause(state, act.at)
        case ActKind.RETIER:
            _retier(state, case, act.tier)


def _close(state: Fold, case: CaseShape, at: datetime) -> None:
    if case.state is not CaseState.RESOLVED:
        _end_pause(state, at)
        _resolve(state, case, at)


def _retier(state: Fold, case: CaseShape, tier: Tier | None) -> None:
    case.tier_override = tier
    for episode in (state.response, state.resolution, state.window):
        if episode is not None:
            episode.tier_override = tier


def _open(state: Fold, ask: Ask) -> CaseShape:
    case = CaseShape(opened_at=ask.at, opening_message_id=ask.message_id, state=CaseState.OPEN)
    state.cases.append(case)
    state.current = case
    state.response = None
    state.window = None
    state.withdrawn = set()
    _start_resolution(state, case, ask.at, ask)
    return case


def _is_past(case: CaseShape, at: datetime, rules: FoldRules) -> bool:
    """True when a new question makes a new case instead of waking this one."""
    if case.state is CaseState.VOID:
        return True
    return case.resolved_at is not None and at - case.resolved_at > rules.reopen_within


def _has_response(case: CaseShape) -> bool:
    return any(episode.kind in RESPONSES for episode in case.episodes)


def _episode(case: CaseShape, kind: ClockKind, at: datetime, ask: Ask) -> Episode:
    number = 1 + sum(1 for episode in case.episodes if episode.kind is kind)
    episode = Episode(
        kind=kind,
        number=number,
        started_at=at,
        trigger_message_id=ask.message_id,
        asks=[ask],
        tier_override=case.tier_override,
    )
    case.episodes.append(episode)
    return episode


def _start_resolution(state: Fold, case: CaseShape, at: datetime, ask: Ask) -> None:
    state.resolution = _episode(case, ClockKind.RESOLUTION, at, ask)


def _restart(episode: Episode, live: list[Ask]) -> None:
    """The promise stands on the first question still asked; a reopening keeps its own moment."""
    first = min(live, key=lambda ask: (ask.at, str(ask.message_id)))
    episode.started_at = max(first.at, episode.started_at)
    episode.trigger_message_id = first.message_id


def _settle(
    episode: Episode, at: datetime, *, message_id: UUID | None = None, reason: str | None = None
) -> None:
    episode.settled_at = at
    episode.settling_message_id = message_id
    episode.void_reason = reason


def _settle_window(
    state: Fold, at: datetime, *, message_id: UUID | None = None, reason: str | None = None
) -> None:
    if state.window is not None:
        _settle(state.window, at, message_id=message_id, reason=reason)
        state.window = None


def _resolve(state: Fold, case: CaseShape, at: datetime, *, message_id: UUID | None = None) -> None:
    if state.response is not None:
        _settle(state.response, at, reason=CLOSED_UNANSWERED)
        state.response = None
    _settle_window(state, at, reason=CLOSED_UNANSWERED)
    if state.resolution is not None:
        _settle(state.resolution, at, message_id=message_id)
        state.resolution = None
    case.state = CaseState.RESOLVED
    case.resolved_at = at


def _reopen(state: Fold, case: CaseShape, at: datetime) -> None:
    if case.state is not CaseState.RESOLVED:
        return
    case.reopened += 1
    case.resolved_at = None
    last = case.episodes[-1]
    closed = [episode for episode in case.episodes if episode.void_reason == CLOSED_UNANSWERED]
    unanswered = [episode for episode in closed if episode.kind in RESPONSES]
    state.resolution = _episode(case, ClockKind.RESOLUTION, at, last.asks[-1])
    case.state = CaseState.ANSWERED
    if unanswered:
        # It was closed without a word: the question still stands, from now.
        question = unanswered[-1].asks[-1]
        state.response = _episode(case, ClockKind.NEXT_RESPONSE, at, question)
        _rebase(state.response, at)
        case.state = CaseState.OPEN
        _reopen_window(state, case, at)
    _rebase(state.resolution, at)


def _reopen_window(state: Fold, case: CaseShape, at: datetime) -> None:
    """The question stands again, and the platform did not stop its clock meanwhile."""
    windows = [each for each in case.episodes if each.kind is ClockKind.REPLY_WINDOW]
    last = windows[-1] if windows else None
    if last is not None and last.until is not None and last.until > at:
        state.window = _episode(case, ClockKind.REPLY_WINDOW, at, last.asks[-1])
        state.window.until = last.until


def _rebase(episode: Episode, at: datetime) -> None:
    """A promise renewed by a reopening counts from there, not from the old question."""
    episode.asks = [Ask(ask.message_id, at, ask.tier) for ask in episode.asks]


def _snooze(state: Fold, case: CaseShape, act: Act) -> None:
    if act.until is None or case.state is CaseState.RESOLVED or act.until <= act.at:
        return
    _end_pause(state, act.at)
    for episode in (state.response, state.resolution):
        if episode is not None:
            episode.pauses.append(Pause(act.at, act.until))
    case.snoozed_until = act.until


def _wait(state: Fold, case: CaseShape, at: datetime) -> None:
    """We asked the follower something: what is owed stands still until they speak, or we do."""
    if case.state is CaseState.RESOLVED or not state.rules.pause_while_waiting:
        return
    _end_pause(state, at)
    for episode in (state.response, state.resolution):
        if episode is not None:
            episode.pauses.append(Pause(at, None, PauseReason.WAITING))


def _end_pause(state: Fold, at: datetime) -> None:
    """A new question, an answer or a person ends a pause that was still to last."""
    for episode in (state.response, state.resolution):
        if episode is not None:
            episode.pauses = [_cut(pause, at) for pause in episode.pauses if pause.start < at]
    case = state.current
    if case is not None and case.snoozed_until is not None and case.snoozed_until > at:
        case.snoozed_until = None


def _cut(pause: Pause, at: datetime) -> Pause:
    return replace(pause, until=at) if pause.until is None or pause.until > at else pause


def _finish(case: CaseShape) -> None:
    """Sum up: the tier is that of what is still open, else of all that was asked."""
    responses = [episode for episode in case.episodes if episode.kind in RESPONSES]
    open_asks = [ask for e in responses if e.settled_at is None for ask in e.asks]
    all_asks = [ask for episode in responses for ask in episode.asks]
    case.unanswered = len({ask.message_id for ask in open_asks})
    case.tier = case.tier_override or highest(ask.tier for ask in open_asks or all_asks)


def state_at(case: CaseShape, now: datetime) -> CaseState:
    """The state a person should see now: a snooze is over when its time is."""
    open_states = {CaseState.OPEN, CaseState.ANSWERED}
    if case.state in open_states and case.snoozed_until is not None and now < case.snoozed_until:
        return CaseState.SNOOZED
    return case.state
