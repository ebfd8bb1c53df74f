"""The days a simulated platform can have: how much happens at which hour, and what goes wrong."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

# Activity by local hour, relative to each other: lunch, then the long evening on the sofa.
_ACTIVITY = (
    0.55, 0.30, 0.18, 0.12, 0.10, 0.15, 0.35, 0.70, 0.95, 0.90, 0.95, 1.10,
    1.60, 1.40, 1.00, 0.95, 1.00, 1.15, 1.40, 1.70, 2.00, 2.20, 1.80, 1.05,
)  # fmt: skip
HOURS_A_DAY = 24
_MEAN_ACTIVITY = sum(_ACTIVITY) / HOURS_A_DAY


class SurgeKind(StrEnum):
    BURST = "burst"  # one post goes round: comments, views, follows
    CRISIS = "crisis"  # people were hurt: accusations under one post, journalists, unfollows
    SPAM = "spam"  # new accounts sell things under everything


@dataclass(frozen=True, slots=True)
class Surge:
    """Extra load between two hours; `factor` is in multiples of the mean rate."""

    kind: SurgeKind
    from_hour: float
    to_hour: float
    factor: float


@dataclass(frozen=True, slots=True)
class Scenario:
    """One cycle of traffic. `hours` may run past 24: (17, 41) is a whole day from five o'clock."""

    name: str
    hours: tuple[float, float]
    kinds: Mapping[str, float]
    tones: Mapping[str, float]
    surges: tuple[Surge, ...] = ()
    is_flat: bool = False

    def load_at(self, hour: float) -> float:
        """The load as a multiple of the mean rate, without surges."""
        return 1.0 if self.is_flat else activity_at(hour)

    @property
    def highest_load(self) -> float:
        """No moment of the cycle is busier than this, all surges together included."""
        base = 1.0 if self.is_flat else max(_ACTIVITY) / _MEAN_ACTIVITY
        return base + sum(surge.factor for surge in self.surges)

    def surges_at(self, hour: float) -> tuple[Surge, ...]:
        return tuple(s for s in self.surges if s.from_hour <= hour < s.to_hour)


def activity_at(hour: float) -> float:
    """Activity at that hour of any day as a multiple of the day's mean, without steps."""
    before = int(hour // 1) % HOURS_A_DAY
    after = (before + 1) % HOURS_A_DAY
    share = hour % 1
    return (_ACTIVITY[before] * (1 - share) + _ACTIVITY[after] * share) / _MEAN_ACTIVITY


# Relative frequencies of the wire types; a day on a brand account of middle size.
_ORDINARY: Mapping[str, float] = {
    "comment.created": 42,
    "dm.received": 9,
    "mention.created": 3,
    "reply.sent": 6,
    "view.recorded": 12,
    "follower.followed": 8,
    "follower.unfollowed": 1.5,
    "post.metrics": 4,
    "post.published": 0.6,
    "purchase.completed": 3,
    "comment.edited": 1.2,
    "comment.deleted": 1,
    "dm.edited": 0.5,
    "dm.recalled": 0.6,
    "comment.hidden": 0.6,
    "comment.unhidden": 0.3,
    "post.edited": 0.3,
    "post.deleted": 0.1,
}
# Everything else the contract knows, so that a mixed day shows every type.
_RARE: Mapping[str, float] = {
    "referral.joined": 0.6,
    "group.joined": 0.6,
    "group.left": 0.3,
    "group.message": 1.5,
    "survey.answered": 0.6,
    "lead.submitted": 0.4,
    "flag.raised": 0.4,
}
_NIGHT_KINDS: Mapping[str, float] = {
    **_ORDINARY, "dm.received": 18, "reply.sent": 0.5, "post.published": 0, "purchase.completed": 2,
}  # fmt: skip
_TONES: Mapping[str, float] = {
    "question": 27,
    "praise": 17,
    "casual": 17,
    "general": 9,
    "thanks": 6,
    "complaint": 8,
    "negative": 6,
    "feedback": 5,
    "spam": 3.5,
    "partnership": 1.2,
    "crisis": 0.3,
}
_PEACEFUL_TONES: Mapping[str, float] = {**_TONES, "complaint": 3, "negative": 2, "crisis": 0}

SURGE_TONES: Mapping[SurgeKind, Mapping[str, float]] = {
    SurgeKind.BURST: {"question": 34, "praise": 24, "casual": 22, "general": 16, "spam": 4},
    SurgeKind.CRISIS: {"crisis": 40, "complaint": 22, "negative": 22, "question": 8, "casual": 8},
    SurgeKind.SPAM: {"spam": 1},
}
SURGE_KINDS: Mapping[SurgeKind, Mapping[str, float]] = {
    SurgeKind.BURST: {"comment.created": 70, "view.recorded": 20, "follower.followed": 10},
    SurgeKind.CRISIS: {
        "comment.created": 72, "dm.received": 12, "mention.created": 8,
        "follower.unfollowed": 7, "flag.raised": 1,
    },
    SurgeKind.SPAM: {"comment.created": 80, "dm.received": 15, "mention.created": 5},
}  # fmt: skip

SCENARIOS: Mapping[str, Scenario] = {
    scenario.name: scenario
    for scenario in (
        Scenario("calm", (9, 17), _ORDINARY, _PEACEFUL_TONES, is_flat=True),
        Scenario(
            "busy", (18, 23), _ORDINARY, _TONES,
            (Surge(SurgeKind.BURST, 19.0, 19.6, 2.5), Surge(SurgeKind.BURST, 21.0, 21.8, 3.0)),
        ),
        Scenario("night", (22, 31), _NIGHT_KINDS, _TONES),
        Scenario(
            "crisis", (17, 23), _ORDINARY, _TONES, (Surge(SurgeKind.CRISIS, 18.5, 20.5, 3.0),)
        ),
        Scenario(
            "spam-wave", (12, 18), _ORDINARY, _TONES, (Surge(SurgeKind.SPAM, 13.0, 15.0, 3.0),)
        ),
        Scenario(
            "mixed", (17, 41), {**_ORDINARY, **_RARE}, _TONES,
            (
                Surge(SurgeKind.BURST, 19.0, 20.0, 2.0),
                Surge(SurgeKind.CRISIS, 21.0, 22.5, 1.5),
                Surge(SurgeKind.SPAM, 37.0, 38.0, 2.0),
            ),
        ),
    )
}  # fmt: skip


def scenario_named(name: str) -> Scenario:
    """Raises ValueError with the names that exist."""
    try:
        return SCENARIOS[name]
    except KeyError:
        known = ", ".join(SCENARIOS)
        raise ValueError(f"there is no scenario {name!r}; known are {known}") from None
