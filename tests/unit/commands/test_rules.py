"""A line of a chat is understood in Chinese and English, and nothing breaks the reader."""

from datetime import timedelta
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.commands import rules
from services.core.commands.types import Order, Verb

ACK, RESOLVE, ASSIGN = Verb.ACKNOWLEDGE, Verb.RESOLVE, Verb.ASSIGN
SILENCE, WHO, HELP = Verb.SILENCE, Verb.WHO, Verb.HELP


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("ack 3f9a 30m 正在处理", Order(ACK, "3f9a", 30, None, "正在处理")),
        ("ack", Order(ACK, None, 30)),
        ("ACK: 3F9A", Order(ACK, "3f9a", 30)),
        ("/ack 3f9a 2h", Order(ACK, "3f9a", 120)),
        ("@warmline ack 3f9a", Order(ACK, "3f9a", 30)),
        ("ack 45 min 3f9a on it", Order(ACK, "3f9a", 45, None, "on it")),
        ("ack 30 metres away", Order(ACK, None, 30, None, "30 metres away")),
        ("收到", Order(ACK, None, 30)),
        ("收到3f9a", Order(ACK, "3f9a", 30)),
        ("收到，我来看", Order(ACK, None, 30, None, "我来看")),
        ("认领 ３ｆ９ａ 半小时", Order(ACK, "3f9a", 30)),
        ("认领 3f9a 两个小时 在打电话", Order(ACK, "3f9a", 120, None, "在打电话")),
        ("收到 0分钟", Order(ACK, None, 1)),
        ("resolve 3f9a7c called her", Order(RESOLVE, "3f9a7c", None, None, "called her")),
        ("已解决", Order(RESOLVE)),
        ("done 3f9a", Order(RESOLVE, "3f9a")),
        ("assign 3f9a @lin", Order(ASSIGN, "3f9a", None, "lin")),
        ("assign @lin 3f9a please", Order(ASSIGN, "3f9a", None, "lin", "please")),
        ("assign 3f9a lin", Order(ASSIGN, "3f9a", None, "lin")),
        ("转给 @lin", Order(ASSIGN, None, None, "lin")),
        ("转给@lin 3f9a", Order(ASSIGN, "3f9a", None, "lin")),
        ("assign 3f9a", Order(ASSIGN, "3f9a")),
        ("assign @", Order(ASSIGN, None, None, None, "@")),
        ("silence 3f9a 1h live stream", Order(SILENCE, "3f9a", 60, None, "live stream")),
        ("静音 3f9a", Order(SILENCE, "3f9a", 60)),
        ("静音 99999小时", Order(SILENCE, None, 5_999_940)),
        ("who", Order(WHO)),
        ("谁值班？", Order(WHO)),
        ("help", Order(HELP)),
        ("帮助", Order(HELP)),
        ("?", Order(HELP)),
    ],
)
def test_what_people_write_is_understood(text: str, order: Order) -> None:
    assert rules.read(text) == order


@pytest.mark.parametrize("text", ["", "   ", "thanks", "acknowledgement", "@all", "/"])
def test_what_begins_with_no_verb_is_nothing(text: str) -> None:
    assert rules.read(text) is None


@given(st.text(max_size=200), st.sampled_from(["", "ack ", "assign ", "静音", "@x ack "]))
def test_no_text_breaks_the_reader(text: str, verb: str) -> None:
    order = rules.read(verb + text)
    assert order is None or order.minutes is None or order.minutes >= 1


def test_a_silence_without_a_time_lasts_an_hour() -> None:
    assert rules.span_of(None) == timedelta(hours=1)
    assert rules.span_of(5) == timedelta(minutes=5)


def test_both_languages_say_the_same_things() -> None:
    for code, (zh, en) in rules._REPLIES.items():
        named = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in (zh, en)]
        assert named[0] == named[1], code
    said = rules.say("unknown_member", handle="{0.__class__}")
    assert said["en"] == "There is no member @{0.__class__}."


def test_what_somebody_wrote_calls_nobody_when_it_is_said_back() -> None:
    order = rules.read("assign 3f9a @<!channel>[x](y)@all" + "z" * 900)
    assert order is not None
    said = rules.say("unknown_member", handle=order.handle)
    assert "＜!channel＞［x］(y)＠all" in said["zh"]
    assert len(said["en"]) < 250
