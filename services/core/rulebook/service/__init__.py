"""A workspace's own rules: write them, try them out, apply them, see what they did."""

from services.core.rulebook.service.applying import (
    Asked,
    Outcome,
    apply,
    judgement_id,
    labels_of,
    list_runs,
    mute,
    take_due,
)
from services.core.rulebook.service.trying import try_out
from services.core.rulebook.service.writing import (
    archive_rule,
    change_rule,
    create_rule,
    get_rule,
    get_version,
    list_rules,
    list_versions,
)

__all__ = [
    "Asked",
    "Outcome",
    "apply",
    "archive_rule",
    "change_rule",
    "create_rule",
    "get_rule",
    "get_version",
    "judgement_id",
    "labels_of",
    "list_rules",
    "list_runs",
    "list_versions",
    "mute",
    "take_due",
    "try_out",
]
