"""Find what is wrong with a ladder before it is kept, and what of it was perhaps not meant."""

from collections.abc import Collection, Sequence
from typing import Final
from uuid import UUID

from services.core.alerts.ladder_types import LadderStep, LadderWarning
from services.core.kit.errors import FieldProblem
from services.core.rotas.types import AudienceKind
from services.core.triage.types import Tier

FALLBACK: Final = "fallback_channel_id"
# Audiences that are one of many, named by its id.
BY_ID: Final = frozenset({AudienceKind.TEAM, AudienceKind.ROTA, AudienceKind.MEMBER})


def find_problems(
    steps: Sequence[LadderStep],
    *,
    channel_ids: Collection[UUID],
    audience_ids: Collection[UUID],
    group_by: object | None,
    group_window_seconds: int | None,
) -> list[FieldProblem]:
    """Why a ladder cannot be kept, by the place in the body; none when it can."""
    problems: list[FieldProblem] = []
    for place, step in enumerate(steps):
        named = {*step.channel_ids, *filter(None, [step.fallback_channel_id])}
        if not named.issubset(channel_ids):
            where = "channel_ids" if set(step.channel_ids) - set(channel_ids) else FALLBACK
            problems.append(_at(place, where, "unknown_channel", "No such channel."))
        if step in steps[:place]:
            problems.append(_at(place, "percent", "repeated", "The same step stands there twice."))
        if step.repeat_times and not step.repeat_seconds:
            detail = "A step that is repeated says how far apart."
            problems.append(_at(place, "repeat_seconds", "missing", detail))
        problems += _audience_problems(place, step, audience_ids)
    if (group_by is None) != (group_window_seconds is None):
        detail = "A group and its window are named together."
        problems.append(FieldProblem("/group_window_seconds", "incomplete", detail))
    return problems


def find_warnings(
    steps: Sequence[LadderStep], *, reached: Sequence[bool], enabled: Collection[UUID]
) -> list[LadderWarning]:
    """What will be told to somebody else than it says; `reached`: does each step find anybody now?

    Such a ladder may be kept: the person may come back, and nothing is lost meanwhile.
    """
    found = []
    for place, step in enumerate(steps):
        if step.audience and not reached[place]:
            detail = "Nobody is behind this step now: the next wider circle is told instead."
            found.append(LadderWarning(f"/steps/{place}/audience", "nobody_there", detail))
        if step.channel_ids and not set(step.channel_ids) & set(enabled):
            detail = "All its channels are switched off: every other one is used instead."
            found.append(LadderWarning(f"/steps/{place}/channel_ids", "channels_off", detail))
        if step.min_tier is Tier.SPAM:
            detail = "Every tier is at least spam: the condition changes nothing."
            found.append(LadderWarning(f"/steps/{place}/min_tier", "no_condition", detail))
    if not enabled:
        detail = "No channel is enabled: nobody is told of anything."
        found.append(LadderWarning("/steps", "no_channel", detail))
    return found


def _audience_problems(place: int, step: LadderStep, known: Collection[UUID]) -> list[FieldProblem]:
    problems = []
    for number, audience in enumerate(step.audience):
        where = f"audience/{number}"
        needs_id, needs_role = audience.kind in BY_ID, audience.kind is AudienceKind.ROLE
        if needs_id != (audience.id is not None):
            detail = f"An id is {'needed' if needs_id else 'not for'} {audience.kind.value}."
            problems.append(_at(place, f"{where}/id", "audience_id", detail))
        elif audience.id is not None and audience.id not in known:
            detail = f"No such {audience.kind.value}."
            problems.append(_at(place, f"{where}/id", "unknown_audience", detail))
        if needs_role != (audience.role is not None):
            detail = f"A role is {'needed' if needs_role else 'not for'} {audience.kind.value}."
            problems.append(_at(place, f"{where}/role", "audience_role", detail))
    return problems


def _at(place: int, where: str, code: str, detail: str) -> FieldProblem:
    return FieldProblem(f"/steps/{place}/{where}", code, detail)
