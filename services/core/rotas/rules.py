"""What a rota, an override, a team or a contact may say, and why a person hears of an alert."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.core.calendars.rules import WEEKDAYS, known_zones, problems_of_spans
from services.core.calendars.types import DAYS_OF_A_WEEK, MINUTES_OF_A_DAY
from services.core.kit.errors import FieldProblem
from services.core.rotas.types import (
    ContactKind,
    Layer,
    Override,
    OverrideDraft,
    RotaDraft,
    TeamDraft,
    Week,
)

MOST_ROTAS = 100
MOST_LAYERS = 5
# Of one layer; the same member may have several turns of a round.
MOST_TURNS = 50
MOST_TURN_DAYS = 92
FIRST_YEAR, LAST_YEAR = 2000, 2099

# The longest range anybody may look at, and have overridden, at once.
LONGEST_RANGE = timedelta(days=92)
FURTHEST_AHEAD = timedelta(days=2 * 366)
# Who was on call is looked up afterwards: an override changes little of what has been.
LONGEST_AGO = timedelta(hours=1)
MOST_OVERRIDES = 200

# Of one step of a ladder: more than this in one message nobody reads.
MOST_PEOPLE = 200
MOST_TEAMS = 200
MOST_TEAM_MEMBERS = 200

# How each platform spells a person. None of them lets `all` through: that would call everybody.
CONTACTS: Final[Mapping[ContactKind, tuple[re.Pattern[str], str]]] = {
    ContactKind.FEISHU: (
        re.compile(r"ou_[A-Za-z0-9]{4,64}"),
        "An open_id, as ou_8f3c….",
    ),
    ContactKind.DINGTALK: (
        re.compile(r"\+?[0-9][0-9-]{6,19}|(?!all\Z)[A-Za-z0-9][A-Za-z0-9_.-]{2,63}"),
        "A mobile number or a user id.",
    ),
    ContactKind.WECOM: (
        re.compile(r"(?!all\Z)[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}"),
        "A userid of at most 64 letters, digits and _-@.",
    ),
    ContactKind.SLACK: (
        re.compile(r"[UW][A-Z0-9]{4,20}"),
        "A member id, as U024BE7LH.",
    ),
    ContactKind.EMAIL: (
        re.compile(r"(?=.{3,254}\Z)[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}"),
        "One plain address, as lin@example.com.",
    ),
    ContactKind.PAGERDUTY: (
        re.compile(r"P[A-Z0-9]{4,20}"),
        "A user id, as PXPGF42.",
    ),
}


def problems_of_rota(draft: RotaDraft, members: Mapping[UUID, bool]) -> list[FieldProblem]:
    """Everything wrong with a draft, by field. `members` says of each known one if it is active."""
    problems = []
    if draft.zone not in known_zones():
        problems.append(FieldProblem("/zone", "unknown_zone", "There is no such time zone."))
    if not draft.layers:
        problems.append(FieldProblem("/layers", "empty", "A rota has at least one layer."))
    if len(draft.layers) > MOST_LAYERS:
        detail = f"A rota has at most {MOST_LAYERS} layers."
        problems.append(FieldProblem("/layers", "too_many", detail))
    names = [layer.name for layer in draft.layers]
    for place, layer in enumerate(draft.layers):
        pointer = f"/layers/{place}"
        if layer.name in names[:place]:
            detail = "Two layers of a rota have different names."
            problems.append(FieldProblem(f"{pointer}/name", "repeated", detail))
        problems += _problems_of_turns(layer, pointer)
        problems += problems_of_members(layer.member_ids, members, f"{pointer}/member_ids")
        problems += _problems_of_week(layer.week, f"{pointer}/week")
    return [*problems, *_problems_of_week(draft.cover, "/cover")]


def problems_of_members(
    member_ids: Iterable[UUID], members: Mapping[UUID, bool], pointer: str
) -> Iterator[FieldProblem]:
    """Those that are unknown, and those that have left."""
    for place, member_id in enumerate(member_ids):
        if member_id not in members:
            yield FieldProblem(f"{pointer}/{place}", "not_found", "There is no such member.")
        elif not members[member_id]:
            yield FieldProblem(f"{pointer}/{place}", "inactive", "This member is not active.")


def problems_of_override(
    draft: OverrideDraft, others: Iterable[Override], now: datetime
) -> list[FieldProblem]:
    """Everything wrong with an override but its member; `others` are those of the same rota."""
    problems = []
    if draft.starts_at < now - LONGEST_AGO:
        detail = "It began more than an hour ago."
        problems.append(FieldProblem("/starts_at", "too_long_ago", detail))
    if draft.starts_at > now + FURTHEST_AHEAD:
        detail = "It begins more than 2 years from now."
        problems.append(FieldProblem("/starts_at", "too_far_ahead", detail))
    if draft.ends_at <= draft.starts_at:
        problems.append(FieldProblem("/ends_at", "inverted", "It ends after it begins."))
    elif draft.ends_at <= now:
        problems.append(FieldProblem("/ends_at", "over", "It ends in the future."))
    elif draft.ends_at - draft.starts_at > LONGEST_RANGE:
        detail = f"It lasts at most {LONGEST_RANGE.days} days."
        problems.append(FieldProblem("/ends_at", "beyond_limit", detail))
    if any(each.starts_at < draft.ends_at and draft.starts_at < each.ends_at for each in others):
        detail = "The rota is overridden at that time already. Take that back first."
        problems.append(FieldProblem("/starts_at", "overlap", detail))
    return problems


def problems_of_team(draft: TeamDraft, members: Mapping[UUID, bool]) -> list[FieldProblem]:
    """Everything wrong with a team, by field. One without members is fine: it reaches nobody."""
    problems = []
    if len(draft.member_ids) > MOST_TEAM_MEMBERS:
        detail = f"A team has at most {MOST_TEAM_MEMBERS} members."
        problems.append(FieldProblem("/member_ids", "too_many", detail))
    if len(set(draft.member_ids)) < len(draft.member_ids):
        problems.append(FieldProblem("/member_ids", "repeated", "A member is named once."))
    for place, member_id in enumerate(draft.member_ids):
        if member_id not in members:
            pointer = f"/member_ids/{place}"
            problems.append(FieldProblem(pointer, "not_found", "There is no such member."))
    return problems


def problems_of_contacts(contacts: Mapping[ContactKind, str]) -> list[FieldProblem]:
    """What is not spelled as its platform spells a person."""
    return [
        FieldProblem(f"/{kind}", "malformed", CONTACTS[kind][1])
        for kind, address in contacts.items()
        if CONTACTS[kind][0].fullmatch(address) is None
    ]


def problems_of_range(start: datetime, end: datetime) -> list[FieldProblem]:
    """A range goes forward, and is no longer than anybody can look at."""
    if end <= start:
        return [FieldProblem("query/to", "inverted", "It lies after `from`.")]
    if end - start > LONGEST_RANGE:
        detail = f"It lies at most {LONGEST_RANGE.days} days after `from`."
        return [FieldProblem("query/to", "beyond_limit", detail)]
    return []


def _problems_of_turns(layer: Layer, pointer: str) -> Iterator[FieldProblem]:
    if not layer.member_ids:
        detail = "A layer has at least one member."
        yield FieldProblem(f"{pointer}/member_ids", "empty", detail)
    if len(layer.member_ids) > MOST_TURNS:
        detail = f"A layer has at most {MOST_TURNS} turns."
        yield FieldProblem(f"{pointer}/member_ids", "too_many", detail)
    if not FIRST_YEAR <= layer.first_on.year <= LAST_YEAR:
        detail = f"A day lies in the years {FIRST_YEAR} to {LAST_YEAR}."
        yield FieldProblem(f"{pointer}/first_on", "out_of_range", detail)
    if not 0 <= layer.handover < MINUTES_OF_A_DAY:
        detail = "A handover lies between 00:00 and 23:59."
        yield FieldProblem(f"{pointer}/handover", "outside_the_day", detail)
    if not 1 <= layer.turn_days <= MOST_TURN_DAYS:
        detail = f"A turn lasts 1 to {MOST_TURN_DAYS} days."
        yield FieldProblem(f"{pointer}/turn_days", "out_of_range", detail)


def _problems_of_week(week: Week, pointer: str) -> Iterator[FieldProblem]:
    if not week:
        return
    if len(week) != DAYS_OF_A_WEEK:
        yield FieldProblem(pointer, "incomplete", "A week has seven days.")
    elif not any(week):
        yield FieldProblem(pointer, "never_opens", "No day of it has a span. Leave it out instead.")
    for name, spans in zip(WEEKDAYS, week, strict=False):
        yield from problems_of_spans(spans, f"{pointer}/{name}")


def members_of(draft: RotaDraft) -> Collection[UUID]:
    """Everybody who has a turn in it."""
    return {member_id for layer in draft.layers for member_id in layer.member_ids}
