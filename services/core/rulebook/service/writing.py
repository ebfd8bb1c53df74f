"""Write the rules of a workspace, version by version."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.exc import IntegrityError

from services.core.audit import service as audit
from services.core.audit.types import AuditEntry
from services.core.kit import ids
from services.core.kit.errors import FieldProblem, InvalidInputError, NotFoundError
from services.core.kit.stretches import EVERYTHING, Stretch
from services.core.kit.uow import UnitOfWork
from services.core.learning.types import Labels
from services.core.rulebook import patterns, rules
from services.core.rulebook.errors import RuleNameTakenError, TooManyRulesError
from services.core.rulebook.facts import rule_changed
from services.core.rulebook.repository import rules as rule_rows
from services.core.rulebook.types import Conditions, Effects, Rule, RuleDraft
from services.core.stream import service as stream
from services.core.triage.types import Category, Sentiment, Tier
from services.core.workspaces import service as workspaces

_ANY = Labels(Tier.ROUTINE, Category.GENERAL, Sentiment.NEUTRAL, needs_reply=True)


async def list_rules(uow: UnitOfWork) -> list[Rule]:
    """Live rules at their current versions, in the order they are tried."""
    return await rule_rows.list_rules(uow)


async def get_version(uow: UnitOfWork) -> int:
    """Of the whole book: it moves with every change; 0 for a workspace without rules."""
    return await rule_rows.get_version(uow)


async def get_rule(uow: UnitOfWork, rule_id: UUID) -> Rule:
    """Raises NotFoundError for an unknown or archived rule."""
    for rule in await rule_rows.list_rules(uow):
        if rule.id == rule_id:
            return rule
    noun = "rule"
    raise NotFoundError(noun)


async def list_versions(uow: UnitOfWork, rule_id: UUID, wanted: Stretch = EVERYTHING) -> list[Rule]:
    """Versions by their numbers, those of archived rules too. Raises NotFoundError."""
    versions = await rule_rows.list_versions(uow, rule_id, wanted)
    if not versions:
        noun = "rule"
        raise NotFoundError(noun)
    return versions


async def create_rule(uow: UnitOfWork, draft: RuleDraft) -> Rule:
    """Raises InvalidInputError with a reason for each field, RuleNameTakenError, TooManyRulesError.

    Announces `rule.created`. Messages already judged keep their judgement.
    """
    await check(uow, draft)
    await rule_rows.turn_page(uow)
    if len(await rule_rows.list_rules(uow)) >= rules.MOST_RULES:
        raise TooManyRulesError(rules.MOST_RULES)
    rule = Rule(ids.new_id(), 1, draft, uow.now, uow.now)
    with _names_are_unique():
        await rule_rows.add_rule(uow, rule)
    await _tell(uow, "created", rule)
    return rule


async def change_rule(uow: UnitOfWork, rule_id: UUID, draft: RuleDraft) -> Rule:
    """Save the next version. Raises as `create_rule`, and NotFoundError."""
    await check(uow, draft)
    await rule_rows.turn_page(uow)
    before = await get_rule(uow, rule_id)
    rule = replace(before, version=before.version + 1, draft=draft, updated_at=uow.now)
    with _names_are_unique():
        await rule_rows.change_rule(uow, rule)
    await _tell(uow, "changed", rule)
    return rule


async def archive_rule(uow: UnitOfWork, rule_id: UUID) -> None:
    """It runs no more; what it did stays. Raises NotFoundError."""
    await rule_rows.turn_page(uow)
    rule = await get_rule(uow, rule_id)
    await rule_rows.archive_rule(uow, rule_id)
    await _tell(uow, "archived", rule)


async def check(uow: UnitOfWork, draft: RuleDraft) -> None:
    """Raises InvalidInputError: what makes no sense is told when a rule is written."""
    problems = [*_problems_of_conditions(draft.conditions), *_problems_of_effects(draft.effects)]
    if draft.effects.assign_to is not None:
        try:
            await workspaces.get_member(uow, draft.effects.assign_to)
        except NotFoundError:
            problems.append(
                FieldProblem("/effects/assign_to", "not_found", "There is no such member.")
            )
    if problems:
        raise InvalidInputError("The rule is not valid.", errors=problems)


def _problems_of_conditions(conditions: Conditions) -> Iterator[FieldProblem]:
    if conditions == Conditions():
        yield FieldProblem("/conditions", "empty", "Name at least one condition.")
    for place, pattern in enumerate(conditions.patterns):
        found = patterns.problem(pattern, f"/conditions/patterns/{place}")
        if found is not None:
            yield found
    if conditions.window is not None:
        try:
            ZoneInfo(conditions.window.zone)
        except (ValueError, OSError, KeyError):
            yield FieldProblem(
                "/conditions/window/zone", "unknown_zone", "There is no such time zone."
            )


def _problems_of_effects(effects: Effects) -> Iterator[FieldProblem]:
    if replace(effects, stop=False) == Effects() and not effects.stop:
        yield FieldProblem("/effects", "empty", "Name at least one effect.")
    try:
        rules.labels_after(_ANY, effects)
    except InvalidInputError:
        yield FieldProblem("/effects/category", "contradiction", "Tier and category disagree.")


@contextmanager
def _names_are_unique() -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        raise RuleNameTakenError from error


async def _tell(uow: UnitOfWork, verb: str, rule: Rule) -> None:
    detail = {"version": rule.version, "enabled": rule.draft.enabled}
    await audit.record(uow, [AuditEntry(f"rule.{verb}", "rule", rule.id, detail)])
    await stream.announce(uow, [rule_changed(verb, rule)])
