"""Texts for the public, made of the policies, calendars and absences in force: never kept."""

import tomllib
from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from importlib.resources import files
from typing import Any, Final
from uuid import UUID

from services.core.calendars import service as calendars
from services.core.calendars.types import Standstill, StandstillReason
from services.core.cases import service as cases
from services.core.kit.stretches import newest
from services.core.kit.uow import UnitOfWork
from services.core.notices import repository, rules
from services.core.notices.errors import NotLateError
from services.core.notices.types import Apology, Away, AwayNotice, Language, Lateness, Notices
from services.core.sla import service as sla
from services.core.workspaces import service as workspaces

# Absences further ahead are nobody's business yet.
AHEAD: Final = timedelta(days=30)
MOST_ABSENCES: Final = 100


async def write_notices(uow: UnitOfWork, language: Language) -> Notices:
    """What can be put up now. A workspace without policies promises nothing."""
    policies = await sla.list_policies(uow)
    drafts = {each.id: each.draft for each in await calendars.list_calendars(uow)}
    promised, unsaid = rules.public_promises(policies, drafts)
    texts = texts_of(language)
    return Notices(
        as_of=uow.now,
        language=language,
        promised=tuple(promised),
        unsaid=tuple(unsaid),
        bio=rules.bio(promised, texts),
        # Under a post, what is promised to comments; in a message, what is promised to messages.
        post=rules.notice("post", [each for each in promised if each.channel == "comment"], texts),
        dm=rules.notice("dm", [each for each in promised if each.channel == "dm"], texts),
        away=tuple(await _absences(uow, language, texts)),
    )


async def write_apology(uow: UnitOfWork, case_id: UUID, language: Language) -> Apology:
    """A draft to a follower who waits too long. Raises NotFoundError, NotLateError."""
    await cases.get_case(uow, case_id)
    row = await repository.find_late(uow, case_id)
    if row is None:
        raise NotLateError
    late = Lateness(row.started_at, row.due_at, None)
    if row.promised:
        late = Lateness(row.started_at, row.due_at, await _promised_seconds(uow, case_id, row))
    return Apology(
        case_id=case_id,
        language=language,
        asked_at=late.asked_at,
        due_at=late.due_at,
        late_seconds=int((uow.now - late.due_at).total_seconds()),
        text=rules.apology(late, uow.now, texts_of(language)),
    )


@cache
def texts_of(language: Language) -> dict[str, Any]:
    """The packaged sentences of one language."""
    file = files("services.core.notices").joinpath("texts", f"{language}.toml")
    return tomllib.loads(file.read_text(encoding="utf-8"))


async def _promised_seconds(uow: UnitOfWork, case_id: UUID, row: Any) -> int | None:
    """What the version the clock runs under promises on the case's channel."""
    case = await cases.get_case(uow, case_id)
    place = (row.policy_id, row.policy_version)
    policy = (await sla.get_policies_by_version(uow, {place})).get(place)
    return policy.promised.get(case.channel) if policy else None


async def _absences(uow: UnitOfWork, language: Language, texts: Any) -> list[AwayNotice]:
    found = await calendars.list_standstills(uow, newest(MOST_ABSENCES))
    ours = [each for each in found if _is_told(each, uow)]
    notices = []
    for each in sorted(ours, key=lambda one: one.starts_at):
        absence = await _away(uow, each, language)
        text = rules.away(absence, texts, rules.HOME_ZONE)
        notices.append(AwayNotice(absence.id, absence.start, absence.end, text))
    return notices


def _is_told(standstill: Standstill, uow: UnitOfWork) -> bool:
    """The team's own, under way or near; one person's absence is told to nobody."""
    over = standstill.ends_at is not None and standstill.ends_at <= uow.now
    return (
        standstill.reason is StandstillReason.OUT_OF_OFFICE
        and standstill.member_id is None
        and not over
        and standstill.starts_at < uow.now + AHEAD
    )


async def _away(uow: UnitOfWork, standstill: Standstill, language: Language) -> Away:
    stand_in = None
    if standstill.stand_in_id is not None:
        stand_in = (await workspaces.get_member(uow, standstill.stand_in_id)).name
    own: Sequence[str | None] = (standstill.notice_zh, standstill.notice_en)
    return Away(
        id=standstill.id,
        start=standstill.starts_at,
        end=standstill.ends_at,
        pauses=standstill.pauses,
        stand_in=stand_in,
        own_words=own[0] if language is Language.ZH else own[1],
    )
