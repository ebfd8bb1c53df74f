"""What is wrong with a policy before it is saved, and what a careful reader would say of it."""

from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

from services.core.kit.errors import FieldProblem
from services.core.sla.types import (
    ClockKind,
    Policy,
    PolicyDraft,
    PolicyMatch,
    PolicyWarning,
    Step,
    Target,
    Targets,
)
from services.core.triage.types import Tier

# A step far behind its promise is a mistake in the unit; so many percent are far.
LAST_PERCENT = 1000
MINUTE = 60

_CHANNELS = ("comment", "dm", "mention")
_POSTLESS = "dm"
_RESPONSES = (ClockKind.FIRST_RESPONSE, ClockKind.NEXT_RESPONSE)


def find_faults(draft: PolicyDraft, post_sources: Mapping[UUID, UUID]) -> list[FieldProblem]:
    """Why this cannot be saved. `post_sources` are the posts that are known, with their sources."""
    return [*_contradictions(draft.match, post_sources), *_steps_too_far(draft)]


def find_warnings(policy: Policy, others: Sequence[Policy]) -> list[PolicyWarning]:
    """What may be meant and probably is not. `others` are the live policies, in their order."""
    published = next((each.promised for each in others if each.is_default), {})
    return [
        *_looser(policy, published),
        *_shadows(policy, [each for each in others if each.id != policy.id]),
        *_steps_before_start(policy),
    ]


def takes_all_of(wide: PolicyMatch, narrow: PolicyMatch) -> bool:
    """True when whatever `narrow` is for, `wide` is for as well."""
    return all(
        not wanted or (found and set(found) <= set(wanted))
        for wanted, found in zip(_conditions(wide), _conditions(narrow), strict=True)
    )


def _conditions(match: PolicyMatch) -> tuple[tuple[object, ...], ...]:
    return (
        match.channels,
        match.source_ids,
        match.tiers,
        match.categories,
        match.languages,
        match.post_ids,
        match.follower_tiers,
    )


def _contradictions(
    match: PolicyMatch, post_sources: Mapping[UUID, UUID]
) -> Iterator[FieldProblem]:
    if match.post_ids and set(match.channels) == {_POSTLESS}:
        yield FieldProblem(
            "/match/post_ids", "contradiction", "A direct message stands under no post."
        )
    for place, post_id in enumerate(match.post_ids):
        pointer = f"/match/post_ids/{place}"
        source_id = post_sources.get(post_id)
        if source_id is None:
            yield FieldProblem(pointer, "not_found", "There is no such post.")
        elif match.source_ids and source_id not in match.source_ids:
            yield FieldProblem(
                pointer, "contradiction", "This post is of a source the policy is not for."
            )


def _steps_too_far(draft: PolicyDraft) -> Iterator[FieldProblem]:
    places = [
        ("/response_steps", draft.response_steps, _RESPONSES),
        ("/resolution_steps", draft.resolution_steps, (ClockKind.RESOLUTION,)),
    ]
    for field, steps, kinds in places:
        for place, step in enumerate(steps):
            far = _tier_beyond(draft, step, kinds)
            if far is not None:
                detail = f"It lies beyond 1,000 % of the time for {far.value}."
                yield FieldProblem(f"{field}/{place}", "too_far", detail)


def _tier_beyond(draft: PolicyDraft, step: Step, kinds: Sequence[ClockKind]) -> Tier | None:
    after = step.offset_seconds
    if after is None:
        return None
    return next(
        (
            tier
            for channel in _channels(draft.match)
            for tier, target in _told(draft.targets, draft.channel_targets, channel).items()
            for kind in kinds
            if after > (LAST_PERCENT - 100) / 100 * _budget(draft, channel, target, kind)
        ),
        None,
    )


def _steps_before_start(policy: Policy) -> Iterator[PolicyWarning]:
    places = [
        ("/response_steps", policy.response_steps, _RESPONSES),
        ("/resolution_steps", policy.resolution_steps, (ClockKind.RESOLUTION,)),
    ]
    for field, steps, kinds in places:
        for place, step in enumerate(steps):
            tiers = _tiers_shorter(policy, -(step.offset_seconds or 0), kinds)
            if tiers:
                named = ", ".join(tier.value for tier in tiers)
                detail = (
                    f"For {named} this step would lie before the question was asked,"
                    " so nobody is warned by it."
                )
                yield PolicyWarning(f"{field}/{place}", "step_before_start", detail)


def _tiers_shorter(policy: Policy, before: int, kinds: Sequence[ClockKind]) -> list[Tier]:
    """Tiers with less time for an answer than a step wants to come before its end."""
    if before <= 0:
        return []
    short = {
        tier
        for channel in _channels(policy.match)
        for tier, target in _told(policy.targets, policy.channel_targets, channel).items()
        for kind in kinds
        if _budget(policy, channel, target, kind) <= before
    }
    return sorted(short, key=list(Tier).index)


def _looser(policy: Policy, published: Mapping[str, int]) -> Iterator[PolicyWarning]:
    """Targets behind what the public was told; the promise is then due first, whoever works."""
    if policy.calendar_id is not None:
        return  # Working time against a text in plain hours: no comparing of numbers.
    promised = {**published, **policy.promised}
    for channel in _channels(policy.match):
        limit = promised.get(channel)
        if limit is None:
            continue
        for tier, target in _told(policy.targets, policy.channel_targets, channel).items():
            own = tier in policy.channel_targets.get(channel, {})
            place = f"/channel_targets/{channel}" if own else "/targets"
            late = [kind for kind in _RESPONSES if target.seconds(kind) > limit]
            yield from (
                PolicyWarning(
                    f"{place}/{tier.value}/{kind.value}_seconds",
                    "looser_than_promised",
                    f"The public is told {_length(limit)} for {channel}, this target is"
                    f" {_length(target.seconds(kind))}.",
                )
                for kind in late
            )


def _shadows(policy: Policy, others: Sequence[Policy]) -> Iterator[PolicyWarning]:
    if policy.is_default:
        return
    mine = (policy.position, policy.id)
    for other in others:
        if other.is_default:
            continue
        earlier = (other.position, other.id) < mine
        if earlier and takes_all_of(other.match, policy.match):
            yield PolicyWarning(
                "/match",
                "never_matches",
                f"{other.name!r} is tried before it and takes everything this one would.",
            )
        elif not earlier and takes_all_of(policy.match, other.match):
            yield PolicyWarning(
                "/match",
                "takes_from_another",
                f"It is tried before {other.name!r} and takes everything that one would.",
            )


def _channels(match: PolicyMatch) -> Sequence[str]:
    return match.channels or _CHANNELS


def _told(targets: Targets, by_channel: Mapping[str, Targets], channel: str) -> Targets:
    return {**targets, **by_channel.get(channel, {})}


def _budget(told: Policy | PolicyDraft, channel: str, target: Target, kind: ClockKind) -> int:
    """Seconds from question to due time: the earlier of the tier's target and the promise."""
    seconds = target.seconds(kind)
    promise = told.promised.get(channel)
    return seconds if promise is None or kind is ClockKind.RESOLUTION else min(seconds, promise)


def _length(seconds: int) -> str:
    hours, minutes = divmod(seconds // MINUTE, MINUTE)
    parts = [f"{hours} h"] if hours else []
    parts += [f"{minutes} min"] if minutes else []
    return " ".join(parts) or f"{seconds} s"
