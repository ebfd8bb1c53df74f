"""Named places where a test may stop, break or kill the process; production compiles them away.

A plan says what happens where: `db.after_commit:timeout@0.02,intake.before_wake:die#3;seed=7`.
Each rule is `point:action`, with `@` a probability, with `#` the only time that counts. Callers
write `if __debug__: await failpoints.reach("…")`, which `python -O` compiles to nothing.
"""

import asyncio
import os
import random
import re
import signal
from dataclasses import dataclass, field
from typing import Final

# Every place there is. `stage.` is followed by the queue of a worker's job.
POINTS: Final = (
    "db.before_commit",
    "db.after_commit",
    "intake.before_wake",
    "worker.claimed",
    "worker.entry",
    "worker.before_commit",
    "timers.claimed",
    "climbs.claimed",
    "sink.before_send",
    "sink.after_send",
    "stage.intake",
    "stage.sla",
    "stage.alerts",
    "stage.digests",
    "stage.fallbacks",
    "stage.sendings-upkeep",
    "stage.climbing",
    "stage.climbing-upkeep",
    "stage.stream",
    "stage.fanout",
    "stage.subscriptions",
    "stage.snoozes",
    "stage.links",
    "stage.models",
    "stage.samples",
    "stage.bursts",
    "stage.objectives",
    "stage.exports",
    "stage.exports-upkeep",
    "stage.metrics",
    "stage.reports",
    "stage.recount",
    "stage.detectors",
    "stage.feeds",
    "stage.standstills",
    "stage.replans",
    "stage.audit",
    "stage.inhibitors",
    "stage.partitions",
    "stage.stream-upkeep",
    "stage.subscriptions-upkeep",
    "stage.idempotency-upkeep",
    "auditor.look",
)
# die: SIGKILL. fail: an outage. timeout: an outage too, named for points where the act was done.
# sleep=SECONDS, and hang for ever (until cancelled).
ACTIONS: Final = ("die", "fail", "timeout", "sleep", "hang")

_RULE: Final = re.compile(
    r"(?P<point>[a-z_.-]+):(?P<action>[a-z]+)(?:=(?P<seconds>\d+(?:\.\d+)?))?"
    r"(?:@(?P<chance>\d+(?:\.\d+)?))?(?:#(?P<only>[1-9]\d*))?"
)
_SEED: Final = re.compile(r"seed=(\d+)")


class FaultPlanError(ValueError):
    """The plan cannot be followed: the process must not start as if there were none."""


class InjectedOutageError(ConnectionError):
    """What `fail` raises: to whoever catches outages, a connection that went away."""


class InjectedTimeoutError(TimeoutError):
    """What `timeout` raises: the act before it was done, and its caller does not know."""


@dataclass(slots=True)
class _Rule:
    """What one point does; it counts how often it was reached, in this process."""

    action: str
    seconds: float
    chance: float
    only: int | None
    dice: random.Random
    reached: int = 0

    def strikes(self) -> bool:
        self.reached += 1
        if self.only is not None and self.reached != self.only:
            return False
        return self.chance >= 1.0 or self.dice.random() < self.chance


@dataclass(slots=True)
class _Armed:
    rules: dict[str, _Rule] = field(default_factory=dict)


_armed: Final = _Armed()


def check(plan: str) -> None:
    """Raise FaultPlanError when the plan is none, or when this process could not follow it."""
    if not plan:
        return
    if not __debug__:
        raise FaultPlanError("Failpoints are compiled away here (python -O); leave this empty.")
    _read(plan)


def arm(plan: str) -> None:
    """From now on points do as the plan says, in this process; an empty plan is none.

    Raises FaultPlanError for unknown points or actions, and under `python -O`.
    """
    check(plan)
    _armed.rules = _read(plan) if plan else {}


def disarm() -> None:
    _armed.rules = {}


async def reach(name: str) -> None:
    """Do what the plan says happens here; mostly nothing.

    Raises InjectedOutageError or InjectedTimeoutError, both OSErrors, when it says so.
    """
    rule = _armed.rules.get(name)
    if rule is None or not rule.strikes():
        return
    match rule.action:
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
        case "fail":
            raise InjectedOutageError(f"The fault plan breaks {name}.")
        case "timeout":
            raise InjectedTimeoutError(f"The fault plan forgets the answer of {name}.")
        case "sleep":
            await asyncio.sleep(rule.seconds)
        case _:
            await asyncio.Event().wait()


def _read(plan: str) -> dict[str, _Rule]:
    listed, _, ending = plan.partition(";")
    seed = _SEED.fullmatch(ending or "seed=0")
    if seed is None:
        raise FaultPlanError("A plan ends with nothing, or with ;seed= and a whole number.")
    rules: dict[str, _Rule] = {}
    for written in listed.split(","):
        match = _RULE.fullmatch(written.strip())
        if match is None:
            raise FaultPlanError(f"Not point:action[=seconds][@chance][#time]: {written!r}.")
        point = match["point"]
        if point in rules:
            raise FaultPlanError(f"{point} is named twice.")
        rules[point] = _rule(match, f"{seed[1]}/{point}")
    return rules


def _rule(match: re.Match[str], seed: str) -> _Rule:
    if match["point"] not in POINTS:
        raise FaultPlanError(f"No such point: {match['point']}. There are: {', '.join(POINTS)}.")
    if match["action"] not in ACTIONS:
        raise FaultPlanError(f"No such action: {match['action']}. There are: {', '.join(ACTIONS)}.")
    if (match["action"] == "sleep") != (match["seconds"] is not None):
        raise FaultPlanError("sleep, and only sleep, takes =SECONDS.")
    chance = float(match["chance"] or 1)
    if not 0 < chance <= 1:
        raise FaultPlanError("A chance lies above 0 and at most at 1.")
    return _Rule(
        action=match["action"],
        seconds=float(match["seconds"] or 0),
        chance=chance,
        only=int(match["only"]) if match["only"] else None,
        dice=random.Random(seed),  # noqa: S311 - the same seed must strike at the same times
    )
