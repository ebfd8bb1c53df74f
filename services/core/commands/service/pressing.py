"""Do what a link says, once and in the name of whom it was made for; looking changes nothing."""

from dataclasses import replace
from typing import Final
from uuid import UUID

from services.core.actions import service as actions
from services.core.actions.errors import LinkOverError, UnknownLinkError
from services.core.actions.types import Action, Link
from services.core.alerts import rules as alert_rules
from services.core.alerts import service as alerts
from services.core.alerts.types import Alert, AlertState, Purpose
from services.core.cases import service as cases
from services.core.commands import repository
from services.core.commands.types import Sight
from services.core.desk import service as desk
from services.core.kit import ids
from services.core.kit.errors import NotFoundError
from services.core.kit.uow import Actor, Database, UnitOfWork
from services.core.silences import service as silences
from services.core.silences.types import Conditions, SilenceDraft
from services.core.workspaces import service as workspaces
from services.core.workspaces.types import Member

BY_LINK: Final = "by link"
# A link in a chat proves that somebody reads the chat, and not who.
BY_WORD: Final = "by link, by their word"
_MINUTES: Final = int(actions.ACKNOWLEDGED_FOR.total_seconds() // 60)
_OPEN: Final = frozenset({AlertState.FIRING, AlertState.ACKNOWLEDGED})


async def look(database: Database, token: str) -> Sight:
    """What is behind a link. Raises UnknownLinkError, LinkOverError."""
    link = await actions.open_link(database, token)
    async with database.read(link.workspace_id) as uow:
        return await _see(uow, link, await _person_of(uow, link))


async def press(
    database: Database, token: str, *, picked: UUID | None = None, request_id: str | None = None
) -> Sight:
    """Do what the link says; what it came to. Again it changes nothing.

    The trail has the person the link was made for, "by link". Behind a link that is nobody's it has
    who was `picked`, "by their word": the one who acts, or for `assign` the one it goes to, without
    whom nothing is done. Raises as `look`, and what the act itself raises.
    """
    link = await actions.open_link(database, token)
    async with database.read(link.workspace_id) as reading:
        person = await _person_of(reading, link, picked)
        if link.action is Action.ASSIGN and person is None:
            return await _see(reading, link, None)
    actor = _actor_of(link, person)
    async with database.unit(link.workspace_id, actor=actor, request_id=request_id) as uow:
        await repository.hold_alert(uow, link.alert_id)
        seen = await _see(uow, link, person)
        if seen.done:
            return seen
        await _act(uow, link, seen.alert, token, person)
        after = await _see(uow, link, person)
    return replace(after, done=True, queues=frozenset(uow.wakes))


async def _see(uow: UnitOfWork, link: Link, person: Member | None) -> Sight:
    try:
        alert = await alerts.get_alert(uow, link.alert_id)
    except NotFoundError:
        raise UnknownLinkError from None
    done = await _is_done(uow, link, alert, person)
    asks = link.person_id is None and not done
    return Sight(
        link=link,
        alert=alert,
        sentence=alert_rules.build_message(alert, Purpose.FIRING, now=uow.now)["sentence"],
        person=person.name if person else None,
        done=done,
        seconds_ago=max(0, int((uow.now - alert.fired_at).total_seconds())),
        members=await _members(uow) if asks else (),
    )


async def _members(uow: UnitOfWork) -> tuple[Member, ...]:
    """Who may be chosen, by name."""
    found = [one for one in await workspaces.list_members(uow) if one.active]
    return tuple(sorted(found, key=lambda one: (one.name, one.id)))


async def _is_done(uow: UnitOfWork, link: Link, alert: Alert, person: Member | None) -> bool:
    if alert.state not in _OPEN:
        return True
    match link.action:
        case Action.ACKNOWLEDGE:
            return alert.state is AlertState.ACKNOWLEDGED
        case Action.RESOLVE | Action.SILENCE:
            return False
        case Action.ASSIGN:
            if alert.case_id is None:
                return True
            case = await cases.get_case(uow, alert.case_id)
            return person is not None and bool(case.assignee_id == person.id)


async def _act(
    uow: UnitOfWork, link: Link, alert: Alert, token: str, person: Member | None
) -> None:
    match link.action:
        case Action.ACKNOWLEDGE:
            await alerts.acknowledge(uow, alert.id, minutes=_MINUTES)
        case Action.RESOLVE:
            await alerts.resolve(uow, alert.id)
        case Action.SILENCE:
            await _silence(uow, alert, token)
        case Action.ASSIGN if alert.case_id is not None and person is not None:
            await desk.assign(uow, alert.case_id, member_id=person.id)
        case Action.ASSIGN:
            raise UnknownLinkError


async def _silence(uow: UnitOfWork, alert: Alert, token: str) -> None:
    """An hour for the alert's group; who presses sees that urgent ones are meant as well."""
    draft = SilenceDraft(
        conditions=Conditions(group=alert.group_key),
        starts_at=uow.now,
        ends_at=uow.now + actions.SILENT_FOR,
        reason=BY_LINK,
        also_urgent=True,
    )
    silence_id = ids.derived_id("silence by link", token)
    await silences.create_silence(uow, draft, silence_id=silence_id)


async def _person_of(uow: UnitOfWork, link: Link, picked: UUID | None = None) -> Member | None:
    """Whom the link was made for, else who was picked. Who has left the team acts no more."""
    if link.person_id is None:
        return await _picked(uow, picked) if picked else None
    try:
        member = await workspaces.get_member(uow, link.person_id)
    except NotFoundError:
        raise LinkOverError from None
    if not member.active:
        raise LinkOverError
    return member


async def _picked(uow: UnitOfWork, member_id: UUID) -> Member:
    member = await workspaces.get_member(uow, member_id)
    if not member.active:
        raise NotFoundError("member")
    return member


def _actor_of(link: Link, person: Member | None) -> Actor:
    # To whom something is assigned by a link of nobody's did not assign it.
    if person is None or (link.person_id is None and link.action is Action.ASSIGN):
        return Actor("link", str(link.alert_id), BY_LINK)
    if link.person_id is None:
        return Actor("link", str(person.id), f"{person.name} ({BY_WORD})")
    return Actor("member", str(person.id), f"{person.name} ({BY_LINK})")
