"""What an explanation says, and that both languages say all of it."""

import string
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from services.core.calendars.timeline import ALWAYS, Timeline
from services.core.calendars.types import DayReason, Span
from services.core.explain import rules
from services.core.explain.sentences import EN, ZH
from services.core.explain.speech import Speech
from services.core.explain.types import (
    ClockFacts,
    Count,
    DayName,
    First,
    Lang,
    Said,
    StepTold,
)
from services.core.explain.words import tell
from services.core.sla import rules as sla
from services.core.sla.types import (
    ClockKind,
    EpisodeSpec,
    ExistingClock,
    Pause,
    PauseReason,
    Policy,
    PolicyMatch,
    Subject,
    TimerState,
)
from services.core.triage.types import Tier

SHANGHAI = ZoneInfo("Asia/Shanghai")
FRIDAY = datetime(2026, 11, 20, 17, tzinfo=SHANGHAI)
WEEK = {day: (Span(540, 1080),) for day in range(5)}
DAYS = {date(2026, 11, 23): DayName(DayReason.HOLIDAY, "店庆")}
OFFICE = Count(
    Timeline(SHANGHAI, lambda day: () if day in DAYS else WEEK.get(day.weekday(), ())),
    SHANGHAI,
    "Office",
    1,
    DAYS,
)
POLICY = Policy(
    id=UUID(int=1),
    version=3,
    name="default",
    targets=sla.DEFAULT_TARGETS,
    response_steps=(),
    resolution_steps=(),
    resolve_on_reply=True,
    reopen_within_seconds=3600,
    is_default=True,
)
SOURCE = UUID(int=7)


def facts(
    *pauses: Pause,
    count: Count = OFFICE,
    settled: datetime | None = None,
    now: datetime = FRIDAY,
    policies: tuple[Policy, ...] = (),
    asks: tuple[tuple[datetime, Tier], ...] = ((FRIDAY, Tier.URGENT),),
    steps: tuple[StepTold, ...] = (),
) -> ClockFacts:
    episode = EpisodeSpec(ClockKind.FIRST_RESPONSE, 1, asks[0][0], asks, pauses, settled_at=settled)
    shape = sla.shape_clock(episode, POLICY, now, channel="comment", hours=count.hours)
    clock = ExistingClock(
        UUID(int=2), ClockKind.FIRST_RESPONSE, 1, 1, shape, POLICY.id, POLICY.version, []
    )
    return ClockFacts(
        clock=clock,
        case_id=UUID(int=3),
        policy=POLICY,
        policies=(*policies, POLICY),
        subject=Subject("comment", SOURCE, Tier.URGENT),
        episode=episode,
        count=count,
        now=now,
        started_by=Said(UUID(int=4), FRIDAY, "in", "小鹿", "瓶子碎了"),
        stopped_by=None if settled is None else Said(UUID(int=5), settled, "out", "林夏", "好的"),
        steps=steps,
    )


def words(told: ClockFacts, lang: Lang = Lang.EN) -> str:
    return " ".join(tell(rules.explain(told), lang, told.count.zone))


class TestBothLanguages:
    def test_they_say_the_same_things(self) -> None:
        assert EN.keys() == ZH.keys()

    @pytest.mark.parametrize("key", EN)
    def test_each_sentence_holds_the_same_values(self, key: str) -> None:
        def names(text: str) -> set[str | None]:
            return {name for _, name, _, _ in string.Formatter().parse(text) if name}

        assert names(ZH[key]) == names(EN[key])


class TestSpeech:
    @pytest.mark.parametrize(
        ("seconds", "english", "chinese"),
        [
            (0, "0 minutes", "0分钟"),
            (59, "59 seconds", "59秒"),
            (60, "1 minute", "1分钟"),
            (3600, "1 hour", "1小时"),
            (5400, "1 hour 30 minutes", "1小时30分钟"),
            (3601, "1 hour", "1小时"),
            (172800, "48 hours", "48小时"),
        ],
    )
    def test_lengths_are_said_in_hours_and_minutes(
        self, seconds: int, english: str, chinese: str
    ) -> None:
        assert Speech(Lang.EN, UTC, 2026).length(seconds) == english
        assert Speech(Lang.ZH, UTC, 2026).length(seconds) == chinese

    def test_a_long_time_past_is_said_in_days(self) -> None:
        assert Speech(Lang.EN, UTC, 2026).long(2 * 86400 + 3700) == "2 days 1 hour"
        assert Speech(Lang.ZH, UTC, 2026).long(3 * 86400) == "3天"

    def test_a_year_is_said_only_when_it_is_another_one(self) -> None:
        at = datetime(2027, 1, 4, 9, tzinfo=UTC)
        assert Speech(Lang.EN, UTC, 2027).moment(at) == "Monday 4 January, 09:00"
        assert Speech(Lang.EN, UTC, 2026).moment(at) == "Monday 4 January 2027, 09:00"
        assert Speech(Lang.ZH, UTC, 2026).moment(at) == "2027年1月4日（周一）09:00"


class TestParts:
    def test_the_spans_sum_up_to_the_budget(self) -> None:
        pause = Pause(FRIDAY, FRIDAY + timedelta(minutes=30), PauseReason.OUTAGE)
        told = rules.explain(facts(pause))
        assert sum(span.seconds for span in told.spans) == told.due.budget_seconds == 7200

    def test_of_pauses_that_overlap_each_has_only_what_it_adds(self) -> None:
        hour = timedelta(hours=1)
        first = Pause(FRIDAY, FRIDAY + hour / 2, PauseReason.OUTAGE)
        second = Pause(FRIDAY + hour / 4, FRIDAY + hour, PauseReason.SNOOZE)
        told = rules.explain(facts(first, second))
        assert [pause.counted_seconds for pause in told.pauses] == [1800, 1800]

    def test_the_question_that_is_due_first_gives_the_target(self) -> None:
        asks = ((FRIDAY, Tier.ROUTINE), (FRIDAY + timedelta(minutes=5), Tier.URGENT))
        told = rules.explain(facts(asks=asks, count=Count(ALWAYS, UTC)))
        assert (told.due.tier, told.due.target_seconds) == (Tier.URGENT, 7200)

    def test_a_day_on_which_nothing_is_open_is_named(self) -> None:
        (gap,) = rules.explain(facts()).skipped
        assert [day.day for day in gap.days] == [21, 22, 23]


class TestReplyWindows:
    def told(self, lang: Lang, now: datetime) -> str:
        until = FRIDAY + timedelta(hours=48)
        spec = EpisodeSpec(ClockKind.REPLY_WINDOW, 1, FRIDAY, ((FRIDAY, Tier.URGENT),), until=until)
        shape = sla.shape_clock(spec, POLICY, now, channel="dm")
        clock = ExistingClock(UUID(int=2), spec.kind, 1, 1, shape, POLICY.id, POLICY.version, [])
        seen = facts(count=Count(ALWAYS, SHANGHAI), now=now)
        return words(replace(seen, clock=clock, episode=spec), lang)

    def test_it_is_the_platforms_and_has_no_target(self) -> None:
        said = self.told(Lang.EN, FRIDAY)
        assert "The platform takes a reply until Sunday 22 November, 17:00" in said
        assert "target" not in said

    def test_a_closed_one_says_that_nobody_can_answer_any_more(self) -> None:
        said = self.told(Lang.ZH, FRIDAY + timedelta(days=3))
        assert "窗口在11月22日（周日）17:00关闭" in said


class TestWords:
    def test_a_weekend_and_a_holiday_are_told(self) -> None:
        said = words(facts())
        assert "小鹿 wrote “瓶子碎了” on Friday 20 November, 17:00." in said
        assert "Closed and not counted: Saturday 21 November, Sunday 22 November and " in said
        assert "Monday 23 November (“店庆”)." in said
        assert "Friday 20 November, 17:00 to 18:00 (1 hour)" in said

    def test_it_can_be_told_in_chinese(self) -> None:
        said = words(facts(), Lang.ZH)
        assert "小鹿在11月20日（周五）17:00写道：“瓶子碎了”。" in said
        assert "11月23日（周一）（店庆）" in said

    def test_a_kept_promise_says_how_much_before_it_was(self) -> None:
        said = words(facts(settled=FRIDAY + timedelta(minutes=30)))
        assert "林夏 answered on Friday 20 November, 17:30." in said
        assert "the promise was kept" in said

    def test_a_pause_that_moved_nothing_says_why(self) -> None:
        night = Pause(FRIDAY + timedelta(hours=2), FRIDAY + timedelta(hours=3))
        assert "would not have counted anyway" in words(facts(night))
        late = Pause(FRIDAY + timedelta(days=5), FRIDAY + timedelta(days=6))
        assert "It was late by then" in words(facts(late))
        assert "那时已经超时了" in words(facts(late), Lang.ZH)

    def test_a_promise_that_was_taken_up_again_did_not_come_late_to_us(self) -> None:
        seen = facts()
        turned = {
            "corrected_at": FRIDAY.isoformat(),
            "from": "missed",
            "to": "running",
            "met_at": None,
            "missed_at": FRIDAY.isoformat(),
        }
        again = replace(seen, clock=replace(seen.clock, corrections=[turned]))
        said = words(again)
        assert "it was taken up again: it had stood here as missed" in said
        assert "heard late" not in said
        assert "重新计时" in words(again, Lang.ZH)

    def test_a_policy_that_was_not_for_it_says_why(self) -> None:
        values = {name: getattr(POLICY, name) for name in POLICY.__dataclass_fields__}
        other = Policy(
            **values
            | {
                "id": UUID(int=9),
                "name": "VIP",
                "is_default": False,
                "match": PolicyMatch(tiers=(Tier.ROUTINE,)),
            }
        )
        said = words(facts(policies=(other,)))
        assert "“VIP” was not for it: it wants messages that are “routine”" in said
        assert "and this was urgent" in said

    def test_text_of_a_follower_is_never_read_as_a_sentence_of_ours(self) -> None:
        told = facts()
        object.__setattr__(told.started_by, "excerpt", "{when} {0} {kind.__class__}")
        assert "“{when} {0} {kind.__class__}”" in words(told)

    def test_steps_that_did_not_come_are_told_together(self) -> None:
        past = "already past when it was planned"
        steps = tuple(
            StepTold(percent, 1, FRIDAY, TimerState.SKIPPED, note=past) for percent in (50, 80)
        )
        assert "No alert came at 50 and 80 % of the time" in words(facts(steps=steps))


class TestWhatIsNotKnown:
    """A clock no message claims any more has no episode: what is in its row is told, no more."""

    def test_nothing_stood_still_that_nobody_remembers(self) -> None:
        told = replace(facts(Pause(FRIDAY, FRIDAY + timedelta(hours=1))), episode=None)
        assert list(rules.tell_pauses(told)) == []
        assert rules.explain(told).pauses == ()

    def test_two_promises_at_one_moment_are_told_as_both(self) -> None:
        promising = replace(POLICY, promised={"comment": 2 * 3600})
        plain = facts()
        assert plain.episode is not None
        shape = sla.shape_clock(
            plain.episode, promising, FRIDAY, channel="comment", hours=OFFICE.hours
        )
        told = replace(plain, policy=promising, clock=replace(plain.clock, shape=shape))
        assert rules.explain(told).due.first is First.BOTH
