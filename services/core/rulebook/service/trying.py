"""Try a draft on what was said in the last days, before anybody lives by it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from services.core.kit import ids
from services.core.kit.uow import UnitOfWork
from services.core.learning.rules import confusion
from services.core.learning.types import Labels
from services.core.rulebook import rules
from services.core.rulebook.repository import runs as run_rows
from services.core.rulebook.service.applying import PostIds, posts_named
from services.core.rulebook.service.writing import check
from services.core.rulebook.types import (
    Author,
    DryRun,
    Example,
    Rule,
    RuleDraft,
    RunOutcome,
    Subject,
)
from services.core.triage.types import Category, Language, MessageKind, Sentiment, Tier

MOST_DAYS = 30
# Newest first: a draft that meets everything should answer within the API's patience.
MOST_MESSAGES = 5_000
MOST_EXAMPLES = 10
_IN_A_ROW = 200


@dataclass(slots=True)
class _Tally:
    matched: int = 0
    stopped: int = 0
    held: int = 0
    hidden: int = 0
    moved: list[tuple[str, str, int]] = field(default_factory=list)
    examples: list[Example] = field(default_factory=list)


async def try_out(uow: UnitOfWork, draft: RuleDraft, *, days: int, post_id: PostIds) -> DryRun:
    """Count what a draft alone would have done in the last `days` (at most 30); writes nothing.

    Judged on what the engine said of each text, before rules or people changed it. Raises as
    `create_rule`.
    """
    await check(uow, draft)
    rows = await run_rows.list_tried_on(uow, timedelta(days=days), MOST_MESSAGES + 1)
    rule = Rule(ids.new_id(), 1, draft, uow.now, uow.now)
    posts = posts_named([draft.conditions], {row.source_id for row in rows}, post_id)
    tally = await _count(rows[:MOST_MESSAGES], rule, posts)
    return DryRun(
        days=days,
        examined=min(len(rows), MOST_MESSAGES),
        truncated=len(rows) > MOST_MESSAGES,
        matched=tally.matched,
        stopped=tally.stopped,
        held=tally.held,
        moved=confusion(tally.moved),
        alerts=tally.matched - tally.held if draft.effects.alert else 0,
        hidden=tally.hidden,
        examples=tuple(tally.examples),
    )


async def _count(rows: Sequence[Row[Any]], rule: Rule, posts: Mapping[UUID, str]) -> _Tally:
    tally = _Tally()
    for place, row in enumerate(rows):
        if place % _IN_A_ROW == 0:
            await asyncio.sleep(0)
        subject = _subject(row, posts)
        ruled = rules.apply([rule], subject)
        for run in ruled.runs:
            if run.outcome is RunOutcome.STOPPED:
                tally.stopped += 1
                continue
            tally.matched += 1
            tally.held += run.outcome is RunOutcome.HELD
            tally.hidden += ruled.hide and not subject.hide
            tally.moved.append((subject.labels.tier.value, ruled.labels.tier.value, 1))
            if len(tally.examples) < MOST_EXAMPLES:
                tally.examples.append(
                    Example(
                        subject.message_id,
                        subject.text,
                        subject.occurred_at,
                        subject.labels,
                        ruled.labels,
                        ruled.hide,
                    )
                )
    return tally


def _subject(row: Row[Any], posts: Mapping[UUID, str]) -> Subject:
    author = None
    if row.author is not None:
        author = Author(row.author, row.handle, row.followers_count, row.verified, row.following)
    return Subject(
        message_id=row.id,
        content_rank=row.content_rank,
        text=row.text,
        kind=MessageKind(row.kind),
        language=Language(row.language),
        labels=Labels(
            Tier(row.tier), Category(row.category), Sentiment(row.sentiment), row.needs_reply
        ),
        spam_score=row.spam_score,
        confidence=row.confidence,
        occurred_at=row.occurred_at,
        cues=frozenset(reason["cue"] for reason in row.reasons),
        flags=frozenset(row.flags),
        hide=row.hide,
        post=posts.get(row.post_id),
        author=author,
    )
