"""How much each kind of channel takes: what its vendor allows, less a little for other senders.

Above these, alerts are gathered into digests. The figures are the vendors' own where they publish
any; those of webhooks, consoles and Alertmanager are generous: a program's input, not a person's.
"""

from dataclasses import dataclass
from typing import Final

KIBIBYTE: Final = 1024


@dataclass(frozen=True, slots=True)
class ChannelLimits:
    """A token bucket and its bounds.

    Both rates hold at once; `burst` is what may go at one moment after a rest. `body_bytes` bounds
    one request as it is sent; `concurrency` is how many may be on their way at a time.
    """

    per_second: float
    per_minute: float
    burst: int
    body_bytes: int
    concurrency: int


_LIMITS: Final = {
    "webhook": ChannelLimits(100, 6_000, 600, 20 * KIBIBYTE, 4),
    "console": ChannelLimits(500, 30_000, 1_000, 256 * KIBIBYTE, 1),
    # 5 a second and 100 a minute for one robot; bodies up to 20 KB.
    "feishu": ChannelLimits(5, 100, 5, 20 * KIBIBYTE, 2),
    # 20 a minute for one robot; who sends more is not heard for ten minutes: we stay below.
    "dingtalk": ChannelLimits(1, 18, 5, 18_000, 1),
    # 20 a minute for one robot; a markdown text has at most 4,096 bytes.
    "wecom": ChannelLimits(1, 18, 5, 4_096, 1),
    # One a second for one incoming webhook, short bursts are forgiven.
    "slack": ChannelLimits(1, 60, 2, 16 * KIBIBYTE, 1),
    # 120 a minute for one routing key, 512 KB.
    "pagerduty": ChannelLimits(10, 120, 10, 512 * KIBIBYTE, 4),
    "email": ChannelLimits(2, 60, 5, 256 * KIBIBYTE, 2),
    "alertmanager": ChannelLimits(20, 1_200, 40, 256 * KIBIBYTE, 2),
    # One thread, and services of every temper behind it.
    "apprise": ChannelLimits(1, 20, 2, 16 * KIBIBYTE, 1),
}


def limits_of(kind: str) -> ChannelLimits:
    """The limits of a kind of channel, by its name. Raises KeyError for a kind there is not."""
    return _LIMITS[kind]
