"""Have what was said judged: by the engine, by the workspace's rules, and never over a person."""

from dataclasses import replace
from uuid import UUID

from services.core.conversations.reading import post_id
from services.core.conversations.types import Direction, MessageContent, MessageState, Verdict
from services.core.kit.uow import UnitOfWork
from services.core.learning import service as learning
from services.core.learning.types import Labels
from services.core.rulebook import service as rulebook
from services.core.triage import service as triage
from services.core.triage.types import Classifier, MessageKind, TriageInput

States = dict[UUID, MessageState]


async def judge(
    uow: UnitOfWork,
    classifier: Classifier,
    states: States,
    own_accounts: dict[UUID, tuple[str, ...]],
    now_judged: set[UUID],
) -> States:
    """Judge every inbound text not judged yet by this engine and this book of rules.

    What a person said of a text stands until the text itself changes. The ids of those that got a
    verdict are added to `now_judged`.
    """
    said = {
        key: state.content
        for key, state in states.items()
        if state.content is not None and state.content.direction is Direction.INBOUND
    }
    if not said:
        return states
    classifier = await learning.tailor(uow, classifier)
    version = await rulebook.get_version(uow)
    unjudged = {
        key: content
        for key, content in said.items()
        if not _is_judged(states[key], content, classifier, version)
    }
    by_people = await learning.list_by_people(
        uow, [verdict.judgement_id for key in unjudged if (verdict := states[key].verdict)]
    )
    open_ones = {
        key: content
        for key, content in unjudged.items()
        if (verdict := states[key].verdict) is None or verdict.judgement_id not in by_people
    }
    questions = [_question(states[key], open_ones[key], own_accounts) for key in open_ones]
    judged = await triage.judge(uow, classifier, questions)
    await learning.watch_shadow(uow, classifier, questions, judged)
    ruled = await rulebook.apply(
        uow, version, [_asked(states[key], open_ones[key], judged[key]) for key in judged], post_id
    )
    verdicts = {
        key: _verdict(judgement.id, rulebook.labels_of(judgement.decision))
        for key, judgement in judged.items()
    }
    verdicts |= {
        key: _verdict(outcome.judgement_id, outcome.labels) for key, outcome in ruled.items()
    }
    now_judged.update(verdicts)
    return {
        key: replace(state, verdict=verdicts[key]) if key in verdicts else state
        for key, state in states.items()
    }


def _question(
    state: MessageState, content: MessageContent, own_accounts: dict[UUID, tuple[str, ...]]
) -> triage.Question:
    return triage.Question(
        message_id=state.id,
        content_rank=content.rank,
        message=TriageInput(
            kind=MessageKind(state.kind.value),
            text=content.text,
            brand_handles=own_accounts.get(state.source_id, ()),
        ),
    )


def _asked(
    state: MessageState, content: MessageContent, judgement: triage.Judgement
) -> rulebook.Asked:
    return rulebook.Asked(
        message_id=state.id,
        content_rank=content.rank,
        judgement_id=judgement.id,
        decision=judgement.decision,
        kind=MessageKind(state.kind.value),
        text=content.text,
        occurred_at=state.occurred_at,
        source_id=state.source_id,
        post_id=content.post_id,
        author_id=content.author_id,
        historical=state.historical,
    )


def _verdict(judgement_id: UUID, labels: Labels) -> Verdict:
    return Verdict(
        judgement_id=judgement_id,
        tier=labels.tier.value,
        category=labels.category.value,
        sentiment=labels.sentiment.value,
        needs_reply=labels.needs_reply,
    )


def _is_judged(
    state: MessageState, content: MessageContent, classifier: Classifier, version: int
) -> bool:
    if state.verdict is None:
        return False
    engines = triage.judgement_id(state.id, content.rank, classifier)
    return state.verdict.judgement_id in {engines, rulebook.judgement_id(engines, version)}
