"""The oracle of fault tests: compares what senders were promised with what the rows say.

It knows only the ledger and the tables. An empty list is the good verdict; every sentence in it
names a promise that was broken.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

import asyncpg

from tests.support.brands import Sent
from tests.support.processes import Site

# What must be unique whatever raced, each as the columns that identify one.
ONE_OF_EACH = {
    "deliveries": "workspace_id, source_id, webhook_id",
    "journal": "workspace_id, source_id, external_id",
    "messages": "workspace_id, source_id, kind, external_id",
    "judgements": "workspace_id, message_id, content_rank",
    "cases": "workspace_id, thread_id",
    "clocks": "workspace_id, case_id, kind, episode",
    "timers": "workspace_id, clock_id, percent, generation",
    "alerts": "workspace_id, clock_id, step, generation",
    "outbox": "workspace_id, alert_id, channel_id, purpose, sequence",
}
# Said once in the life of its subject.
SAID_ONCE = "('case.opened', 'alert.raised', 'alert.resolved', 'clock.missed')"


async def verdict(site: Site, sent: Sequence[Sent]) -> list[str]:
    """Look at deliveries, their events and every effect of them, once nothing waits any more."""
    async with site.looking() as rows:
        return [
            *await _receipts(rows, sent),
            *await _entries(rows, sent),
            *await _effects(rows, sent),
            *await doubles(rows),
        ]


async def nothing_waits(rows: asyncpg.Connection) -> bool:
    """No entry is left to process, no moment is due, nothing is left to send."""
    return bool(
        await rows.fetchval(
            "SELECT NOT EXISTS (SELECT FROM journal WHERE state = 'pending')"
            " AND NOT EXISTS (SELECT FROM timers WHERE state = 'pending' AND fire_at <= now())"
            " AND NOT EXISTS (SELECT FROM outbox WHERE state = 'pending')"
        )
    )


async def nothing_is_due(rows: asyncpg.Connection) -> bool:
    """No entry is left to process and no moment is due, whatever is still to be sent."""
    return bool(
        await rows.fetchval(
            "SELECT NOT EXISTS (SELECT FROM journal WHERE state = 'pending')"
            " AND NOT EXISTS (SELECT FROM timers WHERE state = 'pending' AND fire_at <= now())"
        )
    )


async def everything_processed(rows: asyncpg.Connection, sent: Iterable[Sent]) -> bool:
    """Every event of the ledger came to its end."""
    wanted = len({event["id"] for one in sent for event in one.events})
    done = await rows.fetchval("SELECT count(*) FROM journal WHERE state <> 'pending'")
    return int(done) >= wanted


async def _receipts(rows: asyncpg.Connection, sent: Sequence[Sent]) -> list[str]:
    """What was acknowledged is stored, once, under the id that every answer named."""
    stored: dict[str, list[str]] = {}
    for row in await rows.fetch("SELECT webhook_id, id FROM deliveries"):
        stored.setdefault(row["webhook_id"], []).append(str(row["id"]))
    broken = []
    for one in sent:
        ids = stored.get(one.webhook_id, [])
        named = {receipt["delivery_id"] for receipt in one.receipts}
        if one.receipts and not ids:
            broken.append(f"{one.webhook_id} was acknowledged and is not stored")
        elif len(ids) > 1:
            broken.append(f"{one.webhook_id} is stored {len(ids)} times")
        elif named - set(ids):
            broken.append(f"{one.webhook_id} was given other ids than {ids}")
        if sum(receipt["accepted"] for receipt in one.receipts) > len(one.events):
            broken.append(f"{one.webhook_id} was accepted more than once")
    return broken


async def _entries(rows: asyncpg.Connection, sent: Sequence[Sent]) -> list[str]:
    """Each acknowledged event is in the journal, processed."""
    states = Counter(
        {row["external_id"]: 1 for row in await rows.fetch("SELECT external_id FROM journal")}
    )
    acknowledged = {event["id"] for one in sent if one.receipts for event in one.events}
    missing = [f"{event} is not in the journal" for event in acknowledged if event not in states]
    undone = await rows.fetch(
        "SELECT external_id, state, error FROM journal WHERE state <> 'processed'"
    )
    return missing + [f"{row['external_id']} is {row['state']}: {row['error']}" for row in undone]


async def _effects(rows: asyncpg.Connection, sent: Sequence[Sent]) -> list[str]:
    """Each comment is one message of a case; each case has its two promises, each alert is told."""
    told = {event["data"]["id"] for one in sent for event in one.events if one.receipts}
    seen = {row["external_id"] for row in await rows.fetch("SELECT external_id FROM messages")}
    lost = [f"message {key} has no row" for key in told - seen]
    homeless = await rows.fetch(
        "SELECT external_id FROM messages WHERE direction = 'in' AND case_id IS NULL"
    )
    wrong = await rows.fetch(
        "SELECT ca.id, array_agg(cl.kind || cl.episode ORDER BY cl.kind) AS clocks"
        " FROM cases ca LEFT JOIN clocks cl ON cl.case_id = ca.id GROUP BY ca.id"
        " HAVING array_agg(cl.kind || cl.episode ORDER BY cl.kind)"
        "  <> ARRAY['first_response1', 'resolution1']"
    )
    silent = await rows.fetch(
        "SELECT id FROM timers t WHERE state = 'fired' AND NOT EXISTS (SELECT FROM alerts a"
        " WHERE a.clock_id = t.clock_id AND a.step = t.percent AND a.generation = t.generation)"
    )
    untold = await rows.fetch(
        "SELECT id FROM alerts a WHERE NOT EXISTS (SELECT FROM outbox o WHERE o.alert_id = a.id)"
    )
    return [
        *lost,
        *(f"message {row['external_id']} has no case" for row in homeless),
        *(f"case {row['id']} has the clocks {row['clocks']}" for row in wrong),
        *(f"timer {row['id']} fired and raised nothing" for row in silent),
        *(f"alert {row['id']} is told to nobody" for row in untold),
    ]


async def doubles(rows: asyncpg.Connection) -> list[str]:
    """Nothing is there twice, and nothing was said twice."""
    broken = []
    for table, columns in ONE_OF_EACH.items():
        found = await rows.fetch(
            f"SELECT {columns}, count(*) AS n FROM {table} GROUP BY {columns} HAVING count(*) > 1"
        )
        broken += [f"{table} holds {dict(row)}" for row in found]
    twice = await rows.fetch(
        "SELECT kind, subject_id, count(*) AS n FROM facts"
        f" WHERE kind IN {SAID_ONCE} GROUP BY kind, subject_id HAVING count(*) > 1"
    )
    return broken + [f"{row['kind']} of {row['subject_id']} was said {row['n']}x" for row in twice]
