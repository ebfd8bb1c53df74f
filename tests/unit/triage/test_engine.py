from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.triage.engine import load_classifier
from services.core.triage.evaluation import evaluate, read_samples
from services.core.triage.shipped import load_manifest
from services.core.triage.types import (
    Category,
    Decision,
    MessageKind,
    Sentiment,
    Tier,
    TriageInput,
)

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=300)
# Fragments that cues are made of, so that random texts meet many of them at once.
FRAGMENTS = st.lists(
    st.sampled_from(
        [
            "不",
            "好用",
            "退款",
            "吗",
            "加V❤",
            "😭",
            "[哭惹R]",
            "@牛牛 ",
            "12315",
            "，",
            " ",
            "\ud83d",
        ]
    )
).map("".join)
DEVELOPMENT_SET = Path(__file__).parents[4] / "shared" / "triage" / "dev.jsonl"

classifier = load_classifier()


def judge(
    text: str, kind: MessageKind = MessageKind.COMMENT, brand: tuple[str, ...] = ()
) -> Decision:
    return classifier.judge(TriageInput(kind, text, brand))


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("这把吹风机插上就冒火花，差点起火烧了窗帘", Category.PR_CRISIS),
        ("我家狗狗吃了半包就抽搐，宠物医院说是中毒", Category.PR_CRISIS),
        ("再不处理我就打12315了", Category.PR_CRISIS),
        ("The heater caught fire in my kid's room", Category.PR_CRISIS),
        ("拉链第一次拉就断了，能换货吗", Category.COMPLAINT),
        ("下单两周了还没发货，客服也不回", Category.COMPLAINT),
        ("my parcel never arrived, please refund", Category.COMPLAINT),
        ("纯纯智商税，大家避雷", Category.NEGATIVE_FEEDBACK),
        ("overpriced and it fell flat, never again", Category.NEGATIVE_FEEDBACK),
        ("这件衬衫160穿什么码", Category.PRODUCT_QUESTION),
        ("孕期能用吗", Category.PRODUCT_QUESTION),
        ("do you ship to canada", Category.PRODUCT_QUESTION),
        ("视频里的背景音乐叫什么", Category.FOLLOWER_QUESTION),
        ("这次抽奖什么时候开奖", Category.FOLLOWER_QUESTION),
        ("您好，我是旅行博主，8万粉丝，想聊聊合作", Category.PARTNERSHIP),
        ("we run a concept store and would like your wholesale terms", Category.PARTNERSHIP),
        ("希望能出一个无香的版本", Category.FEEDBACK),
        ("would be great if the lid were easier to open", Category.FEEDBACK),
        ("太好喝了，已经回购第三次", Category.PRAISE),
        ("周一的早八谁懂，困死", Category.CASUAL),
        ("马住", Category.GENERAL),
        ("兼职日结三百，想赚的姐妹加V：abc12345", Category.SPAM),
        ("earn $500 a day from home, dm me on telegram", Category.SPAM),
    ],
)
def test_plain_cases_are_told_apart(text: str, category: Category) -> None:
    assert judge(text).category is category


@pytest.mark.parametrize(
    ("text", "category", "sentiment"),
    [
        ("一点都不卡粉 很服帖", Category.PRAISE, Sentiment.POSITIVE),
        ("不要太好用", Category.PRAISE, Sentiment.POSITIVE),
        ("一点都不好用", Category.NEGATIVE_FEEDBACK, Sentiment.NEGATIVE),
        ("it is not good at all", Category.NEGATIVE_FEEDBACK, Sentiment.NEGATIVE),
        ("會不會爛臉", Category.PRODUCT_QUESTION, Sentiment.NEUTRAL),
        ("听说你们家精华会烂脸，是真的吗", Category.PRODUCT_QUESTION, Sentiment.NEUTRAL),
    ],
)
def test_negation_reversal_and_hearsay_change_what_a_word_says(
    text: str, category: Category, sentiment: Sentiment
) -> None:
    decision = judge(text)
    assert (decision.category, decision.sentiment) == (category, sentiment)


@pytest.mark.parametrize(
    "text",
    ["加➕薇❤：abc1234 免费领", "ＶＸ①②③④⑤⑥⑦ 带你躺赚", "佳 薇 信 a b c 1 2 3 4 日入过千"],
)
def test_disguised_contact_details_are_hidden_as_spam(text: str) -> None:
    decision = judge(text)
    assert (decision.tier, decision.hide, decision.needs_reply) == (Tier.SPAM, True, False)


@pytest.mark.parametrize(
    "text",
    ["谢谢宝~", "😍😍😍", "@小满 快来看", "拜拜", "蹲", "dddd", "哈哈哈哈", "thank you so much!"],
)
def test_what_waits_for_no_answer_starts_no_clock(text: str) -> None:
    assert not judge(text).needs_reply


@pytest.mark.parametrize(
    "text", ["谢谢，不过还是没收到货", "好看！多少钱", "杯子很喜欢 什么时候补货"]
)
def test_what_says_more_than_thanks_starts_a_clock(text: str) -> None:
    assert judge(text).needs_reply


def test_the_brands_own_handles_decide_what_a_mention_is() -> None:
    assert judge("@山月 周末的桌面", brand=("山月",)).category is Category.MENTION
    assert judge("@阿宁 周末的桌面", brand=("@山月",)).category is not Category.MENTION


def test_without_known_handles_a_brands_name_is_told_by_its_look() -> None:
    assert judge("@山月咖啡 周末的桌面").category is Category.MENTION
    assert judge("@阿宁 周末的桌面").category is not Category.MENTION


def test_a_tag_with_something_urgent_inside_is_urgent() -> None:
    decision = judge("@山月咖啡 喝完上吐下泻去了急诊", MessageKind.MENTION)
    assert (decision.tier, decision.flags) == (Tier.URGENT, ("harm",))


def test_the_words_that_drove_a_decision_are_pointed_at_in_the_original() -> None:
    text = "說好的順豐，結果客服已读不回！！！"
    spans = {text[reason.start : reason.end] for reason in judge(text).reasons}
    assert any("已读不回" in span for span in spans)


def test_a_direct_message_gets_a_desk_and_a_complaint_its_subject() -> None:
    decision = judge("我的包裹半个月了还没到，退款吧", MessageKind.DM)
    assert (decision.dm_category, decision.negative_subtype) == ("support", "shipping_delay")
    assert "refund" in decision.flags


def test_the_engine_its_weights_its_cues_and_its_costs_are_named() -> None:
    decision = judge("好")
    assert decision.engine == "linear"
    assert decision.engine_version == f"2+{load_manifest()['weights']}"
    cues, costs = decision.rules_version.split("/")
    assert cues.startswith("2+")
    assert costs == "default-1"
    assert load_classifier() is classifier


def test_reasons_weigh_what_they_gave_to_the_decision() -> None:
    decision = judge("my parcel never arrived, please refund")
    strongest = max(decision.reasons, key=lambda reason: reason.weight)
    assert strongest.cue.startswith("en.")
    assert strongest.weight > 1
    assert all(reason.weight != 0 for reason in decision.reasons)


def test_unexplained_decisions_are_the_same_but_for_the_reasons() -> None:
    messages = [TriageInput(MessageKind.DM, text) for text in ("退款", "", "good morning", "好贵")]
    told = classifier.judge_many(messages)
    silent = classifier.judge_many(messages, explained=False)
    assert [replace(decision, reasons=()) for decision in told] == silent


@given(st.lists(FRAGMENTS, max_size=5))
def test_a_message_is_judged_alike_alone_and_in_company(texts: list[str]) -> None:
    messages = [TriageInput(MessageKind.COMMENT, text) for text in texts]
    alone = [classifier.judge(message) for message in messages]
    for one, other in zip(alone, classifier.judge_many(messages), strict=True):
        assert (one.tier, one.category, one.flags) == (other.tier, other.category, other.flags)
        assert [reason.cue for reason in one.reasons] == [reason.cue for reason in other.reasons]


@pytest.mark.parametrize(
    "text",
    [
        "退款" * 500_000,
        "不" * 1_000_000,
        "a" * 1_000_000,
        "[" * 1_000_000,
        "@" * 1_000_000,
        "🙃" * 1_000_000,
        "\u202eا\u0301" * 300_000,
    ],
)
def test_a_million_letters_are_judged_by_their_ends(text: str) -> None:
    decision = judge(text)
    assert len(decision.reasons) < 100
    assert all(0 <= reason.start < reason.end <= len(text) for reason in decision.reasons)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "😭",
        "[哭惹R][哭惹R]",
        "Z\u0351\u036b\u0343a\u0363\u0368lgo \u0363退款",
        "\u202eمرحبا هل يمكنني استرداد أموالي",
        "\ud83d退款\udc00",
        "<b>退款</b><script>alert(1)</script>&nbsp;",
        "Привет 你好 hello สวัสดี 안녕",
        "①②③④⑤⑥⑦⑧⑨⑩",
        "\ue000\ue005\ue010",
    ],
)
def test_bad_input_gets_an_answer_with_spans_inside_it(text: str) -> None:
    for kind in MessageKind:
        decision = judge(text, kind)
        assert all(0 <= reason.start < reason.end <= len(text) for reason in decision.reasons)


@pytest.mark.parametrize(
    "text", ["", "\x00", "\ud800", "\udfff难用", "a" * 10_000, "退款" * 5_000, "[" * 10_000]
)
def test_no_text_is_too_strange(text: str) -> None:
    assert isinstance(judge(text), Decision)


@given(ANY_TEXT | FRAGMENTS, st.sampled_from(MessageKind))
def test_any_text_gets_a_valid_decision_with_spans_inside_it(text: str, kind: MessageKind) -> None:
    decision = judge(text, kind)
    assert 0 <= decision.spam_score <= 1
    assert 0 <= decision.confidence <= 1
    assert not (decision.hide and "suspected_spam" in decision.flags)
    assert (decision.tier is Tier.SPAM) == (decision.category is Category.SPAM)
    assert not (decision.hide and decision.category is not Category.SPAM)
    assert (decision.dm_category is None) == (kind is not MessageKind.DM)
    for reason in decision.reasons:
        assert 0 <= reason.start < reason.end <= len(text)


@given(ANY_TEXT | FRAGMENTS)
def test_judging_twice_gives_the_same_decision(text: str) -> None:
    assert judge(text) == judge(text)


@pytest.mark.skipif(not DEVELOPMENT_SET.exists(), reason="the development set is not beside us")
def test_the_development_set_is_judged_better_than_by_a_chain_of_keywords() -> None:
    with DEVELOPMENT_SET.open(encoding="utf-8") as lines:
        reports = evaluate(classifier, list(read_samples(lines, labelled=True)))
    assert reports["tier"].accuracy > 0.75
