"""Runs the statements of objectives, and reads their rows as what they mean."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from services.core.conversations.types import Channel
from services.core.kit.uow import UnitOfWork
from services.core.objectives import rules, statements
from services.core.objectives.definition import IS_RESPONSE
from services.core.objectives.types import (
    Band,
    Burn,
    By,
    Cell,
    Counts,
    Objective,
    Pace,
    Range,
    RiskPlace,
    RowPlace,
    Scope,
    Selection,
    Times,
)
from services.core.sla.types import ClockKind
from services.core.triage.types import Tier

# More members or sources than this are no table anybody reads.
MOST_CELLS = 1_000
MOST_BURNS = 50

Rows = list[Row[Any]]


async def list_cells(uow: UnitOfWork, wanted: Range, by: By) -> list[tuple[str, Cell]]:
    """The responses of a range, split; split by kind, resolution is one of them."""
    conditions = "" if by is By.KIND else f"AND {IS_RESPONSE}"
    return await _cells(uow, wanted, statements.KEYS[by], statements.JOINS.get(by, ""), conditions)


async def get_totals(uow: UnitOfWork, wanted: Range) -> dict[str, Cell]:
    """`response` and `resolution`; one nothing was due of is not there."""
    key = f"CASE WHEN {IS_RESPONSE} THEN 'response' ELSE 'resolution' END"
    return dict(await _cells(uow, wanted, key, "", ""))


async def list_rows(
    uow: UnitOfWork, wanted: Range, chosen: Selection, after: RowPlace | None, limit: int
) -> Rows:
    conditions, bound = _selected(chosen)
    if after is not None:
        conditions += " AND (c.due_at, c.id) > (:after_at, :after_id)"
        bound |= {"after_at": after[0], "after_id": after[1]}
    statement = statements.ROWS.format(conditions=conditions)
    return await _rows(uow, statement, _range(wanted) | bound | {"limit": limit})


async def list_at_risk(
    uow: UnitOfWork, until: datetime, after: RiskPlace | None, limit: int
) -> Rows:
    bound: dict[str, Any] = {"until": until, "limit": limit}
    if after is not None:
        bound |= {"after_at": after[0], "after_place": after[1], "after_id": after[2]}
    conditions = statements.AFTER_RISK if after is not None else ""
    return await _rows(uow, statements.AT_RISK.format(conditions=conditions), bound)


async def list_bands(uow: UnitOfWork, wanted: Range) -> list[Band]:
    found = await _rows(uow, statements.BANDS, {"start": wanted.start, "end": wanted.end})
    return [
        Band(
            name=row.name,
            cases=row.cases,
            followed_up=row.followed_up,
            reopened=row.reopened,
            next_sentiment={
                "positive": row.positive,
                "neutral": row.neutral,
                "negative": row.negative,
            },
        )
        for row in found
    ]


async def count_windows(
    uow: UnitOfWork, scope: Scope, beginnings: Sequence[datetime]
) -> list[Counts]:
    """Decided promises due since each of these moments."""
    joins, conditions, bound = _scoped(scope)
    statement = statements.windows(len(beginnings), joins, conditions)
    bound |= {f"since_{place}": since for place, since in enumerate(beginnings)}
    (row,) = await _rows(uow, statement, bound | {"start": min(beginnings)})
    return [
        Counts(getattr(row, f"met_{place}"), getattr(row, f"missed_{place}"))
        for place in range(len(beginnings))
    ]


async def get_objective(uow: UnitOfWork) -> Objective | None:
    return next(iter(await _objectives(uow, statements.OBJECTIVE)), None)


async def lock_objective(uow: UnitOfWork) -> Objective | None:
    """None while another worker looks at it."""
    statement = f"{statements.OBJECTIVE} FOR UPDATE SKIP LOCKED"
    return next(iter(await _objectives(uow, statement)), None)


async def save_objective(uow: UnitOfWork, objective: Objective) -> None:
    bound = {
        "workspace_id": uow.workspace_id,
        "now": uow.now,
        "percent": objective.percent,
        "window_days": objective.window_days,
        "kinds": [kind.value for kind in objective.scope.kinds],
        "tiers": [tier.value for tier in objective.scope.tiers],
        "channels": [channel.value for channel in objective.scope.channels],
        "source_ids": list(objective.scope.source_ids),
    }
    await uow.execute(statements.SAVE, bound)


async def list_workspaces_with_objectives(uow: UnitOfWork) -> list[UUID]:
    return list((await uow.execute(statements.WITH_OBJECTIVES)).scalars())


async def list_burns(uow: UnitOfWork) -> list[Burn]:
    """The newest first."""
    found = await _rows(uow, statements.BURNS, {"limit": MOST_BURNS})
    return [_burn(row) for row in found]


async def get_last_burns(uow: UnitOfWork) -> dict[Pace, Burn]:
    found = await _rows(uow, statements.LAST_BURNS, {})
    return {Pace(row.pace): _burn(row) for row in found}


async def begin_burn(uow: UnitOfWork, burn_id: UUID, pace: Pace) -> None:
    bound = {"workspace_id": uow.workspace_id, "id": burn_id, "pace": pace.value, "now": uow.now}
    await uow.execute(statements.BEGIN, bound)


async def end_burn(uow: UnitOfWork, burn_id: UUID) -> None:
    bound = {"workspace_id": uow.workspace_id, "id": burn_id, "now": uow.now}
    await uow.execute(statements.END, bound)


async def _rows(uow: UnitOfWork, statement: str, bound: dict[str, Any]) -> Rows:
    every = {"workspace_id": uow.workspace_id, "now": uow.now} | bound
    named = {name: value for name, value in every.items() if f":{name}" in statement}
    return list(await uow.execute(statement, named))


async def _cells(
    uow: UnitOfWork, wanted: Range, key: str, joins: str, conditions: str
) -> list[tuple[str, Cell]]:
    statement = statements.CELLS.format(key=key, joins=joins, conditions=conditions)
    found = await _rows(uow, statement, _range(wanted) | {"limit": MOST_CELLS})
    return [(row.key, _cell(row)) for row in found]


async def _objectives(uow: UnitOfWork, statement: str) -> list[Objective]:
    return [
        Objective(
            percent=row.percent,
            window_days=row.window_days,
            scope=Scope(
                kinds=tuple(ClockKind(each) for each in row.kinds),
                tiers=tuple(Tier(each) for each in row.tiers),
                channels=tuple(Channel(each) for each in row.channels),
                source_ids=tuple(row.source_ids),
            ),
            updated_at=row.updated_at,
        )
        for row in await _rows(uow, statement, {})
    ]


def _range(wanted: Range) -> dict[str, Any]:
    return {"start": wanted.start, "end": wanted.end, "zone": wanted.zone}


def _selected(chosen: Selection) -> tuple[str, dict[str, Any]]:
    """Conditions for the clocks behind a cell: the joins stand in the statement already."""
    conditions, bound = "", {}
    if chosen.by is not By.KIND:
        conditions += f" AND {IS_RESPONSE}"
    if chosen.by is not None:
        conditions += f" AND {statements.KEYS[chosen.by]} = :key"
        bound["key"] = chosen.key
    if chosen.verdict is not None:
        conditions += f" AND {statements.VERDICTS[chosen.verdict]}"
    return conditions, bound


def _scoped(scope: Scope) -> tuple[str, str, dict[str, Any]]:
    bound: dict[str, Any] = {}
    joins, conditions = "", f" AND {IS_RESPONSE}"
    if scope.kinds:
        conditions = " AND c.kind = ANY(CAST(:kinds AS text[]))"
        bound["kinds"] = [kind.value for kind in scope.kinds]
    if scope.tiers:
        conditions += " AND c.tier = ANY(CAST(:tiers AS text[]))"
        bound["tiers"] = [tier.value for tier in scope.tiers]
    if scope.channels:
        joins = statements.IN_CASE
        conditions += " AND k.channel = ANY(CAST(:channels AS text[]))"
        bound["channels"] = [channel.value for channel in scope.channels]
    if scope.source_ids:
        joins = statements.IN_CASE
        conditions += " AND k.source_id = ANY(CAST(:source_ids AS uuid[]))"
        bound["source_ids"] = list(scope.source_ids)
    return joins, conditions, bound


def _cell(row: Row[Any]) -> Cell:
    shares = {
        name: rules.share(*(getattr(row, f"{name}_{what}") for what in ("met", "missed", "open")))
        for name in statements.MOMENTS
    }
    bins = (row.bin_0, row.bin_1, row.bin_2, row.bin_3, row.bin_4)
    return Cell(**shares, wall=_times(row, "wall"), counted=_times(row, "counted"), histogram=bins)


def _times(row: Row[Any], name: str) -> Times:
    return rules.times(
        *(getattr(row, f"{name}_{what}") for what in ("count", "sum", "median", "p90"))
    )


def _burn(row: Row[Any]) -> Burn:
    return Burn(row.id, Pace(row.pace), row.started_at, row.ended_at)
