"""Write the rotas of a workspace, version by version, and override them for a while."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from services.core.audit import service as audit
from services.core.audit.types import AuditEntry
from services.core.kit import ids
from services.core.kit.errors import InvalidInputError, NotFoundError
from services.core.kit.stretches import EVERYTHING, Stretch
from services.core.kit.uow import UnitOfWork
from services.core.rotas import rules
from services.core.rotas.errors import (
    OverrideOverError,
    RotaNameTakenError,
    TooManyOverridesError,
    TooManyRotasError,
)
from services.core.rotas.facts import override_changed, rota_changed
from services.core.rotas.repository import rotas, teams
from services.core.rotas.types import Override, OverrideDraft, Rota, RotaDraft
from services.core.stream import service as stream

_TURN = "rotas"
_NOT_VALID = "The request is not valid."


async def list_rotas(uow: UnitOfWork) -> list[Rota]:
    """Live rotas at their versions in force, by name."""
    return await rotas.list_rotas(uow)


async def get_rota(uow: UnitOfWork, rota_id: UUID) -> Rota:
    """The version in force. Raises NotFoundError for an unknown or archived rota."""
    for rota in await rotas.list_rotas(uow, [rota_id]):
        return rota
    noun = "rota"
    raise NotFoundError(noun)


async def list_versions(uow: UnitOfWork, rota_id: UUID, wanted: Stretch = EVERYTHING) -> list[Rota]:
    """Versions by their numbers, those of archived rotas too. Raises NotFoundError."""
    versions = await rotas.list_versions(uow, rota_id, wanted)
    if not versions:
        noun = "rota"
        raise NotFoundError(noun)
    return versions


async def create_rota(uow: UnitOfWork, draft: RotaDraft) -> Rota:
    """Version 1. Raises InvalidInputError, RotaNameTakenError, TooManyRotasError."""
    await _check(uow, draft)
    await rotas.take_turns(uow, _TURN)
    if len(await rotas.list_rotas(uow)) >= rules.MOST_ROTAS:
        raise TooManyRotasError(rules.MOST_ROTAS)
    rota = Rota(ids.new_id(), 1, draft, uow.now, uow.now)
    with _names_are_unique():
        await rotas.add_rota(uow, rota)
    await _tell(uow, "created", rota)
    return rota


async def change_rota(uow: UnitOfWork, rota_id: UUID, draft: RotaDraft) -> Rota:
    """The next version, in force at once. Raises as `create_rota`, and NotFoundError."""
    await _check(uow, draft)
    await rotas.take_turns(uow, _TURN)
    before = await get_rota(uow, rota_id)
    rota = replace(before, version=before.version + 1, draft=draft, updated_at=uow.now)
    with _names_are_unique():
        await rotas.change_rota(uow, rota)
    await _tell(uow, "changed", rota)
    return rota


async def archive_rota(uow: UnitOfWork, rota_id: UUID) -> None:
    """It reaches nobody any more. Raises NotFoundError."""
    await rotas.take_turns(uow, _TURN)
    rota = await get_rota(uow, rota_id)
    await rotas.archive_rota(uow, rota_id)
    await _tell(uow, "archived", rota)


async def list_overrides(uow: UnitOfWork, rota_id: UUID) -> list[Override]:
    """Running ones and those to come, in order. Raises NotFoundError."""
    await get_rota(uow, rota_id)
    until = uow.now + rules.FURTHEST_AHEAD + rules.LONGEST_RANGE
    return await rotas.list_overrides(uow, [rota_id], uow.now, until)


async def override_rota(uow: UnitOfWork, rota_id: UUID, draft: OverrideDraft) -> Override:
    """Give the rota to one member for a while; whoever is away then is stood in for.

    Raises NotFoundError, TooManyOverridesError, and InvalidInputError with a reason for each
    field: a window that cannot be or is taken, a member there is not.
    """
    await rotas.take_turns(uow, _TURN)
    others = await list_overrides(uow, rota_id)
    known = await teams.list_active(uow, [draft.member_id])
    problems = rules.problems_of_override(draft, others, uow.now)
    for each in rules.problems_of_members([draft.member_id], known, "/member_id"):
        problems.append(replace(each, pointer="/member_id"))
    if problems:
        raise InvalidInputError(_NOT_VALID, errors=problems)
    if len(others) >= rules.MOST_OVERRIDES:
        raise TooManyOverridesError(rules.MOST_OVERRIDES)
    override = Override(
        id=ids.new_id(),
        rota_id=rota_id,
        member_id=draft.member_id,
        starts_at=draft.starts_at,
        ends_at=draft.ends_at,
        note=draft.note,
        created_at=uow.now,
    )
    await rotas.add_override(uow, override)
    await _tell_override(uow, "overridden", override)
    return override


async def end_override(uow: UnitOfWork, rota_id: UUID, override_id: UUID) -> None:
    """One that runs ends now; one that has not begun is taken back.

    Raises NotFoundError, OverrideOverError.
    """
    override = await rotas.get_override(uow, rota_id, override_id)
    if override is None:
        noun = "override"
        raise NotFoundError(noun)
    if override.ends_at <= uow.now:
        raise OverrideOverError
    begun = override.starts_at < uow.now
    values = {"ends_at": uow.now} if begun else {"withdrawn_at": uow.now}
    await rotas.change_override(uow, override_id, values)
    await _tell_override(uow, "override_ended", override)


async def _check(uow: UnitOfWork, draft: RotaDraft) -> None:
    known = await teams.list_active(uow, rules.members_of(draft))
    problems = rules.problems_of_rota(draft, known)
    if problems:
        raise InvalidInputError("The rota is not valid.", errors=problems)


async def _tell(uow: UnitOfWork, verb: str, rota: Rota) -> None:
    detail = {"version": rota.version}
    await audit.record(uow, [AuditEntry(f"rota.{verb}", "rota", rota.id, detail)])
    await stream.announce(uow, [rota_changed(verb, rota)])


async def _tell_override(uow: UnitOfWork, verb: str, override: Override) -> None:
    fact = override_changed(verb, override)
    await audit.record(uow, [AuditEntry(fact.kind, "rota", override.rota_id, fact.payload)])
    await stream.announce(uow, [fact])


@contextmanager
def _names_are_unique() -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        raise RotaNameTakenError from error
