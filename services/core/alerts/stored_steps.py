"""A ladder's steps as documents: kept with the ladder, frozen into an alert, read again."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from services.core.alerts.ladder_types import Ladder, LadderStep, StepClock
from services.core.rotas.types import Audience, AudienceKind
from services.core.triage.types import Tier
from services.core.workspaces.types import Role


def write_steps(steps: Iterable[LadderStep]) -> list[dict[str, Any]]:
    """In the order in which they come: by percent, then by wait."""
    return [_write(step) for step in sorted(steps, key=lambda one: (one.percent, one.wait_seconds))]


def read_steps(documents: Sequence[Mapping[str, Any]]) -> tuple[LadderStep, ...]:
    """What an older version wrote has neither waits nor people."""
    return tuple(_read(document) for document in documents)


def freeze(ladder: Ladder) -> dict[str, Any]:
    """The ladder as an alert keeps it, whatever becomes of it later."""
    frozen: dict[str, Any] = {
        "id": str(ladder.id),
        "name": ladder.name,
        "version": ladder.version,
        "steps": write_steps(ladder.steps),
    }
    if ladder.group_by is not None:
        frozen |= {
            "group_by": ladder.group_by.value,
            "group_window_seconds": ladder.group_window_seconds,
        }
    return frozen


def _write(step: LadderStep) -> dict[str, Any]:
    document: dict[str, Any] = {
        "percent": step.percent,
        "channel_ids": [str(one) for one in step.channel_ids],
    }
    # What is as it was before there was a choice is left out: ladders stay short to read.
    said: dict[str, Any] = {
        "wait_seconds": step.wait_seconds,
        "clock": step.clock.value if step.clock is not StepClock.WALL else None,
        "audience": [_write_audience(one) for one in step.audience],
        "repeat_times": step.repeat_times,
        "repeat_seconds": step.repeat_seconds,
        "only_in_hours": step.only_in_hours,
        "min_tier": step.min_tier.value if step.min_tier else None,
        "fallback_channel_id": _spelled(step.fallback_channel_id),
    }
    return document | {name: value for name, value in said.items() if value}


def _read(document: Mapping[str, Any]) -> LadderStep:
    tier, fallback = document.get("min_tier"), document.get("fallback_channel_id")
    return LadderStep(
        percent=document["percent"],
        channel_ids=tuple(UUID(one) for one in document["channel_ids"]),
        wait_seconds=document.get("wait_seconds", 0),
        clock=StepClock(document.get("clock", StepClock.WALL)),
        audience=tuple(_read_audience(one) for one in document.get("audience", ())),
        repeat_times=document.get("repeat_times", 0),
        repeat_seconds=document.get("repeat_seconds", 0),
        only_in_hours=document.get("only_in_hours", False),
        min_tier=Tier(tier) if tier else None,
        fallback_channel_id=UUID(fallback) if fallback else None,
    )


def _write_audience(audience: Audience) -> dict[str, Any]:
    said = {
        "kind": audience.kind.value,
        "id": _spelled(audience.id),
        "role": audience.role.value if audience.role else None,
    }
    return {name: value for name, value in said.items() if value}


def _read_audience(document: Mapping[str, Any]) -> Audience:
    member, role = document.get("id"), document.get("role")
    return Audience(
        AudienceKind(document["kind"]),
        id=UUID(member) if member else None,
        role=Role(role) if role else None,
    )


def _spelled(value: UUID | None) -> str | None:
    return str(value) if value else None
