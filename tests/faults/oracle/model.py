"""The reference: what must have become of a ledger, said a second time, by other code.

It imports nothing of the product. It knows the contract, the tiers from the ledger's labels, and a
simple policy; anything the stories of `stories.py` cannot tell is left out on purpose.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

FIRST = "first_response"
NEXT = "next_response"
RESOLUTION = "resolution"
TARGET_OF = {FIRST: 0, NEXT: 1, RESOLUTION: 2}
TIERS = ("urgent", "important", "routine")
OF_KIND = {
    "comment.created": "comment",
    "comment.edited": "comment",
    "comment.deleted": "comment",
    "dm.received": "dm",
    "dm.edited": "dm",
    "dm.recalled": "dm",
    "reply.sent": "reply",
}
TAKEN_BACK = frozenset({"comment.deleted", "dm.recalled"})

# A message by its source, its kind and the platform's id.
MessageKey = tuple[str, str, str]
# A promise by the message that opened its case, its kind and its episode.
ClockKey = tuple[MessageKey, str, int]
AlertKey = tuple[ClockKey, int]


@dataclass(slots=True)
class Message:
    """What a platform object came to; without `said_at` only its end was heard of."""

    key: MessageKey
    thread: tuple[str, ...] | None = None
    said_at: datetime | None = None
    text: str = ""
    text_at: datetime | None = None
    label: str | None = None
    ours: bool = False
    in_reply_to: str | None = None
    deleted_at: datetime | None = None


@dataclass(slots=True)
class Clock:
    """One promise: due when, and how it ended if it did. `void` was taken back unanswered."""

    key: ClockKey
    started_at: datetime
    asks: dict[MessageKey, tuple[datetime, str]]
    due_at: datetime
    settled_at: datetime | None = None
    void: bool = False

    def state(self, now: datetime) -> str:
        end = self.settled_at
        if (end is None and now >= self.due_at) or (end is not None and end > self.due_at):
            return "missed"
        if self.void:
            return "void"
        return "running" if end is None else "met"


@dataclass(slots=True)
class Case:
    key: MessageKey
    state: str = "open"
    clocks: list[Clock] = field(default_factory=list)
    answered: bool = False

    def open_clock(self, *kinds: str) -> Clock | None:
        found = [one for one in self.clocks if one.key[1] in kinds and one.settled_at is None]
        return found[-1] if found else None


@dataclass(slots=True)
class Expected:
    """What the rows must say. An alert of `may` was settled: it stands if its answer came late."""

    messages: dict[MessageKey, Message]
    followers: dict[tuple[str, str], bool]
    cases: dict[MessageKey, Case]
    clocks: dict[ClockKey, Clock]
    must: set[AlertKey]
    may: set[AlertKey]


def fold(
    events: Iterable[tuple[str, Mapping[str, Any], str | None]],
    targets: Mapping[str, tuple[float, float, float]],
    *,
    own_account: str,
    horizon: datetime,
    steps: tuple[int, ...] = (100,),
) -> Expected:
    """Fold `(source, event, label)`, in whatever order and however often each is there.

    `targets` are seconds by tier for the first response, the next one and the resolution. Until
    `horizon` what came due must have spoken.
    """
    unique = {(source, event["id"]): (source, event, label) for source, event, label in events}
    messages: dict[MessageKey, Message] = {}
    followers: dict[tuple[str, str], tuple[datetime, bool]] = {}
    for source, event, label in unique.values():
        if event["type"].startswith("follower."):
            _follow(followers, source, event)
        else:
            _hear(messages, source, event, label, own_account)
    cases: dict[MessageKey, Case] = {}
    for thread in _threads(messages).values():
        for case in _cases(thread, targets):
            cases[case.key] = case
    clocks = {clock.key: clock for case in cases.values() for clock in case.clocks}
    must, may = _alerts(clocks.values(), horizon, steps)
    following = {key: state for key, (_, state) in followers.items()}
    return Expected(messages, following, cases, clocks, must, may)


def _follow(
    followers: dict[tuple[str, str], tuple[datetime, bool]], source: str, event: Mapping[str, Any]
) -> None:
    key = (source, event["data"]["follower"]["id"])
    told = (datetime.fromisoformat(event["timestamp"]), event["type"] == "follower.followed")
    followers[key] = max(followers.get(key, told), told)


def _hear(
    messages: dict[MessageKey, Message],
    source: str,
    event: Mapping[str, Any],
    label: str | None,
    own_account: str,
) -> None:
    data, at = event["data"], datetime.fromisoformat(event["timestamp"])
    kind = OF_KIND[event["type"]]
    ours = kind == "reply" or data.get("author", {}).get("id") == own_account
    key = (source, "reply" if ours else kind, data["id"])
    message = messages.setdefault(key, Message(key))
    if event["type"] in TAKEN_BACK:
        message.deleted_at = min(at, message.deleted_at or at)
        return
    if not event["type"].endswith(".edited"):
        message.said_at = at
    if message.text_at is None or at > message.text_at:
        message.text, message.text_at, message.label = data["text"], at, label
    message.ours = ours
    message.in_reply_to = data.get("in_reply_to") or (data.get("parent_id") if ours else None)
    if kind == "comment" and not ours:
        message.thread = (source, "comment", data["post_id"], data["author"]["id"])
    elif kind == "dm":
        message.thread = (source, "dm", data.get("conversation_id") or data["author"]["id"])
    elif "conversation_id" in data:
        message.thread = (source, "dm", data["conversation_id"])


def _threads(messages: dict[MessageKey, Message]) -> dict[tuple[str, ...], list[Message]]:
    """Messages by place; a reply without one stands where the message it answers stands."""
    threads: dict[tuple[str, ...], list[Message]] = defaultdict(list)
    for message in messages.values():
        place = message.thread
        if place is None and message.in_reply_to is not None:
            for kind in ("comment", "dm"):
                answered = messages.get((message.key[0], kind, message.in_reply_to))
                place = place or (answered.thread if answered else None)
        if place is not None and message.said_at is not None:
            threads[place].append(message)
    return threads


def _cases(
    thread: Iterable[Message], targets: Mapping[str, tuple[float, float, float]]
) -> list[Case]:
    """Walk one thread by its own times; at one moment questions come before answers."""
    moments: list[tuple[datetime, int, MessageKey, Message]] = []
    for message in thread:
        if message.said_at is None or (not message.ours and message.label not in TIERS):
            continue
        moments.append((message.said_at, 1 if message.ours else 0, message.key, message))
        if message.deleted_at is not None and not message.ours:
            moments.append((message.deleted_at, 2, message.key, message))
    cases: list[Case] = []
    for at, order, _, message in sorted(moments, key=lambda one: one[:3]):
        current = cases[-1] if cases else None
        if order == 0:
            _ask(cases, message, at, targets)
        elif current is not None and current.state != "void":
            (_answer if order == 1 else _take_back)(current, message, at, targets)
    return cases


def _ask(
    cases: list[Case],
    message: Message,
    at: datetime,
    targets: Mapping[str, tuple[float, float, float]],
) -> None:
    case = cases[-1] if cases else None
    if case is None or case.state == "void":
        case = Case(message.key)
        cases.append(case)
    if case.open_clock(RESOLUTION) is None:
        _start(case, RESOLUTION, at)
    if case.open_clock(FIRST, NEXT) is None:
        _start(case, NEXT if any(one.key[1] == FIRST for one in case.clocks) else FIRST, at)
    case.state = "open"
    for clock in (case.open_clock(FIRST, NEXT), case.open_clock(RESOLUTION)):
        if clock is not None:
            clock.asks[message.key] = (at, message.label or "")
            clock.due_at = _due(clock, targets)


def _start(case: Case, kind: str, at: datetime) -> None:
    episode = 1 + sum(one.key[1] == kind for one in case.clocks)
    case.clocks.append(Clock((case.key, kind, episode), at, {}, at))


def _due(clock: Clock, targets: Mapping[str, tuple[float, float, float]]) -> datetime:
    """Each question keeps its own promise: the earliest counts."""
    place = TARGET_OF[clock.key[1]]
    return min(at + timedelta(seconds=targets[tier][place]) for at, tier in clock.asks.values())


def _answer(case: Case, _message: Message, at: datetime, _targets: object) -> None:
    response, resolution = case.open_clock(FIRST, NEXT), case.open_clock(RESOLUTION)
    if response is None:
        return
    response.settled_at = at
    case.state, case.answered = "resolved", True
    if resolution is not None:
        resolution.settled_at = at


def _take_back(
    case: Case,
    message: Message,
    at: datetime,
    targets: Mapping[str, tuple[float, float, float]],
) -> None:
    response, resolution = case.open_clock(FIRST, NEXT), case.open_clock(RESOLUTION)
    if response is None or message.key not in response.asks:
        return
    del response.asks[message.key]
    if response.asks:
        response.due_at = _due(response, targets)
        response.started_at = max(response.started_at, min(response.asks.values())[0])
        return
    response.asks[message.key] = (message.said_at or at, message.label or "")
    for clock in (response, resolution):
        if clock is not None:
            clock.settled_at = at
            clock.void = clock is response or not case.answered
    case.state = "resolved" if case.answered else "void"


def _alerts(
    clocks: Iterable[Clock], horizon: datetime, steps: tuple[int, ...]
) -> tuple[set[AlertKey], set[AlertKey]]:
    """Who was never answered must have spoken; who was, may have when the news of it came late."""
    must: set[AlertKey] = set()
    may: set[AlertKey] = set()
    for clock in clocks:
        budget = clock.due_at - clock.started_at
        for step in steps:
            if clock.started_at + budget * step / 100 < horizon:
                (must if clock.settled_at is None else may).add((clock.key, step))
    return must, may
