"""Texts for the public say what the numbers say, and nothing more."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.core.calendars.types import CalendarDraft, Span
from services.core.notices import rules
from services.core.notices.service import texts_of
from services.core.notices.types import Away, Language, Lateness, Promised
from services.core.sla.rules import DEFAULT_PROMISED, DEFAULT_TARGETS
from services.core.sla.types import Policy, PolicyMatch

HOUR = 3600
ZH, EN = texts_of(Language.ZH), texts_of(Language.EN)
NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)
OFFICE = CalendarDraft("office", "Asia/Shanghai", ((Span(540, 1080),),) * 5 + ((), ()))


def policy(**changes: Any) -> Policy:
    given: dict[str, Any] = {"promised": DEFAULT_PROMISED} | changes
    return Policy(
        uuid4(), 1, "p", DEFAULT_TARGETS, (), (), resolve_on_reply=True, reopen_within_seconds=0,
        **given,
    )  # fmt: skip


def promises(*policies: Policy, **calendars: CalendarDraft) -> list[Promised]:
    known = {UUID(int=int(name[1:])): draft for name, draft in calendars.items()}
    return rules.public_promises(policies, known)[0]


def test_the_default_policy_is_told_in_both_languages() -> None:
    told = promises(policy())
    assert rules.bio(told, ZH).startswith("评论 4 小时内回复，私信 24 小时内回复。")
    assert "comments answered within 4 h; DMs answered within 24 h" in rules.bio(told, EN)


@pytest.mark.parametrize("seconds", [600, 2 * HOUR, 36 * HOUR, 72 * HOUR])
@pytest.mark.parametrize("texts", [ZH, EN], ids=["zh", "en"])
def test_another_number_makes_another_text(seconds: int, texts: rules.Texts) -> None:
    told = promises(policy(promised={"comment": seconds, "dm": seconds}))
    length = rules.span(seconds, texts)
    for text in (rules.bio(told, texts), *(rules.notice(n, told, texts) for n in ("post", "dm"))):
        assert length in text
        assert rules.span(4 * HOUR, texts) not in text


@pytest.mark.parametrize("texts", [ZH, EN], ids=["zh", "en"])
def test_where_nothing_is_promised_no_text_has_a_number(texts: rules.Texts) -> None:
    told = promises(policy(promised={}))
    assert told == []
    for text in (rules.bio([], texts), *(rules.notice(n, [], texts) for n in ("post", "dm"))):
        assert not any(letter.isdigit() for letter in text), text


def test_office_hours_are_told_in_words() -> None:
    told = promises(policy(calendar_id=UUID(int=1)), c1=OFFICE)
    assert "周一至周五 9:00–18:00" in rules.bio(told, ZH)
    assert "评论在服务时间 4 小时内回复" in rules.notice("post", told, ZH)
    assert "Mon to Fri 9:00–18:00" in rules.notice("dm", told, EN)


def test_weeks_of_every_shape_are_told_by_runs_of_days() -> None:
    lunch = (Span(540, 720), Span(780, 1080))
    week = CalendarDraft(
        "w", "Europe/London", (lunch, lunch, (), lunch, lunch, (Span(600, 1440),), ()), "CN"
    )
    assert rules.hours(week, ZH) == (
        "周一至周二 9:00–12:00、13:00–18:00，周四至周五 9:00–12:00、13:00–18:00，"
        "周六 10:00–24:00（Europe/London 时间），法定节假日休息"
    )
    always = CalendarDraft("a", "Asia/Shanghai", ((Span(0, 1440),),) * 7)
    assert rules.hours(always, EN) == "every day 0:00–24:00"


def test_a_channel_is_promised_what_every_policy_that_takes_it_keeps() -> None:
    quick = policy(promised={"comment": HOUR}, match=PolicyMatch(channels=("comment",)))
    told, unsaid = rules.public_promises([quick, policy()], {})
    assert {each.channel: each.seconds for each in told} == DEFAULT_PROMISED
    assert unsaid == []
    silent = policy(promised={}, match=PolicyMatch(channels=("dm",)))
    told, unsaid = rules.public_promises([silent, policy()], {})
    assert ([each.channel for each in told], unsaid) == (["comment"], ["dm"])
    in_hours = policy(calendar_id=UUID(int=1), match=PolicyMatch(channels=("comment",)))
    told, unsaid = rules.public_promises([in_hours, policy()], {UUID(int=1): OFFICE})
    assert ([each.channel for each in told], unsaid) == (["dm"], ["comment"])


@pytest.mark.parametrize("texts", [ZH, EN], ids=["zh", "en"])
def test_every_profile_line_fits_a_profile(texts: rules.Texts) -> None:
    ragged = tuple((Span(540 + day, 700), Span(780, 1080 + day)) for day in range(7))
    wide = CalendarDraft("w", "America/Argentina/ComodRivadavia", ragged, "CN")
    for calendar in (None, OFFICE, wide):
        told = [
            Promised(channel, seconds * HOUR + 60, calendar)
            for channel, seconds in (("comment", 95), ("dm", 101), ("mention", 123))
        ]
        for count in range(4):
            text = rules.bio(told[:count], texts)
            assert 0 < len(text) <= rules.MOST_BIO_CHARACTERS
            assert "{" not in text


def test_seconds_that_make_no_minute_are_told_as_the_longer_one() -> None:
    assert "3 分钟内" in rules.bio(promises(policy(promised={"dm": 121})), ZH)


def test_an_absence_is_told_by_when_it_ends_and_who_answers() -> None:
    end = NOW + timedelta(days=2)
    away = Away(uuid4(), NOW, end, pauses=True)
    assert "11 月 23 日 12:00到11 月 25 日 12:00我们休息" in rules.away(away, ZH, rules.HOME_ZONE)
    later = Away(uuid4(), NOW, end + timedelta(seconds=5), pauses=True)
    assert "11 月 25 日 12:01" in rules.away(later, ZH, rules.HOME_ZONE)
    open_ended = Away(uuid4(), NOW, None, pauses=True)
    assert "We will say here when we are back" in rules.away(open_ended, EN, rules.HOME_ZONE)
    covered = Away(uuid4(), NOW, end, pauses=False, stand_in="林夏")
    assert "林夏 替我们回复" in rules.away(covered, ZH, rules.HOME_ZONE)
    own = Away(uuid4(), NOW, end, pauses=True, own_words="放假啦")
    assert rules.away(own, ZH, rules.HOME_ZONE) == "放假啦"


def test_an_apology_says_how_late_and_what_was_promised_only_if_it_was() -> None:
    late = Lateness(NOW - timedelta(hours=5), NOW - timedelta(hours=1, minutes=5), 4 * HOUR)
    assert "说好 4 小时内回复你，现在晚了 1 小时 5 分钟" in rules.apology(late, NOW, ZH)
    assert "within 4 h and are 1 h 5 min late" in rules.apology(late, NOW, EN)
    unpromised = Lateness(NOW - timedelta(hours=5), NOW - timedelta(hours=1), None)
    assert "已经等了 5 小时" in rules.apology(unpromised, NOW, ZH)
    assert "说好" not in rules.apology(unpromised, NOW, ZH)
    just = Lateness(NOW, NOW - timedelta(seconds=20), HOUR)
    assert "less than a minute late" in rules.apology(just, NOW, EN)


def test_both_languages_have_the_same_texts() -> None:
    def names(texts: rules.Texts, place: str = "") -> set[str]:
        found = set[str]()
        for name, value in texts.items():
            inner = names(value, f"{place}{name}.") if isinstance(value, dict) else {place + name}
            found |= inner
        return found

    assert names(ZH) == names(EN)
