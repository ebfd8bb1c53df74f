"""Promise policies as they are told: whole versions, presets to begin with, and warnings."""

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from services.api.schemas.common import ReadModel
from services.api.schemas.policies import OffsetStep
from services.core.sla.checking import MINUTE
from services.core.sla.presets import Preset
from services.core.sla.types import Policy, PolicyDraft, PolicyWarning, Step, Target, Targets
from services.core.triage.types import Tier


class TargetView(ReadModel):
    first_response_seconds: int
    next_response_seconds: int
    resolution_seconds: int
    limit_seconds: int | None

    @classmethod
    def of(cls, target: Target) -> Self:
        return cls(
            first_response_seconds=target.first_response,
            next_response_seconds=target.next_response,
            resolution_seconds=target.resolution,
            limit_seconds=target.limit,
        )


class MatchView(ReadModel):
    channels: list[str]
    source_ids: list[UUID]
    tiers: list[Tier]
    categories: list[str]
    languages: list[str]
    post_ids: list[UUID]
    follower_tiers: list[str]


class PolicyDefinition(ReadModel):
    """A policy as a client may send it back."""

    name: str
    position: int
    targets: dict[Tier, TargetView]
    channel_targets: dict[str, dict[Tier, TargetView]]
    promised: dict[str, int]
    reply_window_seconds: dict[str, int]
    calendar_id: UUID | None
    pause_while_waiting: bool
    advocates_answer: list[Tier]
    response_steps: list[int | OffsetStep]
    resolution_steps: list[int | OffsetStep]
    reply_window_steps: list[int | OffsetStep]
    resolve_on_reply: bool
    reopen_within_seconds: int
    ladder_id: UUID | None
    match: MatchView

    @staticmethod
    def parts(policy: Policy | PolicyDraft) -> dict[str, Any]:
        return {
            "name": policy.name,
            "position": policy.position,
            "targets": _targets(policy.targets),
            "channel_targets": {
                channel: _targets(targets) for channel, targets in policy.channel_targets.items()
            },
            "promised": policy.promised,
            "reply_window_seconds": policy.reply_windows,
            "calendar_id": policy.calendar_id,
            "pause_while_waiting": policy.pause_while_waiting,
            "advocates_answer": list(policy.advocates_answer),
            "response_steps": [_step(step) for step in policy.response_steps],
            "resolution_steps": [_step(step) for step in policy.resolution_steps],
            "reply_window_steps": [_step(step) for step in policy.window_steps],
            "resolve_on_reply": policy.resolve_on_reply,
            "reopen_within_seconds": policy.reopen_within_seconds,
            "ladder_id": policy.ladder_id,
            "match": MatchView.model_validate(policy.match),
        }


class PolicyView(PolicyDefinition):
    """One version of a policy. Open promises keep the version they started under."""

    id: UUID
    version: int
    is_default: bool
    created_at: datetime | None
    updated_at: datetime | None

    @classmethod
    def of(cls, policy: Policy, **more: Any) -> Self:
        return cls(
            id=policy.id,
            version=policy.version,
            is_default=policy.is_default,
            created_at=policy.created_at,
            updated_at=policy.updated_at,
            **cls.parts(policy),
            **more,
        )


class WarningView(ReadModel):
    """Saved all the same. `pointer` is a place in what was sent."""

    pointer: str
    code: str
    detail: str


class SavedPolicyView(PolicyView):
    """A policy just saved, and what of it was perhaps not meant."""

    warnings: list[WarningView]

    @classmethod
    def saved(cls, policy: Policy, warnings: list[PolicyWarning]) -> Self:
        return cls.of(policy, warnings=[WarningView.model_validate(each) for each in warnings])


class Title(ReadModel):
    zh: str
    en: str


class PresetView(ReadModel):
    """A policy to begin with: send `policy` to `POST /v1/policies`, changed or as it is.

    One that `needs_calendar` is sent with the `calendar_id` of one of yours.
    """

    key: str
    title: Title
    needs_calendar: bool
    policy: PolicyDefinition

    @classmethod
    def of(cls, preset: Preset) -> Self:
        return cls(
            key=preset.key,
            title=Title(zh=preset.zh, en=preset.en),
            needs_calendar=preset.needs_calendar,
            policy=PolicyDefinition(**PolicyDefinition.parts(preset.draft)),
        )


def _targets(targets: Targets) -> dict[Tier, TargetView]:
    return {tier: TargetView.of(target) for tier, target in targets.items()}


def _step(step: Step) -> int | OffsetStep:
    if step.percent is not None:
        return step.percent
    return OffsetStep(offset_minutes=(step.offset_seconds or 0) // MINUTE)
