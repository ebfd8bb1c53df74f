"""SQL of rules: the book in force, versions, changes one after the other."""

from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import Row, insert, update

from services.core.kit.stretches import Stretch
from services.core.kit.uow import UnitOfWork
from services.core.rulebook.models import RuleRow, RuleVersionRow
from services.core.rulebook.types import Rule, RuleDraft

DRAFT = TypeAdapter(RuleDraft)

LIVE = """
SELECT r.id, r.created_at, r.updated_at, v.version, v.definition
FROM rules r
JOIN rule_versions v ON v.workspace_id = r.workspace_id AND v.rule_id = r.id
  AND v.version = r.current_version
WHERE r.workspace_id = :workspace_id AND r.archived_at IS NULL
ORDER BY r.position, r.id
"""

VERSIONS = """
SELECT r.id, r.created_at, v.created_at AS updated_at, v.version, v.definition
FROM rule_versions v
JOIN rules r ON r.workspace_id = v.workspace_id AND r.id = v.rule_id
WHERE v.workspace_id = :workspace_id AND v.rule_id = :rule_id {stretch}
"""

VERSION = "SELECT version FROM rulebooks WHERE workspace_id = :workspace_id"

# Whoever changes a rule holds the book: two that add the 200th come one after the other.
TURN_PAGE = """
INSERT INTO rulebooks (workspace_id, version) VALUES (:workspace_id, 1)
ON CONFLICT (workspace_id) DO UPDATE SET version = rulebooks.version + 1
RETURNING version
"""


async def get_version(uow: UnitOfWork) -> int:
    """Of the whole book; 0 for a workspace without one."""
    found = await uow.execute(VERSION, {"workspace_id": uow.workspace_id})
    return found.scalar_one_or_none() or 0


async def turn_page(uow: UnitOfWork) -> int:
    found = await uow.execute(TURN_PAGE, {"workspace_id": uow.workspace_id})
    version: int = found.scalar_one()
    return version


async def list_rules(uow: UnitOfWork) -> list[Rule]:
    """Live rules at their current versions, in the order they are tried."""
    return [_read(row) for row in await uow.execute(LIVE, {"workspace_id": uow.workspace_id})]


async def list_versions(uow: UnitOfWork, rule_id: UUID, wanted: Stretch) -> list[Rule]:
    """By their numbers, those of archived rules too."""
    parameters = {"workspace_id": uow.workspace_id, "rule_id": rule_id} | wanted.bound
    statement = VERSIONS.format(stretch=wanted.sql("v.version"))
    return [_read(row) for row in await uow.execute(statement, parameters)]


async def add_rule(uow: UnitOfWork, rule: Rule) -> None:
    draft = rule.draft
    row = {
        "workspace_id": uow.workspace_id,
        "id": rule.id,
        "name": draft.name,
        "position": draft.position,
        "enabled": draft.enabled,
        "current_version": rule.version,
        "created_at": rule.created_at,
        "updated_at": rule.updated_at,
    }
    await uow.execute(insert(RuleRow).values(row))
    await _add_version(uow, rule)


async def change_rule(uow: UnitOfWork, rule: Rule) -> None:
    draft = rule.draft
    values = {
        "name": draft.name,
        "position": draft.position,
        "enabled": draft.enabled,
        "current_version": rule.version,
        "updated_at": rule.updated_at,
    }
    await _update(uow, rule.id, values)
    await _add_version(uow, rule)


async def archive_rule(uow: UnitOfWork, rule_id: UUID) -> None:
    await _update(uow, rule_id, {"archived_at": uow.now})


async def _update(uow: UnitOfWork, rule_id: UUID, values: dict[str, Any]) -> None:
    await uow.execute(
        update(RuleRow)
        .where(RuleRow.workspace_id == uow.workspace_id, RuleRow.id == rule_id)
        .values(values)
    )


async def _add_version(uow: UnitOfWork, rule: Rule) -> None:
    row = {
        "workspace_id": uow.workspace_id,
        "rule_id": rule.id,
        "version": rule.version,
        "definition": DRAFT.dump_python(rule.draft, mode="json"),
        "created_at": rule.updated_at,
        "created_by": uow.actor.id,
    }
    await uow.execute(insert(RuleVersionRow).values(row))


def _read(row: Row[Any]) -> Rule:
    draft = DRAFT.validate_python(row.definition)
    return Rule(row.id, row.version, draft, row.created_at, row.updated_at)
