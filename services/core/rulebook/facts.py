"""What the rule book announces."""

from services.core.rulebook.types import Rule, Run, Subject
from services.core.stream.types import Fact


def rule_changed(verb: str, rule: Rule) -> Fact:
    """`rule.created`, `rule.changed`, `rule.archived`."""
    payload = {"version": rule.version, "enabled": rule.draft.enabled}
    return Fact(f"rule.{verb}", "rule", rule.id, payload)


def rule_ran(subject: Subject, run: Run) -> Fact:
    """`rule.ran`: a rule met a message."""
    payload = {
        "rule_id": str(run.rule.id),
        "version": run.rule.version,
        "outcome": run.outcome.value,
    }
    return Fact("rule.ran", "message", subject.message_id, payload)
