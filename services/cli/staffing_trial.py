"""Forecasts tried on made-up brands: the simulator's traffic, judged by the classifier.

The simulator's days are all alike. Real ones are not, so each day keeps a share of its traffic that
its day of the week and chance decide.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import numpy as np

from services.core.sla.rules import DEFAULT_DRAFT
from services.core.sla.types import Policy
from services.core.staffing import rules
from services.core.staffing.backtest import Asked, Report, backtest
from services.core.staffing.types import Evidence, Group, Handling, Plan
from services.core.triage.engine import load_classifier
from services.core.triage.types import MessageKind, TriageInput
from services.simulator.traffic import plan as plan_traffic

# A Monday at midnight in Shanghai; the simulator's day begins at five in the afternoon.
START: Final = datetime(2026, 8, 30, 16, tzinfo=UTC)
LEAD: Final = timedelta(hours=7)
DAY_SECONDS: Final = 86_400
# Monday to Sunday: weekends are quieter. Of what is left, chance keeps two thirds to all.
SHARE_OF_DAY: Final = (1.0, 0.95, 0.95, 0.95, 0.9, 0.7, 0.6)
LEAST_KEPT: Final = 0.66
# What a reply is believed to take, and its spread; what it really takes is drawn from the same.
MINUTES, SPREAD = 3.0, 0.6
KINDS: Final = {
    "comment.created": (MessageKind.COMMENT, "comment"),
    "dm.received": (MessageKind.DM, "dm"),
    "mention.created": (MessageKind.MENTION, "mention"),
}
SOURCE: Final = UUID(int=1)


def try_forecasts(*, rounds: int, weeks: int, rate: float, people: int, seed: int) -> Report:
    """Forecast the last third of each history, week by week. `rate` is what happens in a day."""
    first = max(weeks - weeks // 3, 2)
    histories = [brand(seed + number, weeks, rate) for number in range(rounds)]
    blocks = tuple(replace(block, people=people) for block in rules.DEFAULT_BLOCKS)
    given = Evidence(
        as_of=START,
        since=START,
        plan=Plan(rules.DEFAULT_ZONE, blocks, MINUTES),
        hourly={},
        groups=(),
        handling=Handling(MINUTES, SPREAD, 0),
        waiting=(),
        policies=(_default_policy(),),
    )
    replies = _replies(seed)
    return backtest(histories, given, weeks=weeks, first=first, replies=replies, seed=seed)


def brand(seed: int, weeks: int, rate: float) -> list[Asked]:
    """The questions worth a reply of one made-up brand, in order."""
    rng = np.random.default_rng(seed)
    days = weeks * 7 + 1
    kept = [SHARE_OF_DAY[day % 7] * rng.uniform(LEAST_KEPT, 1.0) for day in range(days)]
    traffic = plan_traffic(
        seed, rate / DAY_SECONDS, days * DAY_SECONDS, "mixed", cycle_seconds=DAY_SECONDS
    )
    said = []
    for planned in traffic:
        at = START - LEAD + timedelta(seconds=planned.at_offset_seconds)
        kind = KINDS.get(planned.event["type"])
        day = (at - START).days
        if kind is None or not 0 <= day < days or rng.random() >= kept[day]:
            continue
        said.append((at, kind[1], TriageInput(kind[0], planned.event["data"]["text"])))
    decisions = load_classifier().judge_many([message for _, _, message in said], explained=False)
    return [
        Asked(at, Group(channel, SOURCE, decision.tier, None, 1))
        for (at, channel, _), decision in zip(said, decisions, strict=True)
        if decision.needs_reply
    ]


def _default_policy() -> Policy:
    draft = DEFAULT_DRAFT
    return Policy(
        id=UUID(int=0),
        version=1,
        name=draft.name,
        targets=draft.targets,
        response_steps=draft.response_steps,
        resolution_steps=draft.resolution_steps,
        resolve_on_reply=draft.resolve_on_reply,
        reopen_within_seconds=draft.reopen_within_seconds,
        promised=draft.promised,
        is_default=True,
    )


def _replies(seed: int) -> Iterator[float]:
    rng = np.random.default_rng([seed, 1])
    while True:
        yield from rng.lognormal(np.log(MINUTES * 60), SPREAD, 1000).tolist()
