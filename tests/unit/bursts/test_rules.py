from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from services.core.bursts import rules
from services.core.bursts.types import Asked, BurstLimits

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
POST, SOURCE = uuid4(), uuid4()
LIMITS = BurstLimits()


def asked(text: str, *, minutes: float = 0, post: UUID = POST, burst: UUID | None = None) -> Asked:
    at = NOON + timedelta(minutes=minutes)
    return Asked(uuid4(), uuid4(), post, SOURCE, text, at, burst)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("多少钱", "这个多少钱呀？"),
        ("请问在哪里买", "在哪里买啊姐妹"),
        ("色号是什么呀", "什么色号是"),
        ("how much is it?", "How much is it please!!"),
        ("求链接", "链接 求求"),
    ],
)
def test_the_same_question_in_other_manners_is_the_same(one: str, other: str) -> None:
    assert rules.similarity(one, other) >= LIMITS.similarity


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("50ml多少钱", "100ml多少钱"),
        ("干皮能用吗", "油皮能用吗"),
        ("多少钱", "什么时候补货"),
        ("？", "！"),
        ("", "求链接"),
        ("孕妇可以用吗", "敏感肌可以用吗"),
    ],
)
def test_another_question_is_another_one(one: str, other: str) -> None:
    assert rules.similarity(one, other) < LIMITS.similarity


def test_many_join_one_burst_in_the_order_they_asked() -> None:
    questions = [asked("多少钱", minutes=n) for n in range(4)]
    joined = rules.gather(reversed(questions), [], LIMITS)
    bursts = rules.bind(joined, (uuid4() for _ in joined))
    assert joined[0].like is None
    assert len(set(bursts.values())) == 1
    assert set(bursts) == {one.message_id for one in questions}


def test_a_late_question_joins_the_burst_that_is_there() -> None:
    burst = uuid4()
    known = [asked("多少钱呢", burst=None), asked("多少钱", burst=burst)]
    (one,) = rules.gather([asked("多少钱", minutes=9)], known, LIMITS)
    assert rules.bind([one], iter(())) == {
        one.asked.message_id: burst,
        known[1].message_id: burst,
    }


def test_neither_another_post_nor_another_day_is_the_same() -> None:
    known = [asked("多少钱", post=uuid4()), asked("多少钱", minutes=-60 * 24 - 1)]
    (one,) = rules.gather([asked("多少钱")], known, LIMITS)
    assert one.like is None
