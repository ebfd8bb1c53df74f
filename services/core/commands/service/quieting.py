"""Silence and let be heard again what a workspace really has: ids are looked up before."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from services.core.commands import repository
from services.core.kit.errors import FieldProblem, InvalidInputError
from services.core.kit.uow import UnitOfWork
from services.core.silences import service as silences
from services.core.silences.types import (
    Conditions,
    Inhibition,
    InhibitionDraft,
    Preview,
    Silence,
    SilenceDraft,
)

# Those whose climb was put off until the silence's end go on now.
_CLIMBING: Final = "climbing"


async def create_silence(uow: UnitOfWork, draft: SilenceDraft) -> Silence:
    """As `silences.create_silence`; what it names must exist."""
    await _require_known(uow, "/conditions", _ids_of(draft.conditions))
    return await silences.create_silence(uow, draft)


async def preview_silence(uow: UnitOfWork, draft: SilenceDraft) -> Preview:
    """As `silences.preview`; what it names must exist."""
    await _require_known(uow, "/conditions", _ids_of(draft.conditions))
    return await silences.preview(uow, draft)


async def end_silence(uow: UnitOfWork, silence_id: UUID) -> Silence:
    """As `silences.end_silence`; what it held goes on climbing at once."""
    silence = await silences.end_silence(uow, silence_id)
    if await repository.climb_on(uow, silence.id):
        uow.wake(_CLIMBING)
    return silence


async def create_inhibition(uow: UnitOfWork, draft: InhibitionDraft) -> Inhibition:
    """As `silences.create_inhibition`; the rules it names must exist."""
    await _require_rules(uow, draft)
    return await silences.create_inhibition(uow, draft)


async def change_inhibition(
    uow: UnitOfWork, inhibition_id: UUID, draft: InhibitionDraft
) -> Inhibition:
    """As `silences.change_inhibition`; the rules it names must exist."""
    await silences.get_inhibition(uow, inhibition_id)
    await _require_rules(uow, draft)
    return await silences.change_inhibition(uow, inhibition_id, draft)


async def _require_rules(uow: UnitOfWork, draft: InhibitionDraft) -> None:
    for place, rule_id in (("/source", draft.source.rule_id), ("/target", draft.target.rule_id)):
        await _require_known(uow, place, {"rule_id": rule_id} if rule_id else {})


async def _require_known(uow: UnitOfWork, place: str, wanted: Mapping[str, UUID]) -> None:
    unknown = await repository.list_unknown(uow, wanted) if wanted else []
    if unknown:
        problems = [
            FieldProblem(f"{place}/{name}", "not_found", f"There is no such {name[:-3]}.")
            for name in unknown
        ]
        raise InvalidInputError("The request is not valid.", errors=problems)


def _ids_of(conditions: Conditions) -> dict[str, UUID]:
    named = {
        "source_id": conditions.source_id,
        "post_id": conditions.post_id,
        "thread_id": conditions.thread_id,
        "follower_id": conditions.follower_id,
        "rule_id": conditions.rule_id,
        "case_id": conditions.case_id,
    }
    return {name: value for name, value in named.items() if value is not None}
