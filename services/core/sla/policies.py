"""Policies to and from the JSON they are kept as."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from services.core.sla.types import Policy, PolicyDraft, PolicyMatch, Step, Target, Targets
from services.core.triage.types import Tier


def write_definition(draft: PolicyDraft) -> dict[str, Any]:
    """The draft as a policy version keeps it: seconds, percents and plain strings."""
    match = draft.match
    return {
        "targets": _write_targets(draft.targets),
        "channel_targets": {
            channel: _write_targets(targets) for channel, targets in draft.channel_targets.items()
        },
        "promised": dict(draft.promised),
        "response_steps": [_write_step(step) for step in draft.response_steps],
        "resolution_steps": [_write_step(step) for step in draft.resolution_steps],
        "reply_windows": dict(draft.reply_windows),
        "window_steps": [_write_step(step) for step in draft.window_steps],
        "resolve_on_reply": draft.resolve_on_reply,
        "reopen_within_seconds": draft.reopen_within_seconds,
        "pause_while_waiting": draft.pause_while_waiting,
        "advocates_answer": [tier.value for tier in draft.advocates_answer],
        "calendar_id": str(draft.calendar_id) if draft.calendar_id else None,
        "ladder_id": str(draft.ladder_id) if draft.ladder_id else None,
        "match": {
            "channels": list(match.channels),
            "source_ids": [str(source_id) for source_id in match.source_ids],
            "tiers": [tier.value for tier in match.tiers],
            "categories": list(match.categories),
            "languages": list(match.languages),
            "post_ids": [str(post_id) for post_id in match.post_ids],
            "follower_tiers": list(match.follower_tiers),
        },
    }


def read_policy(row: Row[Any]) -> Policy:
    """A row of policies joined with one of its versions. Old versions lack what came later."""
    definition = row.definition
    return Policy(
        id=row.id,
        version=row.version,
        name=row.name,
        targets=_read_targets(definition["targets"]),
        channel_targets={
            channel: _read_targets(targets)
            for channel, targets in definition.get("channel_targets", {}).items()
        },
        promised=definition.get("promised", {}),
        response_steps=tuple(_read_step(step) for step in definition["response_steps"]),
        resolution_steps=tuple(_read_step(step) for step in definition["resolution_steps"]),
        reply_windows=definition.get("reply_windows", {}),
        window_steps=tuple(_read_step(step) for step in definition.get("window_steps", (80, 100))),
        resolve_on_reply=definition["resolve_on_reply"],
        reopen_within_seconds=definition["reopen_within_seconds"],
        pause_while_waiting=definition.get("pause_while_waiting", False),
        advocates_answer=tuple(Tier(tier) for tier in definition.get("advocates_answer", ())),
        calendar_id=_read_id(definition.get("calendar_id")),
        ladder_id=_read_id(definition.get("ladder_id")),
        is_default=row.is_default,
        match=_read_match(definition["match"]),
        position=row.position,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _write_targets(targets: Targets) -> dict[str, Any]:
    return {
        tier.value: {
            "first_response": target.first_response,
            "next_response": target.next_response,
            "resolution": target.resolution,
            "limit": target.limit,
        }
        for tier, target in targets.items()
    }


def _read_targets(stored: Mapping[str, Any]) -> Targets:
    return {Tier(tier): Target(**target) for tier, target in stored.items()}


def _write_step(step: Step) -> int | dict[str, int | None]:
    """Most steps are a percent, and look like one."""
    if step.percent is not None:
        return step.percent
    return {"offset_seconds": step.offset_seconds}


def _read_step(stored: int | Mapping[str, int]) -> Step:
    if isinstance(stored, int):
        return Step(stored)
    return Step(offset_seconds=stored["offset_seconds"])


def _read_match(stored: Mapping[str, Any]) -> PolicyMatch:
    return PolicyMatch(
        channels=tuple(stored["channels"]),
        source_ids=tuple(UUID(text) for text in stored["source_ids"]),
        tiers=tuple(Tier(tier) for tier in stored.get("tiers", ())),
        categories=tuple(stored.get("categories", ())),
        languages=tuple(stored.get("languages", ())),
        post_ids=tuple(UUID(text) for text in stored.get("post_ids", ())),
        follower_tiers=tuple(stored.get("follower_tiers", ())),
    )


def _read_id(text: str | None) -> UUID | None:
    return UUID(text) if text else None
