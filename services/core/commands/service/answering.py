"""Do what a line from a chat says, and answer with a sentence in both languages."""

from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from services.core.actions.service import short_id_of
from services.core.alerts import service as alerts
from services.core.alerts.types import Alert
from services.core.commands import repository, rules
from services.core.commands.types import Order, Reply, Verb
from services.core.desk import service as desk
from services.core.kit.errors import InvalidInputError, NotFoundError
from services.core.kit.uow import Actor, UnitOfWork
from services.core.rotas import service as rotas
from services.core.silences import service as silences
from services.core.silences.types import Conditions, SilenceDraft
from services.core.triage.types import Tier
from services.core.workspaces import service as workspaces

# As many as are counted before it is said that there are too many.
_MANY: Final = 100
_DONE: Final = "done"


async def answer(uow: UnitOfWork, text: str, *, member_id: UUID | None = None) -> Reply:
    """Never a refusal for what was said: that is answered in words, with a `code` of its own.

    `member_id` is who said it: acts are theirs, on the word of whoever forwarded the line. Raises
    NotFoundError for a member of nobody's, or of before.
    """
    order = rules.read(text)
    if order is None:
        return _reply(None, "unknown_verb")
    if member_id is not None:
        member = await workspaces.get_member(uow, member_id)
        if not member.active:
            # Who has left acts no more, whatever a connector remembers.
            raise NotFoundError("member")
        label = f"{member.name} (by chat)"
        uow = replace(uow, actor=Actor("member", str(member.id), label))
    match order.verb:
        case Verb.HELP:
            return _reply(order, "help", code=_DONE)
        case Verb.WHO:
            return await _who(uow, order)
        case _:
            return await _act(uow, order)


async def _act(uow: UnitOfWork, order: Order) -> Reply:
    if order.minutes is not None and order.minutes > rules.MOST_MINUTES:
        return _reply(order, "too_long")
    found = await repository.list_open(uow, order.alert, _MANY)
    if len(found) != 1:
        return _reply(order, _which(order, len(found)), count=len(found), alert=order.alert)
    await repository.hold_alert(uow, found[0])
    alert = await alerts.get_alert(uow, found[0])
    who = uow.actor.label or uow.actor.id
    match order.verb:
        case Verb.ACKNOWLEDGE:
            await alerts.acknowledge(uow, alert.id, note=order.note, minutes=order.minutes)
            return _told(order, alert, "acknowledged", who=who, minutes=order.minutes)
        case Verb.RESOLVE:
            await alerts.resolve(uow, alert.id, note=order.note)
            return _told(order, alert, "resolved", who=who)
        case Verb.SILENCE:
            return await _silence(uow, order, alert)
        case _:
            return await _assign(uow, order, alert)


async def _assign(uow: UnitOfWork, order: Order, alert: Alert) -> Reply:
    if order.handle is None:
        return _reply(order, "no_handle")
    known = await workspaces.find_member_ids(uow, [order.handle])
    member = await workspaces.get_member(uow, known[order.handle]) if known else None
    if member is None or not member.active:
        return _reply(order, "unknown_member", handle=order.handle)
    if alert.case_id is None:
        return _reply(order, "no_case", alert=short_id_of(alert.id))
    await desk.assign(uow, alert.case_id, member_id=member.id)
    return _told(order, alert, "assigned", name=member.name)


async def _silence(uow: UnitOfWork, order: Order, alert: Alert) -> Reply:
    """Its group, by name: who names an urgent alert means it."""
    from_now = rules.span_of(order.minutes)
    draft = SilenceDraft(
        conditions=Conditions(group=alert.group_key),
        starts_at=uow.now,
        ends_at=uow.now + from_now,
        reason=order.note or "by chat",
        also_urgent=alert.tier is Tier.URGENT,
    )
    try:
        await silences.create_silence(uow, draft)
    except InvalidInputError:
        return _reply(order, "refused")
    return _told(order, alert, "silenced", minutes=order.minutes)


async def _who(uow: UnitOfWork, order: Order) -> Reply:
    on_call = await rotas.list_on_call(uow, uow.now)
    members = {one.id: one.name for one in await workspaces.list_members(uow)}
    names = [
        f"{members[shift.member_id]} ({rota.draft.name})"
        for rota, shift in on_call
        if shift.member_id in members
    ]
    if not names:
        return _reply(order, "nobody_on_call", code=_DONE)
    return _reply(order, "on_call", code=_DONE, names=", ".join(names))


def _which(order: Order, count: int) -> str:
    if order.alert is None:
        return "many_open" if count else "none_open"
    return "ambiguous" if count else "not_found"


def _told(order: Order, alert: Alert, sentence: str, **values: Any) -> Reply:
    said = rules.say(sentence, alert=short_id_of(alert.id), **values)
    return Reply(_DONE, said, order.verb, alert.id)


def _reply(order: Order | None, sentence: str, *, code: str | None = None, **values: Any) -> Reply:
    said = rules.say(sentence, **values)
    return Reply(code or sentence, said, order.verb if order else None)
