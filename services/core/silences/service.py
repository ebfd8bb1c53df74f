"""Keep alerts quiet while people, a louder alert or the hour want it, and say until when."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from services.core.audit import service as audit
from services.core.audit.types import AuditEntry
from services.core.kit import ids
from services.core.kit.errors import FieldProblem, InvalidInputError, NotFoundError
from services.core.kit.stretches import Stretch, newest
from services.core.kit.uow import Database, UnitOfWork
from services.core.silences import repository, rules
from services.core.silences.errors import (
    BuiltInError,
    SilenceOverError,
    TooManyInhibitionsError,
    TooManySilencesError,
)
from services.core.silences.facts import silence_changed
from services.core.silences.types import (
    Hold,
    Holdable,
    Inhibition,
    InhibitionDraft,
    Inhibitor,
    Preview,
    Quiet,
    QuietHours,
    Silence,
    SilenceDraft,
    SilenceState,
    Traits,
)
from services.core.stream import service as stream

# As many open alerts as one look compares with a silence.
MOST_LOOKED_AT: Final = 2_000
MOST_SHOWN: Final = 50
look_again_at: Final = rules.look_again_at
state_of: Final = rules.state_of
NEWEST = newest(50)


async def find_holding(uow: UnitOfWork, alerts: Sequence[Holdable]) -> dict[UUID, Hold]:
    """What keeps each of these open alerts quiet now; one that is missing may be told.

    Set-based: five statements at most, two where nothing may hold anything. An alert that holds
    others back is noted as such, so every alert passes here as it rises, before others are told.
    `rules.look_again_at` says when to ask again.
    """
    if not alerts:
        return {}
    quiet = await _load_quiet(uow)
    traits = await _look_up(uow, alerts)
    await _note_inhibitors(uow, traits, quiet.inhibitions)
    wanted = {one for each in traits for one in rules.keys_held(each, quiet.inhibitions)}
    inhibitors = await _find_inhibitors(uow, quiet, sorted(wanted, key=str)) if wanted else []
    found = {}
    for each in traits:
        hold = rules.hold_of(each, quiet, inhibitors, uow.now, own_id=uow.workspace_id)
        if hold is not None:
            found[each.alert_id] = hold
    return found


async def list_silences(
    uow: UnitOfWork,
    state: SilenceState | None = None,
    wanted: Stretch = NEWEST,
) -> list[Silence]:
    """By when they end."""
    return await repository.list_silences(uow, state, wanted)


async def get_silence(uow: UnitOfWork, silence_id: UUID) -> Silence:
    """Raises NotFoundError."""
    return _found(await repository.get_silence(uow, silence_id))


async def create_silence(
    uow: UnitOfWork, draft: SilenceDraft, *, silence_id: UUID | None = None
) -> Silence:
    """From its beginning on nobody is told of what it is about, until it ends.

    What is waiting to be sent already is sent. With a `silence_id` a second call changes nothing.
    Announces `silence.created`. Raises InvalidInputError with a reason for each field, and
    TooManySilencesError. Whether the things it names exist is for the caller to see.
    """
    _require(rules.problems_of_silence(draft, uow.now), "The silence is not valid.")
    await repository.take_turns(uow)
    if await repository.count_live(uow) >= rules.MOST_SILENCES:
        raise TooManySilencesError(rules.MOST_SILENCES)
    silence = Silence(
        id=silence_id or ids.new_id(),
        conditions=draft.conditions,
        starts_at=draft.starts_at,
        ends_at=draft.ends_at,
        reason=draft.reason,
        everything=draft.everything,
        also_urgent=draft.also_urgent,
        created_at=uow.now,
        created_by=uow.actor.label or uow.actor.id,
    )
    if await repository.add_silence(uow, silence):
        await _tell(uow, "created", silence)
    return await get_silence(uow, silence.id)


async def end_silence(uow: UnitOfWork, silence_id: UUID) -> Silence:
    """End it now, or take it back before it begins; what it held is told as its climb goes on.

    Announces `silence.ended`. Raises NotFoundError, SilenceOverError.
    """
    silence = _found(await repository.get_silence(uow, silence_id, lock=True))
    if rules.state_of(silence, uow.now) is SilenceState.EXPIRED:
        raise SilenceOverError
    await repository.end_silence(uow, silence_id, uow.actor.label or uow.actor.id)
    ended = await get_silence(uow, silence_id)
    await _tell(uow, "ended", ended)
    return ended


async def preview(uow: UnitOfWork, draft: SilenceDraft) -> Preview:
    """Which of the newest 2,000 firing alerts a silence would hold if it began now.

    Raises InvalidInputError.
    """
    _require(rules.problems_of_silence(draft, uow.now), "The silence is not valid.")
    rows = await repository.list_open_alerts(uow, MOST_LOOKED_AT + 1)
    traits = await _look_up(uow, rows[:MOST_LOOKED_AT])
    held = [each.alert_id for each in traits if rules.holds(draft, each)]
    return Preview(
        matching=len(held),
        looked_at=len(traits),
        is_whole=len(rows) <= MOST_LOOKED_AT,
        alert_ids=tuple(held[:MOST_SHOWN]),
    )


async def list_held_by(uow: UnitOfWork, silence: Silence) -> list[UUID]:
    """The firing alerts, of the newest 2,000, that a silence is about."""
    traits = await _look_up(uow, await repository.list_open_alerts(uow, MOST_LOOKED_AT))
    return [each.alert_id for each in traits if rules.holds(silence, each)]


async def list_inhibitions(uow: UnitOfWork) -> list[Inhibition]:
    """The built-in one first, as it is or as it was changed, then the workspace's own."""
    built_in = rules.built_in(uow.workspace_id)
    own = await repository.list_inhibitions(uow)
    changed = [replace(one, is_built_in=True) for one in own if one.id == built_in.id]
    return [*(changed or [built_in]), *(one for one in own if one.id != built_in.id)]


async def get_inhibition(uow: UnitOfWork, inhibition_id: UUID) -> Inhibition:
    """Raises NotFoundError."""
    for inhibition in await list_inhibitions(uow):
        if inhibition.id == inhibition_id:
            return inhibition
    raise NotFoundError("inhibition")


async def create_inhibition(uow: UnitOfWork, draft: InhibitionDraft) -> Inhibition:
    """Holds from now on, by alerts that are open too. Raises InvalidInputError."""
    _require(rules.problems_of_inhibition(draft), "The inhibition is not valid.")
    await repository.take_turns(uow)
    if len(await list_inhibitions(uow)) >= rules.MOST_INHIBITIONS:
        raise TooManyInhibitionsError(rules.MOST_INHIBITIONS)
    return await _save(uow, ids.new_id(), draft, "created")


async def change_inhibition(
    uow: UnitOfWork, inhibition_id: UUID, draft: InhibitionDraft
) -> Inhibition:
    """Raises NotFoundError, InvalidInputError."""
    _require(rules.problems_of_inhibition(draft), "The inhibition is not valid.")
    await repository.take_turns(uow)
    await get_inhibition(uow, inhibition_id)
    return await _save(uow, inhibition_id, draft, "changed")


async def remove_inhibition(uow: UnitOfWork, inhibition_id: UUID) -> None:
    """What it held back is told soon. Raises NotFoundError, BuiltInError."""
    inhibition = await get_inhibition(uow, inhibition_id)
    if inhibition.is_built_in:
        raise BuiltInError
    await repository.remove_inhibition(uow, inhibition_id)
    await audit.record(uow, [AuditEntry("inhibition.removed", "inhibition", inhibition_id)])


async def get_quiet_hours(uow: UnitOfWork) -> QuietHours:
    """Until some are saved there are none."""
    return await repository.get_quiet_hours(uow) or QuietHours()


async def save_quiet_hours(uow: UnitOfWork, hours: QuietHours) -> QuietHours:
    """Routine alerts wait for their end. Raises InvalidInputError with a reason for each field."""
    _require(rules.problems_of_quiet_hours(hours), "The quiet hours are not valid.")
    await repository.save_quiet_hours(uow, hours)
    detail = {"zone": hours.zone, "spans": len(hours.spans)}
    entry = AuditEntry("quiet_hours.saved", "workspace", uow.workspace_id, detail)
    await audit.record(uow, [entry])
    return await get_quiet_hours(uow)


async def forget_inhibitors(database: Database) -> int:
    """Drop the notes on alerts that are over, in every workspace; returns how many."""
    async with database.system() as uow:
        return await repository.forget_inhibitors(uow)


async def _load_quiet(uow: UnitOfWork) -> Quiet:
    return Quiet(
        silences=tuple(await repository.list_active(uow, rules.MOST_SILENCES)),
        inhibitions=tuple(one for one in await list_inhibitions(uow) if one.enabled),
        hours=await get_quiet_hours(uow),
    )


async def _look_up(uow: UnitOfWork, alerts: Sequence[Holdable | Row[Any]]) -> list[Traits]:
    if not alerts:
        return []
    about = await repository.list_traits(uow, alerts)
    return [rules.traits_of(alert, about[alert.id]) for alert in alerts]


async def _note_inhibitors(
    uow: UnitOfWork, traits: Sequence[Traits], inhibitions: Sequence[Inhibition]
) -> None:
    found = [
        Inhibitor(inhibition_id, key, each.alert_id)
        for each in traits
        for inhibition_id, key in rules.keys_holding(each, inhibitions)
    ]
    await repository.add_inhibitors(uow, found)


async def _find_inhibitors(
    uow: UnitOfWork, quiet: Quiet, keys: Sequence[tuple[UUID, str]]
) -> list[Inhibitor]:
    """Those that are heard: a silenced alert must not silence others."""
    rows = await repository.list_inhibiting(uow, keys)
    traits = {each.alert_id: each for each in await _look_up(uow, rows)}
    heard = {
        alert_id
        for alert_id, each in traits.items()
        if rules.hold_of(each, quiet, (), uow.now, own_id=uow.workspace_id) is None
    }
    return [Inhibitor(row.inhibition_id, row.key, row.id) for row in rows if row.id in heard]


async def _save(
    uow: UnitOfWork, inhibition_id: UUID, draft: InhibitionDraft, verb: str
) -> Inhibition:
    inhibition = Inhibition(
        id=inhibition_id,
        name=draft.name,
        source=draft.source,
        target=draft.target,
        same=draft.same,
        enabled=draft.enabled,
        is_built_in=False,
    )
    await repository.save_inhibition(uow, inhibition)
    entry = AuditEntry(f"inhibition.{verb}", "inhibition", inhibition_id, {"name": draft.name})
    await audit.record(uow, [entry])
    saved = await get_inhibition(uow, inhibition_id)
    rows = await repository.list_open_alerts(uow, MOST_LOOKED_AT)
    await _note_inhibitors(uow, await _look_up(uow, rows), [saved])
    return saved


async def _tell(uow: UnitOfWork, verb: str, silence: Silence) -> None:
    detail: Mapping[str, Any] = {
        "ends_at": silence.ends_at.isoformat(),
        "everything": silence.everything,
        "also_urgent": silence.also_urgent,
    }
    entry = AuditEntry(f"silence.{verb}", "silence", silence.id, dict(detail))
    await audit.record(uow, [entry])
    await stream.announce(uow, [silence_changed(verb, silence)])


def _require(problems: list[FieldProblem], sentence: str) -> None:
    if problems:
        raise InvalidInputError(sentence, errors=problems)


def _found(silence: Silence | None) -> Silence:
    if silence is None:
        raise NotFoundError("silence")
    return silence
