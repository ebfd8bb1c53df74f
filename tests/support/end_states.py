"""What a line came to, in words that do not depend on the order it was told in.

Ids and times of our own differ between two tellings; platform ids and the times of what happened
do not. What a telling left behind of its own detours is not looked at: clocks that were withdrawn
since their questions went to others, or were edited away, cases that have no other clocks, and
the case a reply was shown in before its question turned out to be younger.
"""

from typing import Any
from uuid import uuid4

from services.core.alerts import service as alerts
from services.core.intake import service as intake
from services.core.intake.records import SourceDraft
from services.core.kit.clock import FrozenClock
from services.core.kit.uow import Database
from services.core.sla import service as sla
from services.core.workspaces import service as workspaces
from tests.support.line import NOON, Line

EndState = dict[str, list[tuple[Any, ...]]]

STATES = {
    "messages": """SELECT external_id, kind, direction, text, version, occurred_at, created_known,
        deleted_at, hidden, tier, category, needs_reply, thread_id IS NOT NULL AS placed,
        direction = 'in' AND EXISTS (SELECT FROM clocks k WHERE k.case_id = messages.case_id
          AND k.void_reason IS DISTINCT FROM 'withdrawn') AS worked
        FROM messages ORDER BY 1, 2""",
    "cases": """SELECT m.external_id, m.kind, c.state, c.tier, c.category, c.sentiment,
        c.opened_at, c.last_message_at, c.answered_at, c.resolved_at, c.unanswered, c.reopened,
        c.next_due_at, (SELECT array_agg(of.external_id ORDER BY of.external_id, of.kind)
          FROM messages of WHERE of.case_id = c.id AND of.direction = 'in') AS questions
        FROM cases c JOIN messages m ON m.id = c.opening_message_id
        WHERE EXISTS (SELECT FROM clocks k WHERE k.case_id = c.id
          AND k.void_reason IS DISTINCT FROM 'withdrawn') ORDER BY 1, 2""",
    "clocks": """SELECT m.external_id, m.kind, k.kind, k.episode, k.state, k.tier, k.started_at,
        k.due_at, k.limit_at, k.met_at, k.missed_at, k.settled_at, k.void_reason
        FROM clocks k JOIN cases c ON c.id = k.case_id
        JOIN messages m ON m.id = c.opening_message_id
        WHERE k.void_reason IS DISTINCT FROM 'withdrawn' ORDER BY 1, 2, 3, 4""",
    "followers": """SELECT external_id, handle, name, followers_count, following, followed_at,
        unfollowed_at, first_seen_at, last_seen_at FROM followers ORDER BY 1""",
    "posts": """SELECT external_id, title, hashtags, published_at, deleted_at FROM posts
        ORDER BY 1""",
}
# What still lies ahead of clocks that run, and who has been told of what is not over.
AHEAD = {
    "timers": """SELECT m.external_id, m.kind, k.kind, k.episode, t.percent, t.fire_at
        FROM timers t JOIN clocks k ON k.id = t.clock_id JOIN cases c ON c.id = k.case_id
        JOIN messages m ON m.id = c.opening_message_id
        WHERE t.state = 'pending' ORDER BY 1, 2, 3, 4, 5""",
    "alerts": """SELECT m.external_id, m.kind, a.clock_kind, k.episode, a.step, a.tier, a.due_at
        FROM alerts a JOIN clocks k ON k.id = a.clock_id JOIN cases c ON c.id = a.case_id
        JOIN messages m ON m.id = c.opening_message_id
        WHERE a.state = 'firing' ORDER BY 1, 2, 3, 4, 5""",
}


async def new_line(database: Database) -> Line:
    """A workspace of its own on one database, late enough that nothing lies in the future."""
    clock = FrozenClock(NOON)
    frozen = Database(database.engine, clock)
    workspace = await workspaces.create_workspace(frozen, "Brand", slug=f"w-{uuid4().hex[:8]}")
    async with frozen.unit(workspace.id) as uow:
        await sla.ensure_defaults(uow)
        await alerts.ensure_defaults(uow)
        source, _ = await intake.create_source(uow, SourceDraft("shop", "xiaohongshu", ("brand",)))
    clock.at = NOON.replace(hour=20)
    return Line(frozen, clock, workspace.id, source.id)


async def end_state(line: Line, *, ahead: bool = False) -> EndState:
    """Everything of the line's workspace; with `ahead`, also its pending moments and alerts.

    Those depend on when something was heard, so only tellings at one moment agree on them.
    """
    queries = STATES | (AHEAD if ahead else {})
    async with line.database.read(line.workspace_id) as uow:
        return {
            name: [tuple(row) for row in await uow.execute(query)]
            for name, query in queries.items()
        }


def differences(one: EndState, other: EndState) -> list[str]:
    """Rows that only one of two end states has; an empty list says that they are the same."""
    found = []
    for name, rows in one.items():
        found += [f"only first, {name}: {row}" for row in rows if row not in other[name]]
        found += [f"only second, {name}: {row}" for row in other[name] if row not in rows]
    return found
