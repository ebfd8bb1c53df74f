"""What rules asked for once their messages have cases: somebody is told, somebody gets the case."""

from collections.abc import Sequence

from services.core.alerts import service as alerts
from services.core.alerts.types import RuleMatch
from services.core.cases import service as cases
from services.core.conversations.reading import post_id
from services.core.kit.uow import UnitOfWork
from services.core.rulebook import service as rulebook
from services.core.rulebook.rules import MOST_ALERTS_AN_HOUR
from services.core.rulebook.types import DryRun, DueEffect, RuleDraft


async def carry_out(uow: UnitOfWork) -> None:
    """Do what the rules of this unit asked for; the caller holds the threads.

    A case somebody has is not taken from them. A rule that has alarmed often enough in this hour
    is muted: the log shows it, nobody is woken.
    """
    due = await rulebook.take_due(uow)
    if not due:
        return
    loud, muted = _sort(due)
    await rulebook.mute(uow, muted)
    matches = [
        RuleMatch(effect.rule_id, effect.message_id, effect.case_id, effect.tier) for effect in loud
    ]
    await alerts.raise_for_rules(uow, matches)
    for effect in due:
        if effect.assign_to is None or effect.case_id is None:
            continue
        case = await cases.get_case(uow, effect.case_id)
        if case.assignee_id is None:
            await cases.assign(uow, case, effect.assign_to)


async def try_out(uow: UnitOfWork, draft: RuleDraft, *, days: int) -> DryRun:
    """What a draft alone would have done in the last days; see `rulebook.try_out`."""
    return await rulebook.try_out(uow, draft, days=days, post_id=post_id)


def _sort(due: Sequence[DueEffect]) -> tuple[list[DueEffect], list[DueEffect]]:
    """Alarms within the rule's hourly measure, and those beyond it."""
    loud: list[DueEffect] = []
    muted: list[DueEffect] = []
    for effect in due:
        if not effect.alert:
            continue
        spoken = effect.alerts_lately + sum(one.rule_id == effect.rule_id for one in loud)
        (loud if spoken < MOST_ALERTS_AN_HOUR else muted).append(effect)
    return loud, muted
