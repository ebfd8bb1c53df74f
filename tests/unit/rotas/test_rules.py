"""What a rota, an override, a team and a contact may say: each refusal by field and reason."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from services.core.calendars.types import Span
from services.core.kit.errors import FieldProblem
from services.core.rotas import rules
from services.core.rotas.types import (
    ContactKind,
    Layer,
    Override,
    OverrideDraft,
    RotaDraft,
    TeamDraft,
)

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
LIN, MEI, GONE, NOBODY = (UUID(int=number) for number in range(1, 5))
MEMBERS = {LIN: True, MEI: True, GONE: False}
FIRST = Layer("first", (LIN, MEI), date(2026, 11, 23), 540, 7)
ROTA = RotaDraft("Nights", "Asia/Shanghai", (FIRST,))
OPEN = (Span(540, 1080),)
WEEK = (OPEN,) * 7


def told(problems: list[FieldProblem]) -> list[tuple[str, str]]:
    return [(problem.pointer, problem.code) for problem in problems]


def test_a_plain_rota_is_fine() -> None:
    assert rules.problems_of_rota(ROTA, MEMBERS) == []
    both = replace(ROTA, layers=(replace(FIRST, week=WEEK),), cover=WEEK)
    assert rules.problems_of_rota(both, MEMBERS) == []


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"zone": "Asia/Atlantis"}, "/zone", "unknown_zone"),
        ({"layers": ()}, "/layers", "empty"),
        ({"cover": ((),) * 7}, "/cover", "never_opens"),
        ({"cover": (OPEN,) * 6}, "/cover", "incomplete"),
        ({"cover": ((Span(600, 540),), *WEEK[1:])}, "/cover/monday/0", "inverted"),
    ],
)
def test_a_rota_is_refused_with_field_and_reason(
    changes: dict[str, object], pointer: str, code: str
) -> None:
    draft = replace(ROTA, **changes)  # type: ignore[arg-type]  # the fields differ in type
    assert told(rules.problems_of_rota(draft, MEMBERS)) == [(pointer, code)]


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"member_ids": ()}, "member_ids", "empty"),
        ({"member_ids": (LIN,) * 51}, "member_ids", "too_many"),
        ({"member_ids": (LIN, NOBODY)}, "member_ids/1", "not_found"),
        ({"member_ids": (GONE,)}, "member_ids/0", "inactive"),
        ({"first_on": date(1999, 12, 31)}, "first_on", "out_of_range"),
        ({"first_on": date(2100, 1, 1)}, "first_on", "out_of_range"),
        ({"handover": 1440}, "handover", "outside_the_day"),
        ({"handover": -1}, "handover", "outside_the_day"),
        ({"turn_days": 0}, "turn_days", "out_of_range"),
        ({"turn_days": 93}, "turn_days", "out_of_range"),
        ({"week": ((),) * 7}, "week", "never_opens"),
        ({"week": ((Span(540, 720), Span(700, 800)), *WEEK[1:])}, "week/monday/1", "overlap"),
    ],
)
def test_a_layer_is_refused_with_field_and_reason(
    changes: dict[str, object], pointer: str, code: str
) -> None:
    layer = replace(FIRST, **changes)  # type: ignore[arg-type]  # the fields differ in type
    draft = replace(ROTA, layers=(layer,))
    assert told(rules.problems_of_rota(draft, MEMBERS)) == [(f"/layers/0/{pointer}", code)]


def test_layers_are_few_and_have_names_of_their_own() -> None:
    twice = replace(ROTA, layers=(FIRST, FIRST))
    assert told(rules.problems_of_rota(twice, MEMBERS)) == [("/layers/1/name", "repeated")]
    many = tuple(replace(FIRST, name=str(place)) for place in range(6))
    found = rules.problems_of_rota(replace(ROTA, layers=many), MEMBERS)
    assert told(found) == [("/layers", "too_many")]


def test_everybody_with_a_turn_is_found_once() -> None:
    second = replace(FIRST, name="second", member_ids=(MEI, GONE))
    draft = replace(ROTA, layers=(FIRST, second))
    assert rules.members_of(draft) == {LIN, MEI, GONE}


def window(start: timedelta, end: timedelta) -> OverrideDraft:
    return OverrideDraft(LIN, NOW + start, NOW + end)


@pytest.mark.parametrize(
    ("start", "end", "pointer", "code"),
    [
        (-2 * HOUR, HOUR, "/starts_at", "too_long_ago"),
        (timedelta(days=800), timedelta(days=801), "/starts_at", "too_far_ahead"),
        (HOUR, HOUR, "/ends_at", "inverted"),
        (-HOUR, -HOUR / 2, "/ends_at", "over"),
        (HOUR, timedelta(days=93), "/ends_at", "beyond_limit"),
    ],
)
def test_an_override_is_refused_with_field_and_reason(
    start: timedelta, end: timedelta, pointer: str, code: str
) -> None:
    found = rules.problems_of_override(window(start, end), [], NOW)
    assert told(found) == [(pointer, code)]


def test_overrides_of_a_rota_do_not_overlap_but_may_touch() -> None:
    other = Override(LIN, LIN, MEI, NOW + HOUR, NOW + 2 * HOUR, None, NOW)
    overlapping = rules.problems_of_override(window(HOUR / 2, 1.5 * HOUR), [other], NOW)
    assert told(overlapping) == [("/starts_at", "overlap")]
    for start, end in ((HOUR / 2, HOUR), (2 * HOUR, 3 * HOUR)):
        assert rules.problems_of_override(window(start, end), [other], NOW) == []


def test_a_team_may_have_nobody_but_nobody_twice() -> None:
    assert rules.problems_of_team(TeamDraft("Care"), MEMBERS) == []
    # Whoever left may stay in a team: nobody hears of anything there.
    assert rules.problems_of_team(TeamDraft("Care", (LIN, GONE)), MEMBERS) == []
    twice = rules.problems_of_team(TeamDraft("Care", (LIN, LIN)), MEMBERS)
    assert told(twice) == [("/member_ids", "repeated")]
    unknown = rules.problems_of_team(TeamDraft("Care", (LIN, NOBODY)), MEMBERS)
    assert told(unknown) == [("/member_ids/1", "not_found")]
    crowd = tuple(UUID(int=number) for number in range(1, 202))
    found = rules.problems_of_team(TeamDraft("Care", crowd), dict.fromkeys(crowd, True))
    assert told(found) == [("/member_ids", "too_many")]


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("feishu", "ou_8f3c1d2e4b5a69788f3c1d2e4b5a6978"),
        ("dingtalk", "+86-13800138000"),
        ("dingtalk", "manager4220"),
        ("wecom", "LinXia"),
        ("slack", "U024BE7LH"),
        ("email", "lin.xia+alerts@example.com"),
        ("pagerduty", "PXPGF42"),
    ],
)
def test_a_contact_is_spelled_as_its_platform_spells_people(kind: str, address: str) -> None:
    assert rules.problems_of_contacts({ContactKind(kind): address}) == []


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("feishu", "all"),
        ("feishu", "ou_"),
        ("feishu", 'ou_abcd"></at><at user_id="all'),
        ("dingtalk", "all"),
        ("dingtalk", "@all"),
        ("dingtalk", "1380013 8000"),
        ("wecom", "@all"),
        ("wecom", "all"),
        ("wecom", "lin|mei"),
        ("slack", "@channel"),
        ("slack", "U024BE7LH>"),
        ("email", "lin"),
        ("email", "lin@example.com\r\nBcc: all@example.com"),
        ("email", "Lin <lin@example.com>"),
        ("email", "a@b, c@d"),
        ("email", f"{'a' * 64}@{'b' * 250}"),
        ("pagerduty", "lin"),
        ("pagerduty", ""),
    ],
)
def test_a_contact_that_could_reach_others_is_refused(kind: str, address: str) -> None:
    found = rules.problems_of_contacts({ContactKind(kind): address})
    assert told(found) == [(f"/{kind}", "malformed")]


def test_a_range_goes_forward_and_is_at_most_92_days() -> None:
    assert rules.problems_of_range(NOW, NOW + timedelta(days=92)) == []
    assert told(rules.problems_of_range(NOW, NOW)) == [("query/to", "inverted")]
    decade = rules.problems_of_range(NOW, NOW + timedelta(days=3_653))
    assert told(decade) == [("query/to", "beyond_limit")]
