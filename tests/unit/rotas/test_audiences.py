"""Whom an audience names at a moment, and why: without a database."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from services.core.calendars.types import Absence
from services.core.rotas.audiences import Place
from services.core.rotas.rules import MOST_PEOPLE
from services.core.rotas.turns import Attendance
from services.core.rotas.types import (
    Audience,
    AudienceKind,
    Known,
    Layer,
    Override,
    Rota,
    RotaDraft,
    Team,
    Wanted,
)
from services.core.workspaces.types import Role

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
LIN, MEI, TAO, GONE, ROTA, TEAM = (UUID(int=number) for number in range(1, 7))
PEOPLE = {
    LIN: Known(LIN, "Lin", Role.MODERATOR, {"slack": "U0LIN"}),
    MEI: Known(MEI, "Mei", Role.MANAGER, {}),
    TAO: Known(TAO, "Tao", Role.MODERATOR, {}),
}
NIGHTS = Rota(
    ROTA, 1, RotaDraft("Nights", "UTC", (Layer("first", (LIN,), date(2026, 11, 1)),)), NOW, NOW
)
CARE = Team(TEAM, "Care", 1, NOW, NOW, (LIN, TAO, GONE))


def place(*absences: Absence, overrides: tuple[Override, ...] = ()) -> Place:
    attendance = Attendance(absences, PEOPLE)
    return Place(PEOPLE, attendance, {ROTA: NIGHTS}, {TEAM: CARE}, overrides)


def away(member: UUID, stand_in: UUID | None = None) -> Absence:
    return Absence(member, stand_in, NOW - HOUR, NOW + HOUR)


def ask(where: Place, *audiences: Audience, assignee: UUID | None = None) -> list[tuple[UUID, str]]:
    found = where.find(Wanted(audiences, assignee, NOW))
    return [(person.member_id, person.because) for person in found]


OF = {
    "assignee": Audience(AudienceKind.ASSIGNEE),
    "stand_in": Audience(AudienceKind.STAND_IN),
    "team": Audience(AudienceKind.TEAM, TEAM),
    "role": Audience(AudienceKind.ROLE, role=Role.MODERATOR),
    "rota": Audience(AudienceKind.ROTA, ROTA),
    "member": Audience(AudienceKind.MEMBER, MEI),
    "everybody": Audience(AudienceKind.EVERYBODY),
}


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        ("assignee", [(LIN, "assignee")]),
        ("stand_in", []),
        ("team", [(LIN, "in the team Care"), (TAO, "in the team Care")]),
        ("role", [(LIN, "moderator"), (TAO, "moderator")]),
        ("rota", [(LIN, "on call in Nights")]),
        ("member", [(MEI, "named in the ladder")]),
        ("everybody", [(LIN, "everybody"), (MEI, "everybody"), (TAO, "everybody")]),
    ],
)
def test_each_kind_names_those_who_are_there(kind: str, found: list[tuple[UUID, str]]) -> None:
    assert ask(place(), OF[kind], assignee=LIN) == found


@pytest.mark.parametrize("kind", ["assignee", "stand_in", "rota"])
def test_whoever_is_away_is_stood_in_for_and_that_is_said(kind: str) -> None:
    assert ask(place(away(LIN, MEI)), OF[kind], assignee=LIN) == [(MEI, "stands in for Lin")]


@pytest.mark.parametrize("kind", ["assignee", "stand_in", "rota"])
def test_whoever_is_away_without_a_stand_in_is_nobody(kind: str) -> None:
    assert ask(place(away(LIN)), OF[kind], assignee=LIN) == []


def test_an_assignee_who_left_or_is_none_is_nobody() -> None:
    assert ask(place(), OF["assignee"], OF["stand_in"], assignee=GONE) == []
    assert ask(place(), OF["assignee"], OF["stand_in"], assignee=None) == []


def test_a_team_is_stood_in_for_one_by_one() -> None:
    assert ask(place(away(TAO, MEI)), OF["team"]) == [
        (LIN, "in the team Care"),
        (MEI, "stands in for Tao"),
    ]


def test_a_person_is_told_once_for_the_first_reason() -> None:
    assert ask(place(), OF["rota"], OF["assignee"], OF["everybody"], assignee=LIN) == [
        (LIN, "on call in Nights"),
        (MEI, "everybody"),
        (TAO, "everybody"),
    ]


def test_an_override_of_another_rota_changes_nothing_here() -> None:
    other = Override(UUID(int=9), UUID(int=8), TAO, NOW - HOUR, NOW + HOUR, None, NOW)
    own = replace(other, rota_id=ROTA)
    assert ask(place(overrides=(other,)), OF["rota"]) == [(LIN, "on call in Nights")]
    assert ask(place(overrides=(own,)), OF["rota"]) == [(TAO, "on call in Nights")]


@pytest.mark.parametrize("kind", [AudienceKind.ROTA, AudienceKind.TEAM, AudienceKind.MEMBER])
def test_a_thing_that_is_gone_or_not_named_reaches_nobody(kind: AudienceKind) -> None:
    assert ask(place(), Audience(kind, UUID(int=77)), Audience(kind)) == []


def test_people_come_with_their_contacts() -> None:
    (person,) = place().find(Wanted((OF["assignee"],), LIN, NOW))
    assert (person.name, person.contacts) == ("Lin", {"slack": "U0LIN"})


def test_a_crowd_is_cut_to_what_somebody_can_read() -> None:
    crowd = {
        UUID(int=number): Known(UUID(int=number), "x", Role.VIEWER, {})
        for number in range(1, MOST_PEOPLE + 50)
    }
    where = Place(crowd, Attendance([], crowd), {}, {}, ())
    assert len(ask(where, OF["everybody"])) == MOST_PEOPLE
