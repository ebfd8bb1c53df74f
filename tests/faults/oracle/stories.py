"""What followers and the brand will say in a fault test: planned from a seed before it begins.

A story is a thread of its own, told so that how it must end follows from its times alone. Texts are
ones whose tier is beyond doubt; the label travels in the ledger, never in what is sent.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

QUIET = "quiet"
TEXTS = {
    "urgent": (
        "收到的瓶子是碎的，我要退款，请马上处理",
        "用了烂脸，怎么办",
        "I want a refund, the bottle arrived broken",
    ),
    "important": ("想和你们合作推广，怎么联系商务", "建议出个小瓶装", "视频里背景音乐是什么歌"),
    "routine": ("太好用了，爱了爱了", "客服小姐姐好耐心，谢谢你们"),
    # Nobody waits behind it: no case, no promise.
    QUIET: ("谢谢",),
}
OWN_ACCOUNT = "brand-official"
# How often each story is told, in parts of the whole.
SHARES = {
    "silent": 28,
    "answered": 24,
    "withdrawn": 8,
    "edited": 7,
    "raised_by_edit": 5,
    "asked_twice": 8,
    "followed_up": 8,
    "answered_late": 4,
    "quiet": 3,
    "followed": 5,
}
# Events of one moment that travel together, and deliveries that are sent a second time.
BATCHED = 0.2
BATCH_SECONDS = 0.4
BATCH_EVENTS = 5
SENT_AGAIN = 0.06


@dataclass(frozen=True, slots=True)
class Promises:
    """Seconds for each tier: first response, next response, resolution."""

    targets: dict[str, tuple[float, float, float]]
    steps: tuple[int, ...] = (100,)


# Short enough to be missed within a test, and a resolution that never is.
SHORT = Promises({"urgent": (2, 2, 3600), "important": (3, 3, 3600), "routine": (4, 4, 3600)})


@dataclass(frozen=True, slots=True)
class Spoken:
    """One event of the plan, `at` seconds from the start."""

    at: float
    kind: str
    key: str
    data: dict[str, Any]
    label: str | None = None

    def event(self, start: float) -> dict[str, Any]:
        when = datetime.fromtimestamp(start + self.at, UTC).isoformat()
        return {"id": f"{self.kind}:{self.key}", "type": self.kind, "timestamp": when} | {
            "data": self.data
        }


@dataclass(slots=True)
class Planned:
    """One delivery of the plan: when it goes out, for which tenant, and when once more."""

    at: float
    tenant: int
    webhook_id: str
    said: list[Spoken] = field(default_factory=list)
    again_after: float | None = None


def plan(
    seed: int, *, seconds: float, rate: float, tenants: int = 2, promises: Promises = SHORT
) -> list[Planned]:
    """Deliveries for about `rate` events a second; the same arguments give the same plan."""
    dice = random.Random(seed)  # noqa: S311 - the same seed must tell the same stories
    teller = Teller(dice, promises, f"s{seed}")
    spoken: list[tuple[int, Spoken]] = []
    while len(spoken) < seconds * rate:
        tenant = dice.randrange(tenants)
        spoken += [(tenant, one) for one in teller.tell(dice.uniform(0, seconds))]
    spoken.sort(key=lambda pair: pair[1].at)
    deliveries = list(_pack(dice, spoken, f"whk_{seed}"))
    deliveries.sort(key=lambda one: one.at)
    return deliveries


def _pack(
    dice: random.Random, spoken: Sequence[tuple[int, Spoken]], prefix: str
) -> Iterator[Planned]:
    open_batches: dict[int, Planned] = {}
    for number, (tenant, one) in enumerate(spoken):
        batch = open_batches.get(tenant)
        if batch is not None and one.at - batch.said[0].at <= BATCH_SECONDS:
            batch.said.append(one)
            batch.at = one.at
            if len(batch.said) == BATCH_EVENTS:
                del open_batches[tenant]
            continue
        delivery = Planned(one.at, tenant, f"{prefix}_{number}", [one])
        if dice.random() < SENT_AGAIN:
            delivery.again_after = dice.uniform(0, 1.5)
        if dice.random() < BATCHED:
            open_batches[tenant] = delivery
        yield delivery


class Teller:
    """Tells one story after the other, each about somebody new."""

    def __init__(self, dice: random.Random, promises: Promises, prefix: str) -> None:
        self._dice = dice
        self._promises = promises
        self._prefix = prefix
        self._count = 0

    def tell(self, at: float) -> list[Spoken]:
        self._count += 1
        (kind,) = self._dice.choices(list(SHARES), weights=list(SHARES.values()))
        tier = self._dice.choice(("urgent", "important", "routine"))
        story = Story(f"{self._prefix}-{self._count}", at, tier, self._dice, self._promises)
        told: list[Spoken] = getattr(story, kind)()
        return told


class Story:
    """One follower at one place. Every name of `SHARES` is one of its methods."""

    def __init__(
        self, name: str, at: float, tier: str, dice: random.Random, promises: Promises
    ) -> None:
        self.name = name
        self.at = at
        self.tier = tier
        self.dice = dice
        self.promises = promises
        self.is_dm = dice.random() < 0.3
        self.author = {"id": f"u-{name}", "handle": f"h-{name}"}

    def silent(self) -> list[Spoken]:
        return [self._asks(0)]

    def answered(self) -> list[Spoken]:
        return [self._asks(0), self._replies(self._soon())]

    def answered_late(self) -> list[Spoken]:
        return [self._asks(0), self._replies(self._budget() + self.dice.uniform(1, 2))]

    def withdrawn(self) -> list[Spoken]:
        kind = "dm.recalled" if self.is_dm else "comment.deleted"
        taken_back = Spoken(self.at + self._soon(), kind, f"{self.name}-0", {"id": self._id(0)})
        return [self._asks(0), taken_back]

    def edited(self) -> list[Spoken]:
        return [self._asks(0), self._asks(0, after=self._soon(), edited=True)]

    def raised_by_edit(self) -> list[Spoken]:
        """Important becomes urgent: the promise moves forward to the shorter budget."""
        self.tier = "important"
        first = self._asks(0)
        self.tier = "urgent"
        return [first, self._asks(0, after=0.3, edited=True)]

    def asked_twice(self) -> list[Spoken]:
        """One clock, due with the earlier promise of two."""
        first = self._asks(0)
        self.tier = self.dice.choice(("urgent", "important", "routine"))
        return [first, self._asks(1, after=0.5)]

    def followed_up(self) -> list[Spoken]:
        """Answered, then asked again: the second question has a promise of its own."""
        soon = self._soon()
        return [self._asks(0), self._replies(soon), self._asks(1, after=soon + 0.4)]

    def quiet(self) -> list[Spoken]:
        self.tier = QUIET
        return [self._asks(0)]

    def followed(self) -> list[Spoken]:
        came = Spoken(self.at, "follower.followed", self.name, {"follower": self.author})
        if self.dice.random() < 0.5:
            return [came]
        left = Spoken(self.at + 0.5, "follower.unfollowed", self.name, {"follower": self.author})
        return [came, left]

    def _asks(self, number: int, *, after: float = 0, edited: bool = False) -> Spoken:
        data: dict[str, Any] = {
            "id": self._id(number),
            "author": self.author,
            "text": self.dice.choice(TEXTS[self.tier]),
        }
        if self.is_dm:
            kind = "dm.edited" if edited else "dm.received"
        else:
            kind = "comment.edited" if edited else "comment.created"
            data["post_id"] = f"p-{self.name}"
        return Spoken(self.at + after, kind, f"{self.name}-{number}", data, self.tier)

    def _replies(self, after: float) -> Spoken:
        key = f"r-{self.name}"
        data = {"id": key, "text": "亲，马上为您处理"}
        if self.is_dm:
            data["conversation_id"] = self.author["id"]
        elif self.dice.random() < 0.3:
            # The brand's own comment under its follower's.
            own = {"author": {"id": OWN_ACCOUNT}, "post_id": f"p-{self.name}"}
            data |= own | {"parent_id": self._id(0)}
            return Spoken(self.at + after, "comment.created", key, data)
        else:
            data["in_reply_to"] = self._id(0)
        return Spoken(self.at + after, "reply.sent", key, data)

    def _id(self, number: int) -> str:
        return f"{'d' if self.is_dm else 'c'}-{self.name}-{number}"

    def _budget(self) -> float:
        return self.promises.targets[self.tier][0]

    def _soon(self) -> float:
        """Well before the promise ends."""
        return self._budget() * self.dice.uniform(0.2, 0.5)
