"""The texts are many, bilingual, different from each other, and about nobody."""

from collections import Counter
from itertools import combinations
from random import Random

import pytest

from services.simulator.corpus import (
    BRAND_IN_TEXTS,
    Voices,
    brand_replies,
    messages,
    post_titles,
)

KINDS = {"comment", "dm", "mention"}
LANGS = {"zh", "en", "mixed"}
TONES = {
    "question", "complaint", "negative", "praise", "casual", "general", "spam", "crisis",
    "partnership", "feedback", "mention", "thanks",
}  # fmt: skip
TRADES = {
    "skincare", "makeup", "hair", "food", "travel", "baby", "electronics", "fashion", "pets",
    "fitness", "home", "cafe",
}  # fmt: skip


@pytest.fixture
def voices() -> Voices:
    return Voices(Random(1))  # noqa: S311 - seeded texts, nothing secret


def test_there_is_enough_to_say() -> None:
    assert len(messages()) >= 560
    assert len(brand_replies()) >= 40
    assert len(post_titles()) >= 30


def test_chinese_leads_and_english_and_mixed_are_there() -> None:
    langs = Counter(line.lang for line in messages())
    assert langs["en"] >= 100
    assert langs["mixed"] >= 50
    assert langs["zh"] > len(messages()) / 2


def test_labels_come_from_known_lists() -> None:
    assert {line.kind for line in messages()} == KINDS
    assert {line.lang for line in messages()} == LANGS
    assert {line.tone for line in messages()} == TONES
    assert {line.trade for line in messages()} == TRADES | {"any"}
    assert {title.trade for title in post_titles()} == TRADES
    assert {reply.tone for reply in brand_replies()} <= TONES


def test_skincare_comes_first_among_the_trades() -> None:
    trades = Counter(line.trade for line in messages() if line.trade != "any")
    assert trades.most_common(1)[0][0] == "skincare"


def test_every_tone_has_several_voices() -> None:
    assert min(Counter(line.tone for line in messages()).values()) >= 15


def test_the_language_label_fits_the_letters() -> None:
    for line in messages():
        bare = line.text.replace(BRAND_IN_TEXTS, "")
        has_chinese = any("\u4e00" <= letter <= "\u9fff" for letter in bare)
        has_words = any(
            len(word) > 1
            for word in "".join(c if c.isascii() and c.isalpha() else " " for c in bare).split()
        )
        if line.lang == "en":
            assert not has_chinese, line.text
        if line.lang == "mixed":
            assert has_chinese, line.text
            assert has_words, line.text


def test_no_message_is_told_twice() -> None:
    told = Counter(line.text for line in messages())
    assert [text for text, times in told.items() if times > 1] == []


def test_hardly_two_messages_are_alike() -> None:
    trigrams = [_trigrams(line.text) for line in messages()]
    alike = {
        n
        for pair in combinations(range(len(trigrams)), 2)
        if _likeness(trigrams[pair[0]], trigrams[pair[1]]) > 0.6
        for n in pair
    }
    assert len(alike) < len(messages()) / 100


def test_a_voice_says_everything_that_fits_before_it_repeats_itself(voices: Voices) -> None:
    fitting = [
        line.text
        for line in messages()
        if (line.kind, line.tone) == ("comment", "question")
        and line.lang == "en"
        and line.trade in {"skincare", "any"}
    ]
    said = [
        voices.message(kind="comment", tone="question", trade="skincare", english=True)
        for _ in fitting
    ]
    assert sorted(said) == sorted(fitting)


def test_a_voice_changes_the_trade_before_the_language(voices: Voices) -> None:
    said = voices.message(kind="comment", tone="complaint", trade="hair", english=True)
    assert said.isascii()


def _trigrams(text: str) -> set[str]:
    return {text[at : at + 3] for at in range(max(1, len(text) - 2))}


def _likeness(one: set[str], other: set[str]) -> float:
    return len(one & other) / len(one | other)
