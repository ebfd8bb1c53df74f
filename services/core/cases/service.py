"""Keep cases what their threads say: fold again whatever changed, and write the difference."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from services.core.audit import service as audit
from services.core.audit.types import AuditEntry
from services.core.cases import folding, repository
from services.core.cases.facts import case_fact
from services.core.cases.types import ActKind, CaseState
from services.core.conversations.types import Touched
from services.core.kit import ids
from services.core.kit.errors import NotFoundError
from services.core.kit.uow import Database, UnitOfWork
from services.core.sla import service as sla
from services.core.sla.types import ClockPlan, ClockState, Move, OpenCase, Policy
from services.core.stream import service as stream
from services.core.stream.types import Fact
from services.core.triage.types import Tier

SNOOZE_BATCH = 500


@dataclass(slots=True)
class Refolded:
    """What a refold came to: clocks that ended, were planned anew, or turned out otherwise."""

    opened: int = 0
    settled: list[UUID] = field(default_factory=list)
    replanned: list[UUID] = field(default_factory=list)
    corrected: list[tuple[UUID, ClockState]] = field(default_factory=list)


async def refold(
    uow: UnitOfWork,
    touched: Sequence[Touched],
    *,
    grace: timedelta = timedelta(),
    anew: bool = False,
) -> Refolded:
    """Fold these threads again and write what changed in cases, clocks and timers.

    The caller holds the threads. The number of statements does not grow with their number.
    A promise found broken only now alarms somebody after `grace`, unless it is answered by then.
    With `anew`, cases and their open clocks go on to the current versions of their policies and
    calendars; what is settled stays as it was settled.
    """
    if not touched:
        return Refolded()
    policies = await sla.policies_in_force(uow)
    with_languages = any(policy.match.languages for policy in policies)
    windows, book = await _load(uow, touched, policies, with_languages=with_languages, anew=anew)
    folded: list[folding.FoldedCase] = []
    orphans: list[folding.Orphan] = []
    for window in windows:
        cases, left = folding.fold_window(window, book)
        folded += cases
        orphans += left
    _note_origins(uow, folded, orphans)
    plans = [folding.clock_plan(case, grace, anew=anew) for case in folded]
    plans += _orphan_plans(orphans, book)
    outcomes = await sla.plan_clocks(uow, plans)
    rows = [(case, folding.case_row(uow, case, outcomes[case.id])) for case in folded]
    facts = await _write(uow, rows, orphans)
    await stream.announce(uow, facts)
    return Refolded(
        opened=sum(case.before is None for case in folded),
        settled=[clock for outcome in outcomes.values() for clock in outcome.settled],
        replanned=[clock for outcome in outcomes.values() for clock in outcome.replanned],
        corrected=[clock for outcome in outcomes.values() for clock in outcome.corrected],
    )


async def get_case(uow: UnitOfWork, case_id: UUID) -> Row[Any]:
    """Raises NotFoundError for an unknown case, or another workspace's."""
    row = await repository.get_case(uow, case_id)
    if row is None:
        noun = "case"
        raise NotFoundError(noun)
    return row


async def find_by_ending(uow: UnitOfWork, ending: str) -> UUID:
    """The case whose id ends so, as boards and alerts print them; looks through all of them.

    Raises NotFoundError when there is none, and when there is more than one.
    """
    found = await repository.list_ids_ending(uow, ending, limit=2)
    if len(found) != 1:
        noun = "case"
        raise NotFoundError(noun)
    return found[0]


async def read_plan(uow: UnitOfWork, case: Row[Any]) -> ClockPlan | None:
    """The episodes a case's promises stand on, folded again; nothing is locked or written.

    None for a case no message claims any more.
    """
    policies = await sla.list_policies(uow)
    touched = [Touched(case.thread_id, case.opened_at)]
    windows, book = await _load(uow, touched, policies, to_write=False)
    folded = [each for window in windows for each in folding.fold_window(window, book)[0]]
    found = next((each for each in folded if each.id == case.id), None)
    return folding.clock_plan(found, timedelta()) if found else None


async def read_plans_anew(uow: UnitOfWork, touched: Sequence[Touched]) -> list[ClockPlan]:
    """What a refold with `anew` would plan; nothing is locked or written."""
    policies = await sla.list_policies(uow)
    with_languages = any(policy.match.languages for policy in policies)
    windows, book = await _load(
        uow, touched, policies, with_languages=with_languages, to_write=False, anew=True
    )
    return [
        folding.clock_plan(case, timedelta(), anew=True)
        for window in windows
        for case in folding.fold_window(window, book)[0]
    ]


async def list_open_of_policy(
    uow: UnitOfWork, policy_id: UUID, *, after: UUID | None = None, limit: int
) -> list[Row[Any]]:
    """Open cases under any version of a policy, in the order of their ids."""
    return await repository.list_open_of_policy(uow, policy_id, after=after, limit=limit)


async def move_swiftly(
    uow: UnitOfWork, policy: Policy, case_ids: Sequence[UUID]
) -> tuple[set[UUID], Sequence[UUID]]:
    """Move open cases and their clocks to this version of their policy without folding them.

    The caller holds the threads. Returns the cases this was possible for, and the clocks that were
    planned anew; the other cases are for `refold`.
    """
    rows = await repository.list_swift(uow, case_ids, lock=True)
    moved = await sla.move_swiftly(uow, policy, _unpaused(rows))
    due = moved.next_due_at
    changed = [
        row
        for row in rows
        if row.id in due and (due[row.id], policy.version) != (row.next_due_at, row.policy_version)
    ]
    await repository.change_cases(
        uow,
        [
            {
                "id": row.id,
                "next_due_at": due[row.id],
                "sort_due_at": due[row.id] or folding.NO_DUE,
                "policy_version": policy.version,
                "version": row.version + 1,
                "updated_at": uow.now,
            }
            for row in changed
        ],
    )
    told = [
        case_fact("changed", row.id, dict(row._mapping) | {"next_due_at": due[row.id]})  # noqa: SLF001 - SQLAlchemy's public name for it
        for row in changed
    ]
    await stream.announce(uow, told)
    return set(moved.next_due_at), moved.replanned


async def list_swift_moves(
    uow: UnitOfWork, policy: Policy, case_ids: Sequence[UUID]
) -> tuple[list[Move], set[UUID]]:
    """What `move_swiftly` would do to clocks, and to which cases; nothing is locked or written."""
    rows = await repository.list_swift(uow, case_ids, lock=False)
    return await sla.list_swift_moves(uow, policy, _unpaused(rows))


async def count_open_of_policy(uow: UnitOfWork, policy_id: UUID) -> int:
    return await repository.count_open_of_policy(uow, policy_id)


async def list_cases(uow: UnitOfWork, case_ids: Sequence[UUID]) -> list[Row[Any]]:
    """Those of these cases that this workspace has."""
    return await repository.list_cases(uow, case_ids)


async def list_open(
    uow: UnitOfWork,
    *,
    source_id: UUID | None = None,
    after: UUID | None = None,
    since: datetime | None = None,
    limit: int,
) -> list[Row[Any]]:
    """Cases that are not over, in the order of their ids: of one source, changed since, after."""
    return await repository.list_open(
        uow, source_id=source_id, after=after, since=since, limit=limit
    )


async def add_act(
    uow: UnitOfWork,
    case: Row[Any],
    kind: ActKind,
    *,
    until: datetime | None = None,
    tier: Tier | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    """Keep a person's act as an input of the fold, and in the audit log."""
    await add_acts(uow, [case], kind, until=until, tier=tier, detail=detail)


async def add_acts(
    uow: UnitOfWork,
    done_to: Sequence[Row[Any]],
    kind: ActKind,
    *,
    until: datetime | None = None,
    tier: Tier | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    """The same act on many cases; at least one."""
    same = {
        "kind": kind.value,
        "at": uow.now,
        "until": until,
        "tier": tier.value if tier else None,
        "detail": detail or {},
        "actor_kind": uow.actor.kind,
        "actor_id": uow.actor.id,
    }
    rows = [
        {"id": ids.new_id(), "thread_id": case.thread_id, "case_id": case.id} | same
        for case in done_to
    ]
    await repository.add_acts(uow, rows)
    told = {"until": until.isoformat() if until else None, "tier": tier.value if tier else None}
    entries = [AuditEntry(f"case.{kind.value}", "case", case.id, told) for case in done_to]
    await audit.record(uow, entries)


async def assign(uow: UnitOfWork, case: Row[Any], member_id: UUID | None) -> None:
    """Give the case to a member, or to nobody. The caller has checked the member."""
    await assign_all(uow, [case], member_id)


async def assign_all(uow: UnitOfWork, given: Sequence[Row[Any]], member_id: UUID | None) -> None:
    """The same for many cases."""
    await repository.assign_cases(uow, [case.id for case in given], member_id)
    told = {"member_id": str(member_id) if member_id else None}
    entries = [AuditEntry("case.assigned", "case", case.id, told) for case in given]
    await audit.record(uow, entries)
    await stream.announce(uow, [Fact("case.assigned", "case", case.id, told) for case in given])


async def list_due_snoozes(database: Database) -> dict[UUID, list[Touched]]:
    """Snoozed cases whose time is over, by workspace."""
    due: dict[UUID, list[Touched]] = {}
    async with database.system() as uow:
        rows = await repository.list_due_snoozes(uow, SNOOZE_BATCH)
        if not rows and database.clock.drifts:
            rows = await repository.list_due_sandbox_snoozes(uow, SNOOZE_BATCH)
        for row in rows:
            due.setdefault(row.workspace_id, []).append(Touched(row.thread_id, row.opened_at))
    return due


async def _load(
    uow: UnitOfWork,
    touched: Sequence[Touched],
    policies: Sequence[Policy],
    *,
    with_languages: bool = False,
    to_write: bool = True,
    anew: bool = False,
) -> tuple[list[folding.Window], folding.Book]:
    places = await repository.list_windows(
        uow, [thread.thread_id for thread in touched], [thread.since for thread in touched]
    )
    items = await repository.list_items(uow, places, with_languages=with_languages)
    acts = await repository.list_acts(uow, places)
    list_cases = repository.lock_cases if to_write else repository.list_window_cases
    cases = await list_cases(uow, places)
    frozen = await sla.get_policies_by_version(uow, folding.wanted_versions(cases))
    book = folding.Book(policies, frozen, uow.now if anew else None)
    windows = folding.gather(places, items, acts, cases)
    if book.hears_advocates:
        by_thread = {window.place.thread_id: window for window in windows}
        for row in await repository.list_advocates(uow, places):
            by_thread[row.thread_id].advocates.append(row)
    return windows, book


def _note_origins(
    uow: UnitOfWork, folded: Sequence[folding.FoldedCase], orphans: Sequence[folding.Orphan]
) -> None:
    """A case is opened by whoever asked, and moved by whoever moved its thread."""
    for case in folded:
        opening = case.shape.opening_message_id if case.before is None else None
        uow.follow(case.id, opening, case.window.place.thread_id)
    for orphan in orphans:
        uow.follow(orphan.row.id, orphan.window.place.thread_id)


def _unpaused(rows: Sequence[Row[Any]]) -> list[OpenCase]:
    return [
        OpenCase(row.id, row.channel, row.source_id, row.opened_at, row.tier_override is not None)
        for row in rows
        if not row.paused
    ]


def _orphan_plans(orphans: Sequence[folding.Orphan], book: folding.Book) -> list[ClockPlan]:
    kept = [(orphan, book.of_case(orphan.row)[0]) for orphan in orphans]
    return [folding.orphan_plan(orphan, policy) for orphan, policy in kept if policy is not None]


async def _write(
    uow: UnitOfWork,
    rows: Sequence[tuple[folding.FoldedCase, dict[str, Any]]],
    orphans: Sequence[folding.Orphan],
) -> list[Fact]:
    added = [row for case, row in rows if case.before is None]
    voided = [(orphan.row, folding.void_row(orphan)) for orphan in orphans]
    changed = [(before, row) for before, row in voided if before.state != CaseState.VOID]
    changed += [
        (case.before, row)
        for case, row in rows
        if case.before is not None and folding.differs(case.before, row)
    ]
    stamp = {"updated_at": uow.now}
    await repository.free_openings(uow, _given_up(added, changed))
    await repository.add_cases(
        uow, [row | stamp | {"version": 1, "assignee_id": None} for row in added]
    )
    await repository.change_cases(
        uow, [row | stamp | {"version": before.version + 1} for before, row in changed]
    )
    await repository.attach_messages(uow, [_span(case) for case, _ in rows])
    facts = [case_fact("opened", row["id"], row) for row in added]
    facts += [
        case_fact(row["state"] if before.state != row["state"] else "changed", row["id"], row)
        for before, row in changed
    ]
    return facts


def _given_up(
    added: Sequence[dict[str, Any]], changed: Sequence[tuple[Row[Any], dict[str, Any]]]
) -> list[UUID]:
    """Cases whose opening question opens another one now.

    In one statement the rows come in any order, and each must find its question free.
    """
    rows = [*added, *(row for _, row in changed)]
    openers = {
        row["opening_message_id"]: row["id"] for row in rows if row["state"] != CaseState.VOID
    }
    return [
        before.id
        for before, _ in changed
        if openers.get(before.opening_message_id, before.id) != before.id
    ]


def _span(case: folding.FoldedCase) -> dict[str, Any]:
    return {
        "thread_id": case.window.place.thread_id,
        "case_id": case.id,
        "start": case.shape.opened_at,
        "end": case.end,
    }
