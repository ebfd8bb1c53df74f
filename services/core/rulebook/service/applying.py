"""Apply the book to what was just judged, and hand on what must wait for the message's case."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from services.core.kit import ids
from services.core.kit.stretches import Stretch, newest
from services.core.kit.uow import UnitOfWork
from services.core.learning.types import Labels
from services.core.rulebook import rules
from services.core.rulebook.facts import rule_ran
from services.core.rulebook.repository import rules as rule_rows
from services.core.rulebook.repository import runs as run_rows
from services.core.rulebook.types import (
    Author,
    Conditions,
    DueEffect,
    Rule,
    Ruled,
    Run,
    RunOutcome,
    RunRecord,
    Subject,
)
from services.core.stream import service as stream
from services.core.triage import service as triage
from services.core.triage.types import Decision, MessageKind, Tier

RULE = "rule"
PostIds = Callable[[UUID, str], UUID]
_BOOKS_KEPT = 512
_books: OrderedDict[tuple[UUID, int], tuple[Rule, ...]] = OrderedDict()
NEWEST = newest(50)


@dataclass(frozen=True, slots=True)
class Asked:
    """A message the engine has just judged, and where it stands."""

    message_id: UUID
    content_rank: str
    judgement_id: UUID
    decision: Decision
    kind: MessageKind
    text: str
    occurred_at: datetime
    source_id: UUID
    post_id: UUID | None
    author_id: UUID | None
    historical: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a message is taken for once the book was read."""

    judgement_id: UUID
    labels: Labels


def judgement_id(engine_judgement_id: UUID, version: int) -> UUID:
    """What the book of this version made of a judgement, however often it is read."""
    return ids.derived_id(engine_judgement_id, "rulebook", version)


async def apply(
    uow: UnitOfWork, version: int, asked: Sequence[Asked], post_id: PostIds
) -> dict[UUID, Outcome]:
    """Run the book of this version; returns the messages it changed, by id.

    `post_id` gives the id of a source's post by the platform's own.
    Writes the log, tags and judgements, and announces `rule.ran`. Alerts and assignments wait
    for `take_due` in the same unit. A rule runs once for each version of a text: doing it twice
    changes nothing.
    """
    book = await _book(uow, version) if version and asked else ()
    if not book:
        return {}
    subjects = await _subjects(uow, book, asked, post_id)
    met = [(subject, rules.apply(book, subject)) for subject in subjects]
    met = [(subject, ruled) for subject, ruled in met if ruled.runs]
    if not met:
        return {}
    met = await _break_loops(uow, book, met)
    await _keep(uow, met)
    by_id = {one.message_id: one for one in asked}
    changed = [
        (by_id[subject.message_id], ruled)
        for subject, ruled in met
        if (ruled.labels, ruled.hide) != (subject.labels, subject.hide)
    ]
    await run_rows.add_judgements(
        uow, [_judgement(uow, version, one, ruled) for one, ruled in changed]
    )
    return {
        one.message_id: Outcome(judgement_id(one.judgement_id, version), ruled.labels)
        for one, ruled in changed
    }


async def take_due(uow: UnitOfWork) -> list[DueEffect]:
    """Alerts and assignments whose messages now have their cases; each comes out once."""
    rows = await run_rows.take_due(uow, uow.now - timedelta(hours=1))
    return [_due(row) for row in rows]


async def mute(uow: UnitOfWork, effects: Sequence[DueEffect]) -> None:
    """Mark runs whose alarm was kept back: the rule has alarmed often enough in this hour."""
    await run_rows.mute(uow, [effect.run_id for effect in effects])


async def list_runs(
    uow: UnitOfWork,
    wanted: Stretch = NEWEST,
    *,
    rule_id: UUID | None = None,
    message_id: UUID | None = None,
) -> list[RunRecord]:
    """The execution log, by when they ran."""
    rows = await run_rows.list_runs(uow, wanted, rule_id=rule_id, message_id=message_id)
    return [_record(row) for row in rows]


def posts_named(
    conditions: Sequence[Conditions], sources: Iterable[UUID], post_id: PostIds
) -> dict[UUID, str]:
    """The posts that conditions name, by their ids: a post need not have been seen to be named."""
    return {
        post_id(source_id, name): name
        for source_id in sources
        for each in conditions
        for name in each.posts
    }


def labels_of(decision: Decision) -> Labels:
    return Labels(decision.tier, decision.category, decision.sentiment, decision.needs_reply)


async def _book(uow: UnitOfWork, version: int) -> tuple[Rule, ...]:
    """The live, enabled rules of this version; read once a process."""
    key = (uow.workspace_id, version)
    if key not in _books:
        found = await rule_rows.list_rules(uow)
        _books[key] = tuple(rule for rule in found if rule.draft.enabled)
        if len(_books) > _BOOKS_KEPT:
            _books.popitem(last=False)
    return _books[key]


async def _subjects(
    uow: UnitOfWork, book: Sequence[Rule], asked: Sequence[Asked], post_id: PostIds
) -> list[Subject]:
    conditions = [rule.draft.conditions for rule in book]
    sources = {one.source_id for one in asked}
    posts = posts_named(conditions, sources, post_id)
    authors: Mapping[UUID, Author] = {}
    # Asking for what no rule looks at would cost a statement each batch.
    if any(
        each.authors or (each.min_followers, each.verified, each.following) != (None, None, None)
        for each in conditions
    ):
        wanted = sorted({one.author_id for one in asked if one.author_id})
        found = await run_rows.list_authors(uow, wanted)
        authors = {row.id: _author(row) for row in found}
    return [_subject(one, posts, authors) for one in asked]


def _author(row: Row[Any]) -> Author:
    return Author(row.external_id, row.handle, row.followers_count, row.verified, row.following)


def _subject(one: Asked, posts: Mapping[UUID, str], authors: Mapping[UUID, Author]) -> Subject:
    decision = one.decision
    return Subject(
        message_id=one.message_id,
        content_rank=one.content_rank,
        text=one.text,
        kind=one.kind,
        language=decision.language,
        labels=labels_of(decision),
        spam_score=decision.spam_score,
        confidence=decision.confidence,
        occurred_at=one.occurred_at,
        cues=frozenset(reason.cue for reason in decision.reasons),
        flags=frozenset(decision.flags),
        hide=decision.hide,
        post=posts.get(one.post_id) if one.post_id else None,
        author=authors.get(one.author_id) if one.author_id else None,
        historical=one.historical,
    )


async def _break_loops(
    uow: UnitOfWork, book: Sequence[Rule], met: Sequence[tuple[Subject, Ruled]]
) -> list[tuple[Subject, Ruled]]:
    """A rule that has met a message too often, over its edits, has no effect on it any more."""
    before = await run_rows.count_runs(uow, [subject.message_id for subject, _ in met])
    kept = []
    for subject, ruled in met:
        looping = {
            run.rule.id
            for run in ruled.runs
            if before.get((run.rule.id, subject.message_id), 0) >= rules.MOST_RUNS_A_MESSAGE
        }
        if looping:
            rest = rules.apply([rule for rule in book if rule.id not in looping], subject)
            marks = tuple(
                replace(run, outcome=RunOutcome.LOOPING)
                for run in ruled.runs
                if run.rule.id in looping
            )
            kept.append((subject, replace(rest, runs=(*rest.runs, *marks))))
        else:
            kept.append((subject, ruled))
    return kept


async def _keep(uow: UnitOfWork, met: Sequence[tuple[Subject, Ruled]]) -> None:
    rows = {
        (subject.message_id, run.rule.id): _run_row(uow, subject, run)
        for subject, ruled in met
        for run in ruled.runs
    }
    new = await run_rows.add_runs(uow, [rows[key] for key in sorted(rows)])
    tags = [
        {
            "workspace_id": uow.workspace_id,
            "message_id": subject.message_id,
            "tag": tag,
            "rule_id": run.rule.id,
            "at": uow.now,
        }
        for subject, ruled in met
        for run in ruled.runs
        if run.outcome is RunOutcome.APPLIED
        for tag in run.rule.draft.effects.tags
    ]
    await run_rows.add_tags(uow, tags)
    facts = [
        rule_ran(subject, run)
        for subject, ruled in met
        for run in ruled.runs
        if rows[subject.message_id, run.rule.id]["id"] in new
    ]
    await stream.announce(uow, facts)


def _run_row(uow: UnitOfWork, subject: Subject, run: Run) -> dict[str, Any]:
    effects = run.rule.draft.effects
    told = {
        "tier": effects.tier.value if effects.tier else None,
        "category": effects.category.value if effects.category else None,
        "tags": list(effects.tags),
        "alert": effects.alert,
        "hide": effects.hide,
        "assign_to": str(effects.assign_to) if effects.assign_to else None,
    }
    calls = effects.alert or effects.assign_to is not None
    applied = run.outcome is RunOutcome.APPLIED
    return {
        "workspace_id": uow.workspace_id,
        "id": ids.new_id(),
        "rule_id": run.rule.id,
        "rule_version": run.rule.version,
        "message_id": subject.message_id,
        "content_rank": subject.content_rank,
        "outcome": run.outcome.value,
        "effects": told,
        # History that is read in wakes nobody.
        "due": calls and applied and not subject.historical,
        "at": uow.now,
    }


def _judgement(uow: UnitOfWork, version: int, one: Asked, ruled: Ruled) -> dict[str, Any]:
    decision, labels = one.decision, ruled.labels
    reasons = triage.tell_reasons(decision)
    reasons += [
        {"cue": f"rule.{run.rule.draft.name}", "start": start, "end": end, "effect": effect}
        for run in ruled.runs
        if run.outcome is RunOutcome.APPLIED
        for start, end in (run.span,)
        for effect in _argued(run.rule)
    ]
    return {
        "workspace_id": uow.workspace_id,
        "id": judgement_id(one.judgement_id, version),
        "message_id": one.message_id,
        "content_rank": one.content_rank,
        "decided_by": RULE,
        "actor_id": str(ruled.runs[-1].rule.id),
        "tier": labels.tier.value,
        "category": labels.category.value,
        "sentiment": labels.sentiment.value,
        "needs_reply": labels.needs_reply,
        "language": decision.language.value,
        "spam_score": decision.spam_score,
        "hide": ruled.hide,
        "confidence": decision.confidence,
        "dm_category": decision.dm_category,
        "negative_subtype": decision.negative_subtype,
        "flags": list(decision.flags),
        "reasons": reasons,
        "engine": decision.engine,
        "engine_version": decision.engine_version,
        "rules_version": f"{decision.rules_version}+book.{version}",
        "note": None,
        # Behind the engine's own word, which is kept beside it.
        "decided_at": uow.now + timedelta(microseconds=1),
    }


def _argued(rule: Rule) -> list[str]:
    effects = rule.draft.effects
    argued = [f"tier:{effects.tier.value}"] if effects.tier else []
    argued += [f"category:{effects.category.value}"] if effects.category else []
    return argued + (["hide"] if effects.hide else [])


def _due(row: Row[Any]) -> DueEffect:
    member = row.effects["assign_to"]
    return DueEffect(
        run_id=row.id,
        rule_id=row.rule_id,
        rule_name=row.name,
        message_id=row.message_id,
        case_id=row.case_id,
        tier=Tier(row.tier),
        alert=row.effects["alert"],
        assign_to=UUID(member) if member else None,
        alerts_lately=row.lately,
    )


def _record(row: Row[Any]) -> RunRecord:
    return RunRecord(
        id=row.id,
        rule_id=row.rule_id,
        rule_name=row.name,
        rule_version=row.rule_version,
        message_id=row.message_id,
        outcome=RunOutcome(row.outcome),
        effects=row.effects,
        at=row.at,
    )
