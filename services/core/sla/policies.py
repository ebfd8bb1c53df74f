"""Policies to and from the JSON they are kept as."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row

from services.core.sla.types import Policy, PolicyDraft, PolicyMatch, Target
from services.core.triage.types import Tier


def write_definition(draft: PolicyDraft) -> dict[str, Any]:
    """The draft as a policy version keeps it: seconds, percents and plain strings."""
    return {
        "targets": {
            tier.value: {
                "first_response": target.first_response,
                "next_response": target.next_response,
                "resolution": target.resolution,
                "limit": target.limit,
            }
            for tier, target in draft.targets.items()
        },
        "response_steps": list(draft.response_steps),
        "resolution_steps": list(draft.resolution_steps),
        "resolve_on_reply": draft.resolve_on_reply,
        "reopen_within_seconds": draft.reopen_within_seconds,
        "ladder_id": str(draft.ladder_id) if draft.ladder_id else None,
        "match": {
            "channels": list(draft.match.channels),
            "source_ids": [str(source_id) for source_id in draft.match.source_ids],
        },
    }


def read_policy(row: Row[Any]) -> Policy:
    """A row of policies joined with one of its versions."""
    definition = row.definition
    ladder_id = definition.get("ladder_id")
    return Policy(
        id=row.id,
        version=row.version,
        name=row.name,
        targets={Tier(tier): Target(**target) for tier, target in definition["targets"].items()},
        response_steps=tuple(definition["response_steps"]),
        resolution_steps=tuple(definition["resolution_steps"]),
        resolve_on_reply=definition["resolve_on_reply"],
        reopen_within_seconds=definition["reopen_within_seconds"],
        ladder_id=UUID(ladder_id) if ladder_id else None,
        is_default=row.is_default,
        match=PolicyMatch(
            channels=tuple(definition["match"]["channels"]),
            source_ids=tuple(UUID(text) for text in definition["match"]["source_ids"]),
        ),
        position=row.position,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
