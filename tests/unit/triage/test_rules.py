import pytest

from services.core.triage.rules import (
    Evidence,
    complaint_score,
    decide,
    either,
    question_scores,
    spam_of,
)
from services.core.triage.types import Category, Language, MessageKind, Sentiment, Tier

COMMENT, DM, MENTION = MessageKind.COMMENT, MessageKind.DM, MessageKind.MENTION


def evidence(
    scores: dict[str, float] | None = None,
    *,
    kind: MessageKind = COMMENT,
    tags_brand: bool = False,
    tags_somebody: bool = False,
    wordless: bool = False,
    quiet: bool = False,
) -> Evidence:
    return Evidence(
        kind=kind,
        language=Language.ZH,
        scores=scores or {},
        tags_brand=tags_brand,
        tags_somebody=tags_somebody,
        wordless=wordless,
        quiet=quiet,
    )


def test_two_halves_make_three_quarters() -> None:
    assert either(0.5, 0.5) == pytest.approx(0.75)
    assert either() == 0


@pytest.mark.parametrize(
    ("scores", "category", "tier"),
    [
        ({"spam": 0.7}, Category.SPAM, Tier.SPAM),
        ({"category:pr_crisis": 0.6}, Category.PR_CRISIS, Tier.URGENT),
        ({"category:partnership": 0.7}, Category.PARTNERSHIP, Tier.IMPORTANT),
        ({"problem": 0.7, "act": 0.6}, Category.COMPLAINT, Tier.URGENT),
        ({"category:negative_feedback": 0.7}, Category.NEGATIVE_FEEDBACK, Tier.URGENT),
        ({"ask": 0.6, "topic:product": 0.8}, Category.PRODUCT_QUESTION, Tier.URGENT),
        ({"ask": 0.6, "topic:content": 0.8}, Category.FOLLOWER_QUESTION, Tier.IMPORTANT),
        ({"category:feedback": 0.7, "actionable": 0.7}, Category.FEEDBACK, Tier.IMPORTANT),
        ({"category:feedback": 0.5, "passing": 0.6}, Category.FEEDBACK, Tier.ROUTINE),
        ({"category:praise": 0.6}, Category.PRAISE, Tier.ROUTINE),
        ({"category:casual": 0.6}, Category.CASUAL, Tier.ROUTINE),
        ({"category:general": 0.6}, Category.GENERAL, Tier.ROUTINE),
        ({}, Category.GENERAL, Tier.ROUTINE),
    ],
)
def test_each_category_has_its_tier(
    scores: dict[str, float], category: Category, tier: Tier
) -> None:
    verdict = decide(evidence(scores))
    assert (verdict.category, verdict.tier) == (category, tier)


def test_spam_wins_over_a_weaker_crisis() -> None:
    assert decide(evidence({"spam": 0.9, "category:pr_crisis": 0.6})).category is Category.SPAM


def test_a_crisis_that_outweighs_the_spam_is_not_thrown_away() -> None:
    verdict = decide(evidence({"spam": 0.65, "category:pr_crisis": 0.9}))
    assert (verdict.category, verdict.hide) == (Category.PR_CRISIS, False)


def test_only_sure_spam_is_hidden() -> None:
    assert decide(evidence({"spam": 0.9})).hide
    assert not decide(evidence({"spam": 0.7})).hide


def test_contact_details_beside_a_proposal_or_a_case_are_not_spam() -> None:
    assert spam_of(evidence({"contact": 0.8})) == pytest.approx(0.8)
    assert spam_of(evidence({"contact": 0.8, "category:partnership": 0.7})) == pytest.approx(0.32)
    assert spam_of(evidence({"contact": 0.8, "problem": 0.7})) == pytest.approx(0.32)


def test_a_warning_about_spam_is_not_spam() -> None:
    assert spam_of(evidence({"spam": 0.7, "not_spam": 0.6})) == pytest.approx(0.28)


def test_a_crisis_wins_over_a_complaint() -> None:
    scores = {"category:pr_crisis": 0.7, "problem": 0.8, "act": 0.7}
    assert decide(evidence(scores)).category is Category.PR_CRISIS


def test_a_stronger_complaint_wins_over_a_proposal() -> None:
    scores = {"category:partnership": 0.7, "problem": 0.8, "act": 0.7}
    assert decide(evidence(scores)).category is Category.COMPLAINT


def test_a_problem_alone_weighs_less_beside_a_strong_verdict() -> None:
    assert complaint_score(evidence({"problem": 0.7})) == pytest.approx(0.595)
    told_as_verdict = evidence({"problem": 0.7, "category:negative_feedback": 0.8})
    assert complaint_score(told_as_verdict) == pytest.approx(0.42)


def test_an_act_alone_is_a_complaint_unless_it_asks_about_the_terms() -> None:
    assert complaint_score(evidence({"act": 0.7})) == pytest.approx(0.63)
    assert complaint_score(evidence({"act": 0.7, "topic:product": 0.75})) == pytest.approx(0.35)
    assert complaint_score(evidence()) == 0


def test_a_suggestion_beats_the_question_it_is_dressed_as() -> None:
    scores = {"ask": 0.6, "topic:product": 0.75, "category:feedback": 0.75, "actionable": 0.7}
    assert decide(evidence(scores)).category is Category.FEEDBACK


def test_a_verdict_beats_a_question_about_the_same() -> None:
    scores = {"ask": 0.6, "topic:product": 0.5, "category:negative_feedback": 0.8}
    assert decide(evidence(scores)).category is Category.NEGATIVE_FEEDBACK


def test_praise_and_a_question_is_a_question() -> None:
    scores = {"ask": 0.6, "topic:product": 0.8, "category:praise": 0.9, "sentiment:positive": 0.9}
    verdict = decide(evidence(scores))
    assert (verdict.category, verdict.sentiment) == (
        Category.PRODUCT_QUESTION,
        Sentiment.POSITIVE,
    )


def test_words_about_buying_ask_by_themselves_but_not_inside_praise() -> None:
    assert question_scores(evidence({"ask": 0.3, "topic:product": 0.8}))[0] > 0.7
    praised = evidence({"ask": 0.3, "topic:product": 0.8, "category:praise": 0.6})
    assert question_scores(praised) == (0.0, 0.0)


def test_a_question_without_a_topic_is_about_the_product_in_a_direct_message_only() -> None:
    assert question_scores(evidence({"ask": 0.6}, kind=DM))[0] == pytest.approx(0.51)
    assert question_scores(evidence({"ask": 0.6}))[1] == pytest.approx(0.51)
    assert question_scores(evidence({"ask": 0.6, "topic:life": 0.7})) == (0.0, 0.0)


@pytest.mark.parametrize(("kind", "tags_brand"), [(MENTION, False), (COMMENT, True)])
def test_a_tag_beats_praise_and_suggestions_and_questions_about_content(
    kind: MessageKind, tags_brand: bool
) -> None:
    for scores in (
        {"category:praise": 0.8},
        {"category:feedback": 0.7, "actionable": 0.7},
        {"ask": 0.6, "topic:content": 0.8},
    ):
        verdict = decide(evidence(scores, kind=kind, tags_brand=tags_brand))
        assert verdict.category is Category.MENTION


def test_a_tag_does_not_hide_what_is_urgent() -> None:
    verdict = decide(evidence({"category:negative_feedback": 0.7}, kind=MENTION))
    assert verdict.category is Category.NEGATIVE_FEEDBACK


def test_a_faint_bad_verdict_is_still_one_when_nothing_outweighs_it() -> None:
    assert (
        decide(evidence({"category:negative_feedback": 0.4})).category is Category.NEGATIVE_FEEDBACK
    )
    outweighed = {"category:negative_feedback": 0.4, "category:praise": 0.5}
    assert decide(evidence(outweighed)).category is Category.PRAISE


def test_a_message_without_words_is_banter() -> None:
    verdict = decide(evidence(wordless=True))
    assert (verdict.category, verdict.needs_reply) == (Category.CASUAL, False)


def test_accusers_are_negative_and_a_journalist_who_asks_is_neutral() -> None:
    assert decide(evidence({"category:negative_feedback": 0.7})).sentiment is Sentiment.NEGATIVE
    asked = {"category:pr_crisis": 0.6}
    assert decide(evidence(asked)).sentiment is Sentiment.NEUTRAL
    accused = asked | {"sentiment:negative": 0.6}
    assert decide(evidence(accused)).sentiment is Sentiment.NEGATIVE


def test_proposals_are_neutral_however_warm() -> None:
    scores = {"category:partnership": 0.7, "sentiment:positive": 0.9}
    assert decide(evidence(scores)).sentiment is Sentiment.NEUTRAL


def test_a_greeting_is_positive() -> None:
    scores = {"category:casual": 0.4, "greeting": 0.8}
    assert decide(evidence(scores)).sentiment is Sentiment.POSITIVE


def test_mixed_suggestions_are_neutral_unless_one_side_wins() -> None:
    wish = {"category:feedback": 0.7, "actionable": 0.7}
    for positive, negative, sentiment in (
        (0.9, 0.8, Sentiment.NEUTRAL),
        (0.9, 0.0, Sentiment.POSITIVE),
        (0.0, 0.9, Sentiment.NEGATIVE),
        (0.0, 0.5, Sentiment.NEUTRAL),
    ):
        scores = wish | {"sentiment:positive": positive, "sentiment:negative": negative}
        assert decide(evidence(scores)).sentiment is sentiment


def test_a_warm_mention_needs_less_to_be_positive() -> None:
    warm = {"sentiment:positive": 0.6}
    assert decide(evidence(warm, kind=MENTION)).sentiment is Sentiment.POSITIVE
    assert decide(evidence(warm)).sentiment is Sentiment.NEUTRAL


def test_spam_starts_no_clock() -> None:
    assert not decide(evidence({"spam": 0.9})).needs_reply


def test_thanks_and_a_friends_name_start_no_clock_and_a_statement_does() -> None:
    assert decide(evidence({"category:general": 0.6})).needs_reply
    assert not decide(evidence({"category:general": 0.6}, quiet=True)).needs_reply
    assert not decide(evidence({"category:praise": 0.6}, tags_somebody=True)).needs_reply
    assert not decide(evidence(kind=MENTION, quiet=True)).needs_reply


def test_a_question_is_answered_however_short() -> None:
    scores = {"ask": 0.6, "topic:product": 0.8}
    assert decide(evidence(scores, tags_somebody=True, quiet=True)).needs_reply


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ({"ask": 0.6, "topic:product": 0.8}, "product"),
        ({"category:partnership": 0.7}, "partnership"),
        ({"problem": 0.7, "act": 0.6}, "support"),
        ({"category:casual": 0.6}, "other"),
    ],
)
def test_direct_messages_alone_get_a_desk(scores: dict[str, float], expected: str) -> None:
    assert decide(evidence(scores, kind=DM)).dm_category == expected
    assert decide(evidence(scores)).dm_category is None


def test_a_complaint_says_what_it_is_about() -> None:
    broken = {"problem": 0.7, "act": 0.6}
    assert decide(evidence(broken)).negative_subtype == "other"
    late = broken | {"subtype:shipping_delay": 0.8, "subtype:customer_service": 0.5}
    assert decide(evidence(late)).negative_subtype == "shipping_delay"
    assert decide(evidence({"category:praise": 0.6})).negative_subtype is None
