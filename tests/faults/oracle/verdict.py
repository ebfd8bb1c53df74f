"""The verdict: the ledger, the reference model and the collectors' files against the rows.

An empty list of broken promises is the good one. Lags are figures, not judgements: a slow machine
is no broken promise.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import asyncpg

from tests.faults.oracle.collector import Received
from tests.faults.oracle.ledger import Act, Entry
from tests.faults.oracle.model import AlertKey, ClockKey, Expected, MessageKey
from tests.support.verdicts import doubles

FIRING = "alert.firing"
# Every broken promise of one sort is one too many; a reader needs no more of them than this.
_SHOWN = 12

CLOCKS = """
SELECT cl.id, cl.kind, cl.episode, cl.state, cl.due_at, cl.created_at, m.source_id::text AS source,
       m.kind AS message_kind, m.external_id
FROM clocks cl
JOIN cases ca ON ca.workspace_id = cl.workspace_id AND ca.id = cl.case_id
JOIN messages m ON m.workspace_id = ca.workspace_id AND m.id = ca.opening_message_id
"""


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds: how long a lease may last, and within what an alert must be raised once due."""

    lease: float = 30.0
    window: float = 60.0


@dataclass(slots=True)
class Verdict:
    broken: list[str] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)

    def hold(self, sentences: Sequence[str]) -> None:
        self.broken += sentences[:_SHOWN]
        if len(sentences) > _SHOWN:
            self.broken.append(f"… and {len(sentences) - _SHOWN} more like the last")


@dataclass(frozen=True, slots=True)
class Evidence:
    """All a verdict is found from, besides the database."""

    entries: Sequence[Entry]
    acts: Sequence[Act]
    expected: Expected
    # By the name of the sink, which is the name of its channel in each workspace.
    received: dict[str, list[Received]]
    workspaces: Sequence[str]
    limits: Limits = field(default_factory=Limits)
    # The ids of events that may end in the quarantine.
    poisonous: frozenset[str] = frozenset()


async def find_verdict(rows: asyncpg.Connection, evidence: Evidence) -> Verdict:
    """Look at everything once nothing waits any more; `rows` must see every workspace."""
    verdict = Verdict()
    verdict.hold(await _stored(rows, evidence))
    verdict.hold(await _journal(rows, evidence))
    verdict.hold(await _messages(rows, evidence.expected))
    verdict.hold(await _followers(rows, evidence.expected))
    clocks = {row["id"]: row for row in await rows.fetch(CLOCKS)}
    verdict.hold(_clocks(list(clocks.values()), evidence.expected))
    verdict.hold(await _alerts(rows, clocks, evidence, verdict.figures))
    verdict.hold(await _sent(rows, clocks, evidence, verdict.figures))
    verdict.hold(await overlong_leases(rows, evidence.limits.lease))
    verdict.hold(await _audited(rows, evidence.acts))
    verdict.hold(await _isolated(rows, evidence.workspaces))
    verdict.hold(await doubles(rows))
    verdict.figures |= _lags(evidence.entries) | await _triage_lag(rows)
    return verdict


async def _stored(rows: asyncpg.Connection, evidence: Evidence) -> list[str]:
    """Acknowledged is stored: once, with the same bytes, under the id every answer named."""
    found: dict[tuple[str, str], list[Any]] = defaultdict(list)
    sql = (
        "SELECT source_id::text AS source, webhook_id, id::text AS id,"
        " encode(sha256(body), 'hex') AS sha256 FROM deliveries"
    )
    for row in await rows.fetch(sql):
        found[row["source"], row["webhook_id"]].append(row)
    broken = []
    for entry in evidence.entries:
        kept = found.get((entry.source_id, entry.webhook_id), [])
        ids = {row["id"] for row in kept}
        if not entry.acknowledged:
            continue
        if len(kept) != 1:
            broken.append(f"{entry.webhook_id} was acknowledged and is stored {len(kept)} times")
        elif kept[0]["sha256"] != entry.sha256:
            broken.append(f"{entry.webhook_id} is stored with other bytes")
        if {receipt["delivery_id"] for receipt in entry.receipts} - ids:
            broken.append(f"{entry.webhook_id} was given other ids than {sorted(ids)}")
        if sum(receipt["accepted"] for receipt in entry.receipts) > len(entry.events):
            broken.append(f"{entry.webhook_id} was accepted more than once")
    known = {(entry.source_id, entry.webhook_id) for entry in evidence.entries}
    return broken + [f"{pair[1]} is stored and was never sent" for pair in found.keys() - known]


async def _journal(rows: asyncpg.Connection, evidence: Evidence) -> list[str]:
    """Stored is processed, or listed in the quarantine where that was to be."""
    states = {
        (row["source"], row["external_id"]): row
        for row in await rows.fetch(
            "SELECT source_id::text AS source, external_id, state, error FROM journal"
        )
    }
    broken = []
    for entry in evidence.entries:
        for event in entry.events if entry.acknowledged else ():
            row = states.get((entry.source_id, event["id"]))
            if row is None:
                broken.append(f"{event['id']} is not in the journal")
                continue
            wanted = "quarantined" if event["id"] in evidence.poisonous else "processed"
            if row["state"] != wanted:
                broken.append(f"{event['id']} is {row['state']}: {row['error']}")
    return broken


async def _messages(rows: asyncpg.Connection, expected: Expected) -> list[str]:
    found = {
        (row["source"], row["kind"], row["external_id"]): row
        for row in await rows.fetch(
            "SELECT source_id::text AS source, kind, external_id, text, deleted_at, tier"
            " FROM messages WHERE content_at IS NOT NULL"
        )
    }
    broken = []
    for key, message in expected.messages.items():
        if message.said_at is None:
            continue
        row = found.pop(key, None)
        if row is None:
            broken.append(f"message {key[2]} has no row")
        elif (row["text"], row["deleted_at"]) != (message.text, message.deleted_at):
            broken.append(f"message {key[2]} says {row['text']!r}, deleted {row['deleted_at']}")
        elif message.label in {"urgent", "important", "routine"} and row["tier"] != message.label:
            broken.append(f"message {key[2]} is {row['tier']}, not {message.label}")
    return broken + [f"message {key[2]} was never said" for key in found]


async def _followers(rows: asyncpg.Connection, expected: Expected) -> list[str]:
    found = {
        (row["source"], row["external_id"]): row["following"]
        for row in await rows.fetch(
            "SELECT source_id::text AS source, external_id, following FROM followers"
        )
    }
    return [
        f"follower {key[1]} follows: {found.get(key)}, not {following}"
        for key, following in expected.followers.items()
        if found.get(key) != following
    ]


def _clocks(rows: Sequence[Any], expected: Expected) -> list[str]:
    """Every promise once, due at its moment to the microsecond, ended as it must have."""
    found = {clock_key(row): row for row in rows}
    now = datetime.now(UTC)
    broken = [f"clock {_name(key)} has no reason to be" for key in found.keys() - expected.clocks]
    for key, clock in expected.clocks.items():
        row = found.get(key)
        if row is None:
            broken.append(f"clock {_name(key)} is missing")
        elif row["due_at"] != clock.due_at:
            broken.append(f"clock {_name(key)} is due {row['due_at']}, not {clock.due_at}")
        elif row["state"] != clock.state(now):
            broken.append(f"clock {_name(key)} is {row['state']}, not {clock.state(now)}")
    return broken


async def _alerts(
    rows: asyncpg.Connection, clocks: dict[Any, Any], evidence: Evidence, figures: dict[str, Any]
) -> list[str]:
    """Expected alerts are there, no others; none early, each within its window."""
    must, may = evidence.expected.must, evidence.expected.may
    raised: set[AlertKey] = set()
    broken, lags = [], []
    for row in await rows.fetch("SELECT * FROM alerts"):
        clock = clocks.get(row["clock_id"])
        if clock is None:
            broken.append(f"alert {row['id']} is of no clock")
            continue
        key = (clock_key(clock), row["step"])
        raised.add(key)
        if row["generation"] == 1:
            # Later ones were planned anew when some news came, whenever that was.
            known_at = max(row["fire_at"], clock["created_at"])
            lag = (row["fired_at"] - known_at).total_seconds()
            lags.append(lag)
            if lag > evidence.limits.window:
                broken.append(f"alert {_name(key[0])} came {lag:.1f} s after its time")
        if row["fired_at"] < row["fire_at"]:
            broken.append(f"alert {_name(key[0])} came before its time")
        if key in may and row["state"] != "resolved":
            broken.append(f"alert {_name(key[0])} is {row['state']} though it was answered")
    broken += [f"alert {_name(key[0])} was never raised" for key in must - raised]
    broken += [f"alert {_name(key[0])} was raised for nothing" for key in raised - must - may]
    figures |= {"alerts_expected": len(must), "alerts_raised": len(raised)}
    figures |= {"alerts_late_news": len(raised & may), "alert_lag_s": percentiles(lags)}
    return broken


async def _sent(
    rows: asyncpg.Connection, clocks: dict[Any, Any], evidence: Evidence, figures: dict[str, Any]
) -> list[str]:
    """Every sink heard every expected alert; what it heard twice was in doubt, and marked."""
    doubts: Counter[str] = Counter()
    for row in await rows.fetch(
        "SELECT outbox_id::text AS id, count(*) AS n FROM send_attempts"
        " WHERE outcome IN ('in_doubt', 'started') GROUP BY outbox_id"
    ):
        doubts[row["id"]] = row["n"]
    dead = await rows.fetch("SELECT id, last_error FROM outbox WHERE state = 'dead'")
    broken = [f"sending {row['id']} was given up: {row['last_error']}" for row in dead]
    by_id = {str(key): clock_key(row) for key, row in clocks.items()}
    repeats = 0
    for name, requests in evidence.received.items():
        taken = [one for one in requests if one.taken]
        keys = {(by_id.get(one.clock_id), one.percent) for one in taken if one.kind == FIRING}
        lost = evidence.expected.must - keys
        broken += [f"{name} never heard of alert {_name(key[0])}" for key in lost]
        more, count = _repeated(name, taken, doubts)
        broken += more
        repeats += count
    why = await rows.fetch(
        "SELECT outcome || coalesce(': ' || detail, '') AS why, count(*) AS n FROM send_attempts"
        " WHERE outcome NOT IN ('sent', 'retryable') GROUP BY 1 ORDER BY 2 DESC LIMIT 5"
    )
    figures |= {"sent_twice": repeats, "in_doubt": {row["why"]: row["n"] for row in why}}
    return broken


def _repeated(name: str, taken: Sequence[Received], doubts: Counter[str]) -> tuple[list[str], int]:
    copies: dict[str, list[Received]] = defaultdict(list)
    for one in taken:
        copies[one.webhook_id].append(one)
    broken = []
    for webhook_id, same in copies.items():
        if len(same) - 1 > doubts[webhook_id]:
            broken.append(f"{name} got {webhook_id} {len(same)}x, {doubts[webhook_id]} in doubt")
        if not all(one.repeat for one in same[1:]):
            broken.append(f"{name} got {webhook_id} again without a mark")
    return broken, sum(len(same) - 1 for same in copies.values())


async def overlong_leases(rows: asyncpg.Connection, seconds: float) -> list[str]:
    """Nobody holds an entry for longer than a lease; may be asked at any moment."""
    held = await rows.fetch(
        "SELECT external_id, next_at - now() AS left FROM journal"
        " WHERE state = 'pending' AND attempts <= 1"
        " AND next_at > now() + make_interval(secs => $1)",
        seconds,
    )
    return [f"{row['external_id']} is held for {row['left']}" for row in held]


async def _audited(rows: asyncpg.Connection, acts: Sequence[Act]) -> list[str]:
    """Each act that was acknowledged, and each alert that was raised, left one row."""
    written: Counter[tuple[str, str]] = Counter()
    for row in await rows.fetch("SELECT action, subject_id FROM audit_log"):
        written[row["action"], row["subject_id"]] += 1
    broken = [
        f"{act.action} of {act.subject_id} left no row"
        for act in acts
        if written[act.action, act.subject_id] == 0
    ]
    raised = await rows.fetch("SELECT id::text AS id FROM alerts")
    counts = {row["id"]: written["alert.raised", row["id"]] for row in raised}
    return broken + [
        f"alert {alert_id} left {count} rows in the audit log"
        for alert_id, count in counts.items()
        if count != 1
    ]


async def _isolated(rows: asyncpg.Connection, workspaces: Sequence[str]) -> list[str]:
    """Zero rows of others, for each workspace and for nobody, as the role of everyday work."""
    tables = await rows.fetch(
        "SELECT c.relname AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
        " WHERE c.relrowsecurity AND a.attname = 'workspace_id' AND c.relkind IN ('r', 'p')"
    )
    broken = [] if tables else ["no table is guarded by row-level security"]
    for workspace in (*workspaces, None):
        async with rows.transaction():
            await rows.execute("SET LOCAL ROLE warmline_app")
            if workspace is not None:
                await rows.execute(f"SET LOCAL warmline.workspace = '{workspace}'")
            for table in tables:
                count = await rows.fetchval(
                    f'SELECT count(*) FROM "{table["name"]}"'
                    " WHERE workspace_id IS DISTINCT FROM $1::uuid",
                    workspace,
                )
                if count:
                    broken.append(f"{workspace} sees {count} rows of others in {table['name']}")
    return broken


def clock_key(row: Any) -> ClockKey:
    opening: MessageKey = (row["source"], row["message_kind"], row["external_id"])
    return opening, row["kind"], row["episode"]


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """Rounded to the millisecond; empty of nothing."""
    if not values:
        return {}
    ordered = sorted(values)
    last = len(ordered) - 1
    return {
        "p50": round(ordered[last // 2], 3),
        "p99": round(ordered[round(last * 0.99)], 3),
        "max": round(ordered[-1], 3),
    }


def _lags(entries: Sequence[Entry]) -> dict[str, Any]:
    """What senders felt: from the planned moment to the first 202, and what they were told."""
    told = Counter(
        str(attempt.status or attempt.error) for entry in entries for attempt in entry.attempts
    )
    lags = [
        entry.acknowledged_at - entry.planned_at
        for entry in entries
        if entry.acknowledged_at is not None
    ]
    answered = [
        attempt.ended_at - attempt.sent_at
        for entry in entries
        for attempt in entry.attempts
        if attempt.status is not None
    ]
    return {
        "deliveries": len(entries),
        "events": sum(len(entry.events) for entry in entries),
        "acknowledged": sum(entry.acknowledged for entry in entries),
        "answers": dict(sorted(told.items())),
        "ack_lag_s": percentiles(lags),
        "answer_s": percentiles(answered),
    }


async def _triage_lag(rows: asyncpg.Connection) -> dict[str, Any]:
    lags = await rows.fetch(
        "SELECT extract(epoch FROM processed_at - received_at)::float AS lag FROM journal"
        " WHERE processed_at IS NOT NULL"
    )
    again = await rows.fetchval("SELECT count(*) FROM journal WHERE token > 1")
    return {"triage_lag_s": percentiles([row["lag"] for row in lags]), "claimed_again": again}


def _name(key: ClockKey) -> str:
    (_, kind, external_id), clock, episode = key
    return f"{kind} {external_id} {clock} {episode}"


def as_markdown(title: str, verdict: Verdict) -> str:
    """The verdict for a reader: what was broken, and the figures."""
    lines = [f"# {title}", "", "**Red.**" if verdict.broken else "**Green:** nothing was broken."]
    lines += [f"- {sentence}" for sentence in verdict.broken]
    lines += ["", "| figure | value |", "| --- | --- |"]
    lines += [
        f"| {name} | {json.dumps(value, ensure_ascii=False)} |"
        for name, value in verdict.figures.items()
    ]
    return "\n".join(lines) + "\n"
