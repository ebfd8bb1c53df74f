"""What the weighed cues add up to: the label rules, as decisions without side effects."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.core.triage.types import Category, Language, MessageKind, Sentiment, Tier

RULES_VERSION = "1"

SPAM_FROM = 0.6
HIDE_FROM = 0.85
CATEGORY_FROM = 0.5
ASKS_FROM = 0.5
# Words about buying ask by themselves ("price", "free shipping") unless a verdict explains them.
_ASKS_BY_TOPIC_FROM = 0.2
_STRONG_VERDICT = 0.7
_FAINT_VERDICT = 0.35
_PLAIN_ATTITUDE = 0.8
_ATTITUDE_LEAD = 0.3

_TIER = {
    Category.COMPLAINT: Tier.URGENT,
    Category.PRODUCT_QUESTION: Tier.URGENT,
    Category.NEGATIVE_FEEDBACK: Tier.URGENT,
    Category.PR_CRISIS: Tier.URGENT,
    Category.FOLLOWER_QUESTION: Tier.IMPORTANT,
    Category.PARTNERSHIP: Tier.IMPORTANT,
    Category.FEEDBACK: Tier.IMPORTANT,
    Category.MENTION: Tier.IMPORTANT,
    Category.GENERAL: Tier.ROUTINE,
    Category.PRAISE: Tier.ROUTINE,
    Category.CASUAL: Tier.ROUTINE,
    Category.SPAM: Tier.SPAM,
}
_ACCUSING = frozenset({Category.COMPLAINT, Category.NEGATIVE_FEEDBACK, Category.PR_CRISIS})
_IDLE = frozenset({Category.GENERAL, Category.CASUAL, Category.PRAISE})
_SUBTYPES = ("customer_service", "shipping_delay", "pricing", "product_did_not_work")
_DM_CATEGORY = {
    Category.PARTNERSHIP: "partnership",
    Category.PRODUCT_QUESTION: "product",
    Category.COMPLAINT: "support",
    Category.NEGATIVE_FEEDBACK: "support",
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known of a message. `scores` weighs each effect from 0 to 1; absent is 0."""

    kind: MessageKind
    language: Language
    scores: Mapping[str, float]
    flags: frozenset[str] = frozenset()
    tags_brand: bool = False
    tags_somebody: bool = False
    wordless: bool = False
    quiet: bool = False
    letters: int = 0

    def of(self, effect: str) -> float:
        return self.scores.get(effect, 0.0)

    def for_category(self, category: Category) -> float:
        return self.scores.get(f"category:{category.value}", 0.0)


@dataclass(frozen=True, slots=True)
class Verdict:
    tier: Tier
    category: Category
    sentiment: Sentiment
    needs_reply: bool
    spam_score: float
    hide: bool
    confidence: float
    dm_category: str | None
    negative_subtype: str | None


def decide(evidence: Evidence) -> Verdict:
    """Apply the label rules: spam first, then the highest tier that was argued for."""
    spam_score = spam_of(evidence)
    category, confidence = category_of(evidence, spam_score)
    return Verdict(
        tier=tier_of(evidence, category),
        category=category,
        sentiment=sentiment_of(evidence, category),
        needs_reply=needs_reply(evidence, category),
        spam_score=spam_score,
        hide=category is Category.SPAM and spam_score >= HIDE_FROM,
        confidence=confidence,
        dm_category=dm_category_of(evidence, category),
        negative_subtype=subtype_of(evidence, category),
    )


def either(*weights: float) -> float:
    """Weigh independent arguments for one thing together; never more than 1."""
    doubt = 1.0
    for weight in weights:
        doubt *= 1 - weight
    return 1 - doubt


def spam_of(evidence: Evidence) -> float:
    """Contact details alone are how partners and customers write too; what is offered decides."""
    contact = evidence.of("contact")
    own_case = max(evidence.of("problem"), evidence.of("own_case"))
    if evidence.for_category(Category.PARTNERSHIP) >= CATEGORY_FROM or own_case >= CATEGORY_FROM:
        contact *= 0.4
    return either(contact, evidence.of("spam")) * (1 - evidence.of("not_spam"))


def category_of(evidence: Evidence, spam_score: float) -> tuple[Category, float]:
    """Name the category and how sure that is; spam, then crisis, then case, then what remains."""
    crisis = evidence.for_category(Category.PR_CRISIS)
    complaint = complaint_score(evidence)
    if spam_score >= SPAM_FROM and crisis < spam_score:
        return Category.SPAM, spam_score
    if crisis >= CATEGORY_FROM:
        return Category.PR_CRISIS, crisis
    partnership = evidence.for_category(Category.PARTNERSHIP)
    if partnership >= CATEGORY_FROM and partnership > complaint:
        return Category.PARTNERSHIP, partnership
    if complaint >= CATEGORY_FROM:
        return Category.COMPLAINT, complaint
    return _verdict_question_or_rest(evidence)


def complaint_score(evidence: Evidence) -> float:
    """A problem of one's own, or an act that is asked for; a mere bad verdict is not a case."""
    problem, act, own = (evidence.of(effect) for effect in ("problem", "act", "own_case"))
    verdict = evidence.for_category(Category.NEGATIVE_FEEDBACK)
    if problem and (act or own):
        return either(problem, act, own)
    if problem:
        return problem * (0.6 if verdict >= _STRONG_VERDICT else 0.85)
    if act and evidence.of("topic:product") >= act and not own:
        return act * 0.5
    return either(act * 0.9, own * 0.3) if act else 0.0


def _verdict_question_or_rest(evidence: Evidence) -> tuple[Category, float]:
    verdict = evidence.for_category(Category.NEGATIVE_FEEDBACK)
    product, content = question_scores(evidence)
    wish = evidence.of("actionable")
    praise = evidence.for_category(Category.PRAISE)
    if wish >= CATEGORY_FROM and wish >= 0.8 * max(verdict, product):
        return (Category.MENTION, 0.6) if _is_tag(evidence) else (Category.FEEDBACK, wish)
    if verdict >= CATEGORY_FROM and verdict >= max(product, praise * 0.9):
        return Category.NEGATIVE_FEEDBACK, verdict
    if product >= CATEGORY_FROM and product >= content:
        return Category.PRODUCT_QUESTION, product
    if _is_tag(evidence):
        return Category.MENTION, 0.7
    if content >= CATEGORY_FROM:
        return Category.FOLLOWER_QUESTION, content
    return _routine_or_faint(evidence, verdict)


def question_scores(evidence: Evidence) -> tuple[float, float]:
    """How strongly this asks about the product, and about anything else of the brand."""
    ask, product, content = (evidence.of(e) for e in ("ask", "topic:product", "topic:content"))
    settled = max(
        evidence.for_category(Category.PRAISE), evidence.for_category(Category.NEGATIVE_FEEDBACK)
    )
    asks = ask >= ASKS_FROM or (ask >= _ASKS_BY_TOPIC_FROM and settled < CATEGORY_FROM)
    if not asks:
        return 0.0, 0.0
    if product or content:
        return product * 0.95, content * 0.95
    chat = max(evidence.for_category(Category.CASUAL), evidence.of("topic:life"))
    rhetorical = evidence.for_category(Category.NEGATIVE_FEEDBACK) >= _FAINT_VERDICT
    idle = rhetorical or ask < ASKS_FROM or chat >= CATEGORY_FROM
    bare = 0.0 if idle else ask * 0.85
    return (bare, 0.0) if evidence.kind is MessageKind.DM else (0.0, bare)


def _routine_or_faint(evidence: Evidence, verdict: float) -> tuple[Category, float]:
    scores = {
        category: evidence.for_category(category)
        for category in (Category.PRAISE, Category.FEEDBACK, Category.CASUAL, Category.GENERAL)
    }
    best = max(scores, key=lambda category: scores[category])
    if verdict >= _FAINT_VERDICT and verdict >= scores[best]:
        return Category.NEGATIVE_FEEDBACK, verdict
    if scores[best] > 0:
        return best, scores[best]
    if evidence.wordless:
        return Category.CASUAL, 0.5
    return Category.GENERAL, 0.3


def _is_tag(evidence: Evidence) -> bool:
    return evidence.kind is MessageKind.MENTION or evidence.tags_brand


def tier_of(evidence: Evidence, category: Category) -> Tier:
    """Feedback is routine when it is a passing opinion with nothing to act on."""
    passing = category is Category.FEEDBACK and evidence.of("actionable") < CATEGORY_FROM
    return Tier.ROUTINE if passing else _TIER[category]


def sentiment_of(evidence: Evidence, category: Category) -> Sentiment:
    """The attitude to the brand: accusers negative, proposals neutral, questions mostly."""
    positive, negative = evidence.of("sentiment:positive"), evidence.of("sentiment:negative")
    if category in {Category.SPAM, Category.PARTNERSHIP}:
        return Sentiment.NEUTRAL
    if category in _ACCUSING:
        asks_only = category is Category.PR_CRISIS and negative < CATEGORY_FROM
        return Sentiment.NEUTRAL if asks_only else Sentiment.NEGATIVE
    if category is Category.PRAISE or evidence.of("greeting") >= CATEGORY_FROM:
        return Sentiment.POSITIVE
    needed = 0.5 if category is Category.MENTION else _PLAIN_ATTITUDE
    if positive >= needed and positive > negative + _ATTITUDE_LEAD:
        return Sentiment.POSITIVE
    if (
        category is Category.FEEDBACK
        and negative >= _PLAIN_ATTITUDE
        and negative > positive + _ATTITUDE_LEAD
    ):
        return Sentiment.NEGATIVE
    return Sentiment.NEUTRAL


def needs_reply(evidence: Evidence, category: Category) -> bool:
    """Thanks, emoji alone, a friend's name, a goodbye, a bookmark, spam start no clock."""
    if category is Category.SPAM:
        return False
    if category not in _IDLE:
        return not evidence.quiet or category is not Category.MENTION
    tags_a_friend = evidence.tags_somebody and not evidence.tags_brand
    return not (evidence.quiet or evidence.wordless or tags_a_friend)


def dm_category_of(evidence: Evidence, category: Category) -> str | None:
    """Direct messages alone are sorted into product, partnership, support and other."""
    return _DM_CATEGORY.get(category, "other") if evidence.kind is MessageKind.DM else None


def subtype_of(evidence: Evidence, category: Category) -> str | None:
    """What a complaint or bad verdict is about; the strongest argument, or other."""
    if category not in {Category.COMPLAINT, Category.NEGATIVE_FEEDBACK}:
        return None
    best = max(_SUBTYPES, key=lambda name: evidence.of(f"subtype:{name}"))
    return best if evidence.of(f"subtype:{best}") else "other"
